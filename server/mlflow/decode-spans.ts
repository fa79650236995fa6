// Spans in every shape a tracking server has stored them in, into the pipeline's one shape.
//   1. traces/get: OTLP in snake_case, attributes as a list of typed values, already decoded
//   2. get-trace-artifact: the same fields, attributes as a map whose values are JSON text
//   3. artifact files of MLflow 2: `context`, `parent_id`, `start_time`, `status_code`, ids in hex
// Each field is looked up under all its names, so that mixtures (older 3.x clients) are read as well.
import type { Span, SpanEvent } from '#/pipeline/trace.ts'

type Fields = Record<string, unknown>

/** The spans in order of start time (then as stored). Entries that are not spans at all are left out. */
export function decodeSpans(wire: readonly unknown[]): Span[] {
  return wire
    .filter(isFields)
    .map(decodeSpan)
    .sort((a, b) => a.startMs - b.startMs)
}

function decodeSpan(wire: Fields): Span {
  const context = isFields(wire['context']) ? wire['context'] : {}
  const attributes = decodeAttributes(wire['attributes'])
  const inputs = take(attributes, 'mlflow.spanInputs')
  const outputs = take(attributes, 'mlflow.spanOutputs')
  const type = take(attributes, 'mlflow.spanType') ?? wire['span_type']
  // Bookkeeping of the tracer, the same on every span: it would only repeat the trace's id.
  take(attributes, 'mlflow.traceRequestId')
  const parentId = toSpanId(wire['parent_span_id'] ?? wire['parent_id'])
  const endMs = toMs(wire['end_time_unix_nano'] ?? wire['end_time'])
  return {
    spanId: toSpanId(wire['span_id'] ?? context['span_id']) ?? '',
    parentId,
    name: typeof wire['name'] === 'string' ? wire['name'] : '',
    type: typeof type === 'string' && type !== '' ? type.toUpperCase() : 'UNKNOWN',
    startMs: toMs(wire['start_time_unix_nano'] ?? wire['start_time']) ?? 0,
    ...(endMs === undefined ? {} : { endMs }),
    ...decodeStatus(wire),
    inputs: inputs ?? null,
    outputs: outputs ?? null,
    attributes,
    events: Array.isArray(wire['events']) ? wire['events'].filter(isFields).map(decodeEvent) : [],
  }
}

function decodeEvent(wire: Fields): SpanEvent {
  const timeMs = toMs(wire['time_unix_nano'] ?? wire['timestamp'])
  return {
    name: typeof wire['name'] === 'string' ? wire['name'] : '',
    ...(timeMs === undefined ? {} : { timeMs }),
    // Event attributes are plain values, not JSON text: a stack trace that happens to parse must stay a stack trace.
    attributes: decodeAttributes(wire['attributes'], { asJson: false }),
  }
}

function decodeStatus(wire: Fields): { status: Span['status']; statusMessage: string } {
  const status = wire['status']
  const code = isFields(status) ? (status['code'] ?? status['status_code']) : (status ?? wire['status_code'])
  const message = isFields(status) ? (status['message'] ?? status['description']) : wire['status_message']
  // Words (STATUS_CODE_OK, OK) or OTLP's numbers (0 unset, 1 ok, 2 error).
  const word =
    typeof code === 'number'
      ? ['UNSET', 'OK', 'ERROR'][code]
      : typeof code === 'string'
        ? code.replace(/^STATUS_CODE_/, '')
        : ''
  return {
    status: word === 'OK' || word === 'ERROR' ? word : 'UNSET',
    statusMessage: typeof message === 'string' ? message : '',
  }
}

function decodeAttributes(wire: unknown, { asJson } = { asJson: true }): Record<string, unknown> {
  const attributes: Record<string, unknown> = {}
  if (Array.isArray(wire)) {
    for (const pair of wire) {
      if (!isFields(pair) || typeof pair['key'] !== 'string') continue
      put(attributes, pair['key'], decodeAnyValue(pair['value']))
    }
  } else if (isFields(wire)) {
    for (const [key, value] of Object.entries(wire)) {
      put(attributes, key, asJson && typeof value === 'string' ? parseJsonOrText(value) : value)
    }
  }
  return attributes
}

/** OTLP's AnyValue; an empty object is null. Both snake_case and the camelCase of OTLP JSON are read. */
function decodeAnyValue(wire: unknown): unknown {
  if (!isFields(wire)) return null
  const [kind] = Object.keys(wire)
  const value = kind === undefined ? undefined : wire[kind]
  switch (kind) {
    case 'string_value':
    case 'stringValue':
    case 'bool_value':
    case 'boolValue':
    case 'double_value':
    case 'doubleValue':
    case 'bytes_value':
    case 'bytesValue':
      return value ?? null
    case 'int_value':
    case 'intValue':
      return typeof value === 'string' ? Number(value) : (value ?? null)
    case 'array_value':
    case 'arrayValue':
      return listOf(value).map(decodeAnyValue)
    case 'kvlist_value':
    case 'kvlistValue': {
      const map: Record<string, unknown> = {}
      for (const pair of listOf(value)) {
        if (isFields(pair) && typeof pair['key'] === 'string') put(map, pair['key'], decodeAnyValue(pair['value']))
      }
      return map
    }
    default:
      return null
  }
}

function listOf(value: unknown): unknown[] {
  return isFields(value) && Array.isArray(value['values']) ? value['values'] : []
}

/** The value of an attribute stored as JSON text; text that is not JSON is itself. */
function parseJsonOrText(text: string): unknown {
  // Most attributes are objects, lists or strings; numbers and words (`true`, `12`, `null`) parse as well.
  if (!/^\s*(["{[\-\d]|true|false|null)/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** A span id in lower-case hex, whichever of hex, `0x…` or base64 of 8 bytes it came in; `null` for none. */
export function toSpanId(id: unknown): string | null {
  if (typeof id !== 'string' || id === '') return null
  const bare = id.startsWith('0x') ? id.slice(2) : id
  if (/^[0-9a-f]{16}$/i.test(bare)) return bare.toLowerCase()
  if (/^[A-Za-z0-9+/]{11}=?$/.test(id)) return Buffer.from(id, 'base64').toString('hex')
  return id
}

/** Milliseconds of a time in nanoseconds. Past 2^53 the last digits are gone: an error below a microsecond. */
function toMs(nanos: unknown): number | undefined {
  const value = typeof nanos === 'string' && nanos !== '' ? Number(nanos) : nanos
  if (typeof value !== 'number' || !Number.isFinite(value) || value === 0) return undefined
  return Math.round(value / 1000) / 1000
}

function take(attributes: Record<string, unknown>, key: string): unknown {
  const value = attributes[key]
  delete attributes[key]
  return value
}

function put(map: Record<string, unknown>, key: string, value: unknown): void {
  // A key of a hostile trace must not reach the prototype.
  if (key === '__proto__')
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true })
  else map[key] = value
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
