// Traces of a file as MLflow takes them: the trace record, and spans in OTLP JSON (opentelemetry.io/docs/specs/otlp).
import type { SpanLine, TraceLine } from './trace-line.ts'

const previewLimit = 1000
const stateNumber = { UNSET: 0, OK: 1, ERROR: 2 } as const

type KeyValue = { key: string; value: AnyValue }
type AnyValue =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: string }
  | { doubleValue: number }
  | { arrayValue: { values: AnyValue[] } }
  | { kvlistValue: { values: KeyValue[] } }
  | Record<string, never>
export type OtlpSpan = Record<string, unknown>

/** The body of POST /api/3.0/mlflow/traces. Assessments are not in it: with them, it could not be sent twice. */
export function toTraceRecord(trace: TraceLine, experimentId: string): object {
  return {
    trace: {
      trace_info: {
        trace_id: trace.trace_id,
        trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experimentId } },
        request_time: trace.request_time,
        ...(trace.execution_duration_ms === undefined
          ? {}
          : { execution_duration: `${(trace.execution_duration_ms / 1000).toFixed(3)}s` }),
        state: trace.state,
        request_preview: trace.request_preview.slice(0, previewLimit),
        response_preview: trace.response_preview.slice(0, previewLimit),
        tags: trace.tags,
        trace_metadata: trace.trace_metadata,
      },
    },
  }
}

/** The spans of a trace as OTLP. The server fills in the trace's own id: sent by us, it would be stored quoted. */
export function toOtlpSpans(trace: TraceLine): OtlpSpan[] {
  const traceId = trace.trace_id.slice('tr-'.length)
  return trace.spans.map((span) => ({
    traceId,
    spanId: span.span_id,
    ...(span.parent_id === null ? {} : { parentSpanId: span.parent_id }),
    name: span.name,
    startTimeUnixNano: span.start_time_unix_nano,
    endTimeUnixNano: span.end_time_unix_nano,
    status: {
      code: stateNumber[span.status],
      ...(span.status_message === undefined ? {} : { message: span.status_message }),
    },
    attributes: toAttributes(trace, span),
    ...(span.events.length === 0
      ? {}
      : {
          events: span.events.map((event) => ({
            name: event.name,
            timeUnixNano: event.time_unix_nano ?? span.start_time_unix_nano,
            attributes: Object.entries(event.attributes).map(([key, value]) => ({ key, value: toAnyValue(value) })),
          })),
        }),
  }))
}

/** One request body for the spans of several traces. */
export function toOtlpBody(spans: readonly OtlpSpan[]): object {
  return { resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ scope: { name: 'import' }, spans }] }] }
}

/** Attributes the file has short names for; MLflow totals tokens and prices models by its own. */
const attributeNames: Readonly<Record<string, string>> = {
  model: 'mlflow.llm.model',
  token_usage: 'mlflow.chat.tokenUsage',
}

function toAttributes(trace: TraceLine, span: SpanLine): KeyValue[] {
  // Bare, not as JSON text: MLflow 3.17 filters `span.type` by what was sent.
  const attributes: KeyValue[] = [{ key: 'mlflow.spanType', value: { stringValue: span.span_type } }]
  if (span.inputs !== null) attributes.push(toMlflowAttribute('mlflow.spanInputs', span.inputs))
  if (span.outputs !== null) attributes.push(toMlflowAttribute('mlflow.spanOutputs', span.outputs))
  for (const [name, value] of Object.entries(span.attributes)) {
    // Only what is our own: an id of the trace among the attributes would tear the trace in two.
    if (name === 'mlflow.traceRequestId') continue
    const key = attributeNames[name] ?? name
    attributes.push(key.startsWith('mlflow.') ? toMlflowAttribute(key, value) : { key, value: toAnyValue(value) })
  }
  const session = trace.trace_metadata['mlflow.trace.session']
  const user = trace.trace_metadata['mlflow.trace.user']
  if (span.parent_id === null && session !== undefined)
    attributes.push({ key: 'session.id', value: toAnyValue(session) })
  if (span.parent_id === null && user !== undefined) attributes.push({ key: 'user.id', value: toAnyValue(user) })
  return attributes
}

/** MLflow's own attributes are JSON text inside a string. */
function toMlflowAttribute(key: string, value: unknown): KeyValue {
  return { key, value: { stringValue: JSON.stringify(value ?? null) } }
}

function toAnyValue(value: unknown): AnyValue {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(toAnyValue) } }
  if (typeof value !== 'object' || value === null) return {}
  return { kvlistValue: { values: Object.entries(value).map(([key, inner]) => ({ key, value: toAnyValue(inner) })) } }
}
