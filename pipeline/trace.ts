// A trace as the pipeline sees it: MLflow's words, our units (milliseconds since the epoch).

export const traceStates = ['OK', 'ERROR', 'IN_PROGRESS', 'STATE_UNSPECIFIED'] as const
export type TraceState = (typeof traceStates)[number]

export type TokenUsage = { inputTokens: number; outputTokens: number; totalTokens: number }

export type Assessment = {
  id: string
  name: string
  kind: 'feedback' | 'expectation' | 'issue'
  /** The JSON value as stored; `null` when the source recorded an error instead. */
  value: unknown
  rationale?: string
  source: { type: 'HUMAN' | 'LLM_JUDGE' | 'CODE' | 'SOURCE_TYPE_UNSPECIFIED'; id: string }
  metadata: Record<string, string>
  spanId?: string
  valid: boolean
  createTimeMs?: number
}

/** What MLflow knows of a trace without its spans. */
export type TraceInfo = {
  traceId: string
  experimentId: string
  name?: string
  state: TraceState
  requestTimeMs: number
  /** `undefined` while in progress. */
  executionMs?: number
  requestPreview: string
  responsePreview: string
  session?: string
  user?: string
  tokens?: TokenUsage
  costUsd?: number
  tags: Record<string, string>
  metadata: Record<string, string>
  assessments: Assessment[]
}

export type SpanEvent = { name: string; timeMs?: number; attributes: Record<string, unknown> }

export type Span = {
  spanId: string
  parentId: string | null
  name: string
  /** MLflow's span type (`AGENT`, `CHAT_MODEL`, `TOOL`, `RETRIEVER`, …), upper case; `UNKNOWN` when it has none. */
  type: string
  startMs: number
  endMs?: number
  status: 'OK' | 'ERROR' | 'UNSET'
  statusMessage: string
  /** Decoded JSON of `mlflow.spanInputs` and `mlflow.spanOutputs`; `null` when absent. */
  inputs: unknown
  outputs: unknown
  /** Every other attribute, decoded. */
  attributes: Record<string, unknown>
  events: SpanEvent[]
}

/**
 * A trace with its spans, in order of start time.
 * `readShare` is the part of the stored bytes that was read (1 for all; less for a trace too large to hold, 0 when only
 * the previews could be had).
 */
export type Trace = { info: TraceInfo; spans: Span[]; readShare: number }
