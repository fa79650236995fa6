// Requests to a tracking server as they go over the wire, for tests of the server itself; and traces to ask about.
import { randomBytes } from 'node:crypto'
import { request } from 'node:http'

export type RawAnswer = { status: number; type: string; text: string; json: Record<string, unknown> }
export type Raw = (
  method: string,
  path: string,
  options?: {
    json?: unknown
    query?: Record<string, string>
    headers?: Record<string, string>
    body?: string | Uint8Array
  },
) => Promise<RawAnswer>

/** `json` of the answer is `{}` when it is not a JSON object. */
export function createRaw(url: string): Raw {
  return async (method, path, { json, query, headers, body } = {}) => {
    const content = json === undefined ? body : JSON.stringify(json)
    const answer = await fetch(`${url}${path}${query === undefined ? '' : `?${new URLSearchParams(query)}`}`, {
      method,
      headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(content === undefined ? {} : { body: content as string | Uint8Array<ArrayBuffer> }),
    })
    const text = await answer.text()
    return { status: answer.status, type: answer.headers.get('content-type') ?? '', text, json: parseObject(text) }
  }
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** A GET under a Host header of one's own, which fetch does not allow. */
export async function getWithHost(
  url: string,
  path: string,
  host: string,
): Promise<{ status: number; type: string; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}${path}`, { headers: { host } }, (answer) => {
      let text = ''
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, type: answer.headers['content-type'] ?? '', text })
      })
    })
    asked.on('error', reject)
    asked.end()
  })
}

export type Seed = {
  id?: string
  timeMs?: number
  state?: string
  tags?: Record<string, string>
  metadata?: Record<string, string>
  preview?: string
  /** How many spans; 0 makes a record without any. */
  spans?: number
  /** Nanoseconds of the root's start, as text. */
  startNano?: string
  inputs?: unknown
}

/** Creates a trace by the record and then OTLP; gives its id. */
export async function seedTrace(raw: Raw, experimentId: string, seed: Seed = {}): Promise<string> {
  const hex = randomBytes(16).toString('hex')
  const traceId = seed.id ?? `tr-${hex}`
  const timeMs = seed.timeMs ?? Date.now()
  const record = await raw('POST', '/api/3.0/mlflow/traces', {
    json: {
      trace: {
        trace_info: {
          trace_id: traceId,
          trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experimentId } },
          request_time: new Date(timeMs).toISOString(),
          execution_duration: '1.500s',
          state: seed.state ?? 'OK',
          request_preview: seed.preview ?? 'Where is my parcel?',
          response_preview: 'On its way.',
          tags: { 'mlflow.traceName': 'assistant', ...seed.tags },
          trace_metadata: { 'mlflow.trace.session': 'session-1', ...seed.metadata },
        },
      },
    },
  })
  if (record.status !== 200) throw new Error(`trace not created: ${record.text}`)
  const count = seed.spans ?? 0
  if (count === 0) return traceId
  const start = BigInt(seed.startNano ?? `${timeMs}000000`)
  const rootId = randomBytes(8).toString('hex')
  const spans = Array.from({ length: count }, (_, at) => ({
    traceId: traceId.slice(3),
    spanId: at === 0 ? rootId : randomBytes(8).toString('hex'),
    ...(at === 0 ? {} : { parentSpanId: rootId }),
    name: at === 0 ? 'assistant' : `step-${at}`,
    startTimeUnixNano: String(start + BigInt(at) * 1_000_000n),
    endTimeUnixNano: String(start + 1_500_000_000n),
    status: { code: seed.state === 'ERROR' ? 2 : 1 },
    attributes: [
      { key: 'mlflow.spanType', value: { stringValue: at === 0 ? '"AGENT"' : '"TOOL"' } },
      {
        key: 'mlflow.spanInputs',
        value: { stringValue: JSON.stringify(seed.inputs ?? { messages: [{ role: 'user', content: 'Where?' }] }) },
      },
      { key: 'plain', value: { stringValue: 'as it is' } },
      { key: 'count', value: { intValue: '7' } },
    ],
  }))
  const sent = await raw('POST', '/v1/traces', {
    json: { resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ scope: { name: 'test' }, spans }] }] },
    headers: { 'x-mlflow-experiment-id': experimentId },
  })
  if (sent.status !== 200) throw new Error(`spans not taken: ${sent.text}`)
  return traceId
}
