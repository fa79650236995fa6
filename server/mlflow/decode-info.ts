// TraceInfo and assessments from the wire into the pipeline's words: milliseconds, one layer of stray quotes removed.
import { type Assessment, type TokenUsage, type TraceInfo, type TraceState, traceStates } from '#/pipeline/trace.ts'
import type { WireAssessment, WireTraceInfo } from './schemas.ts'

/** The trace as the pipeline sees it. Unreadable parts are left out rather than guessed. */
export function toTraceInfo(wire: WireTraceInfo): TraceInfo {
  const metadata: Record<string, string> = {}
  for (const [key, value] of Object.entries(wire.trace_metadata)) metadata[key] = unquote(value)
  const executionMs = parseDurationMs(wire.execution_duration)
  const tokens = parseTokens(metadata['mlflow.trace.tokenUsage'])
  const costUsd = parseCost(metadata['mlflow.trace.cost'])
  const name = wire.tags['mlflow.traceName']
  const session = metadata['mlflow.trace.session']
  const user = metadata['mlflow.trace.user']
  return {
    traceId: wire.trace_id,
    experimentId: wire.trace_location?.mlflow_experiment?.experiment_id ?? '',
    ...(name === undefined || name === '' ? {} : { name }),
    state: toState(wire.state),
    requestTimeMs: parseTimeMs(wire.request_time) ?? 0,
    ...(executionMs === undefined ? {} : { executionMs }),
    requestPreview: wire.request_preview ?? metadata['mlflow.traceInputs'] ?? '',
    responsePreview: wire.response_preview ?? metadata['mlflow.traceOutputs'] ?? '',
    ...(session === undefined ? {} : { session }),
    ...(user === undefined ? {} : { user }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(costUsd === undefined ? {} : { costUsd }),
    tags: wire.tags,
    metadata,
    assessments: wire.assessments.map(toAssessment),
  }
}

/** An assessment as the pipeline sees it; a feedback that holds an error instead of a value has the value `null`. */
export function toAssessment(wire: WireAssessment): Assessment {
  const createTimeMs = parseTimeMs(wire.create_time)
  return {
    id: wire.assessment_id,
    name: wire.assessment_name,
    kind: wire.expectation ? 'expectation' : wire.issue ? 'issue' : 'feedback',
    value: toValue(wire),
    ...(wire.rationale ? { rationale: wire.rationale } : {}),
    source: { type: toSourceType(wire.source?.source_type), id: wire.source?.source_id ?? '' },
    metadata: wire.metadata,
    ...(wire.span_id ? { spanId: wire.span_id } : {}),
    valid: wire.valid ?? true,
    ...(createTimeMs === undefined ? {} : { createTimeMs }),
  }
}

function toValue({ expectation, issue, feedback }: WireAssessment): unknown {
  if (expectation) {
    const serialized = expectation.serialized_value?.value
    return serialized === undefined ? (expectation.value ?? null) : parseJsonOr(serialized, serialized)
  }
  if (issue) return issue.issue_name
  return feedback?.value ?? null
}

/** Milliseconds since the epoch of an RFC 3339 time (0, 3, 6 or 9 digits of fraction). */
function parseTimeMs(time: string | null | undefined): number | undefined {
  if (!time) return undefined
  const ms = Date.parse(time)
  return Number.isNaN(ms) ? undefined : ms
}

/** Milliseconds of a protobuf duration such as `1.500s` or `2s`. */
export function parseDurationMs(duration: string | null | undefined): number | undefined {
  const match = /^(-?\d+(?:\.\d+)?)s$/.exec(duration ?? '')
  // Rounded to a thousandth: 10.777 * 1000 is 10776.999…
  return match === null ? undefined : Math.round(Number(match[1]) * 1e6) / 1e3
}

/** Strips one layer of JSON string quoting, which OTLP ingest leaves round session and user (`"\"sess-1\""`). */
export function unquote(value: string): string {
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value
  const parsed = parseJsonOr(value, value)
  return typeof parsed === 'string' ? parsed : value
}

function toState(state: string | null | undefined): TraceState {
  return traceStates.find((known) => known === state) ?? 'STATE_UNSPECIFIED'
}

function toSourceType(type: string | undefined): Assessment['source']['type'] {
  // AI_JUDGE is what LLM_JUDGE was called before MLflow 3.
  if (type === 'AI_JUDGE') return 'LLM_JUDGE'
  return type === 'HUMAN' || type === 'LLM_JUDGE' || type === 'CODE' ? type : 'SOURCE_TYPE_UNSPECIFIED'
}

function parseTokens(text: string | undefined): TokenUsage | undefined {
  const usage = parseJsonOr(text ?? '', undefined)
  if (typeof usage !== 'object' || usage === null) return undefined
  const inputTokens = numberOf(usage, 'input_tokens') ?? 0
  const outputTokens = numberOf(usage, 'output_tokens') ?? 0
  return { inputTokens, outputTokens, totalTokens: numberOf(usage, 'total_tokens') ?? inputTokens + outputTokens }
}

function parseCost(text: string | undefined): number | undefined {
  const cost = parseJsonOr(text ?? '', undefined)
  return typeof cost === 'object' && cost !== null ? numberOf(cost, 'total_cost') : undefined
}

function numberOf(holder: object, key: string): number | undefined {
  const value = (holder as Record<string, unknown>)[key]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

function parseJsonOr(text: string, otherwise: unknown): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return otherwise
  }
}
