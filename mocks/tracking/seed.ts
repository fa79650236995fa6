// Loads the sample traces into a tracking store over its own API.
import { createHash } from 'node:crypto'
import type { SpanLine, TraceLine } from '../samples/expand.ts'
import { readSamples } from '../samples/samples.ts'

const batchSize = 20
const statusCodes = { OK: 1, ERROR: 2 } as const

/** Sends the samples that the experiment lacks; gives how many were sent. Throws with the server's answer on failure. */
export async function seedSamples(target: {
  url: string
  experiment: string
}): Promise<{ experimentId: string; sent: number }> {
  const post = createPost(target.url)
  const experimentId = await ensureExperiment(target, post)
  let sent = 0
  let batch: TraceLine[] = []
  const flush = async () => {
    const missing = await findMissing(post, batch)
    for (const trace of missing) await post('/api/3.0/mlflow/traces', toRecord(trace, experimentId))
    if (missing.length > 0) await post('/v1/traces', toOtlp(missing), { 'x-mlflow-experiment-id': experimentId })
    sent += missing.length
    batch = []
  }
  for await (const trace of readSamples()) {
    batch.push(trace)
    if (batch.length === batchSize) await flush()
  }
  await flush()
  return { experimentId, sent }
}

type Post = (path: string, body: unknown, headers?: Record<string, string>) => Promise<unknown>

function createPost(url: string): Post {
  return async (path, body, headers = {}) => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text.slice(0, 300)}`)
    return text === '' ? {} : JSON.parse(text)
  }
}

async function ensureExperiment({ url, experiment }: { url: string; experiment: string }, post: Post): Promise<string> {
  const found = await fetch(
    `${url}/api/2.0/mlflow/experiments/get-by-name?experiment_name=${encodeURIComponent(experiment)}`,
  )
  if (found.ok) return ((await found.json()) as { experiment: { experiment_id: string } }).experiment.experiment_id
  return ((await post('/api/2.0/mlflow/experiments/create', { name: experiment })) as { experiment_id: string })
    .experiment_id
}

/** Those whose spans are not there: a trace is whole when its spans are. */
async function findMissing(post: Post, traces: readonly TraceLine[]): Promise<TraceLine[]> {
  if (traces.length === 0) return []
  const answer = (await post('/api/3.0/mlflow/traces/batchGetInfos', {
    trace_ids: traces.map((trace) => trace.trace_id),
  })) as {
    trace_infos?: { trace_id: string; tags?: Record<string, string> }[]
  }
  const whole = new Set(
    (answer.trace_infos ?? [])
      .filter((info) => info.tags?.['mlflow.trace.spansLocation'] === 'TRACKING_STORE')
      .map((info) => info.trace_id),
  )
  return traces.filter((trace) => !whole.has(trace.trace_id))
}

function toRecord(trace: TraceLine, experimentId: string): object {
  const assessments = trace.assessments.map(({ name, source_type, source_id, value, rationale }) => ({
    // Derived, so that sending the record again overwrites and does not add.
    assessment_id: `a-${createHash('sha256').update(`${trace.trace_id}:${name}`).digest('hex').slice(0, 32)}`,
    assessment_name: name,
    source: { source_type, source_id },
    feedback: { value },
    create_time: new Date(Date.parse(trace.request_time) + trace.execution_duration_ms).toISOString(),
    ...(rationale !== undefined && { rationale }),
  }))
  return {
    trace: {
      trace_info: {
        trace_id: trace.trace_id,
        trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experimentId } },
        request_time: trace.request_time,
        execution_duration: `${(trace.execution_duration_ms / 1000).toFixed(3)}s`,
        state: trace.state,
        request_preview: trace.request_preview,
        response_preview: trace.response_preview,
        tags: trace.tags,
        trace_metadata: trace.trace_metadata,
        assessments,
      },
    },
  }
}

type KeyValue = { key: string; value: Record<string, unknown> }
const text = (key: string, value: string): KeyValue => ({ key, value: { stringValue: value } })
const json = (key: string, value: unknown): KeyValue[] =>
  value === undefined || value === null ? [] : [text(key, JSON.stringify(value))]

function toAttributes(span: SpanLine): KeyValue[] {
  const { model, token_usage, messages_before } = span.attributes ?? {}
  return [
    // The type without JSON quotes: with them, MLflow's `span.type` filter does not find it.
    text('mlflow.spanType', span.span_type),
    ...json('mlflow.spanInputs', span.inputs),
    ...json('mlflow.spanOutputs', span.outputs),
    ...json('mlflow.llm.model', model),
    ...json('mlflow.chat.tokenUsage', token_usage),
    ...(typeof messages_before === 'number'
      ? [{ key: 'messages_before', value: { intValue: String(messages_before) } }]
      : []),
  ]
}

function toOtlp(traces: readonly TraceLine[]): object {
  const spans = traces.flatMap((trace) =>
    trace.spans.map((span) => ({
      traceId: trace.trace_id.slice('tr-'.length),
      spanId: span.span_id,
      ...(span.parent_id !== null && { parentSpanId: span.parent_id }),
      name: span.name,
      startTimeUnixNano: span.start_time_unix_nano,
      endTimeUnixNano: span.end_time_unix_nano,
      status: {
        code: statusCodes[span.status],
        ...(span.status_message !== undefined && { message: span.status_message }),
      },
      attributes: toAttributes(span),
      events: (span.events ?? []).map((event) => ({
        name: event.name,
        timeUnixNano: event.time_unix_nano,
        attributes: Object.entries(event.attributes).map(([key, value]) => text(key, value)),
      })),
    })),
  )
  return { resourceSpans: [{ scopeSpans: [{ scope: { name: 'nora' }, spans }] }] }
}
