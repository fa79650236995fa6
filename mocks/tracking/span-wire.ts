// Stored spans as `traces/get` and `batchGet` answer them: OTLP protobuf JSON in snake_case, attributes decoded.
import { isRecord } from './params.ts'
import type { Params } from './params.ts'

/** A number whose JSON text says it is a double although its value is whole (`1.0`), or that is beyond 2^53. */
class Literal {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

// Only texts that may hold such a number pay for the reviver, which is several times slower.
const needsLiterals = /\d\.0+(?:\D|$)|\d{16}|\d[eE]/

function parseExactly(text: string): unknown {
  if (!needsLiterals.test(text)) return JSON.parse(text)
  return JSON.parse(text, (_key, value, context) => {
    if (typeof value !== 'number' || context.source === undefined) return value
    const isDouble = /[.eE]/.test(context.source)
    return isDouble || !Number.isSafeInteger(value) ? new Literal(context.source) : value
  })
}

/** The JSON of an OTLP `AnyValue`. */
function toAnyValue(value: unknown): string {
  if (value === null || value === undefined) return '{}'
  if (typeof value === 'string') return `{"string_value":${JSON.stringify(value)}}`
  if (typeof value === 'boolean') return `{"bool_value":${value}}`
  if (typeof value === 'number') return Number.isInteger(value) ? `{"int_value":${value}}` : `{"double_value":${value}}`
  if (value instanceof Literal)
    return /[.eE]/.test(value.text) ? `{"double_value":${value.text}}` : `{"int_value":${value.text}}`
  if (Array.isArray(value))
    return value.length === 0 ? '{"array_value":{}}' : `{"array_value":{"values":[${value.map(toAnyValue).join(',')}]}}`
  const entries = Object.entries(value)
  return entries.length === 0 ? '{"kvlist_value":{}}' : `{"kvlist_value":{"values":${toKeyValues(entries)}}}`
}

function toKeyValues(entries: readonly (readonly [string, unknown])[]): string {
  const parts = entries.map(([key, value]) => {
    const any = value === null ? '' : `,"value":${toAnyValue(value)}`
    return `{"key":${JSON.stringify(key)}${any}}`
  })
  return `[${parts.join(',')}]`
}

function parseAttribute(text: unknown): unknown {
  if (typeof text !== 'string') return text
  try {
    return parseExactly(text)
  } catch {
    return text
  }
}

const literal = (value: unknown): string => (value instanceof Literal ? value.text : JSON.stringify(value))

/** The JSON text of one span from its stored JSON text. */
export function toSpanWire(content: string): string {
  const span = parseStored(content)
  const fields = [`"trace_id":${literal(span['trace_id'])}`, `"span_id":${literal(span['span_id'])}`]
  if (typeof span['parent_span_id'] === 'string') fields.push(`"parent_span_id":${literal(span['parent_span_id'])}`)
  fields.push(`"name":${literal(span['name'])}`, `"start_time_unix_nano":${literal(span['start_time_unix_nano'])}`)
  if (span['end_time_unix_nano'] !== null) fields.push(`"end_time_unix_nano":${literal(span['end_time_unix_nano'])}`)
  const attributes = isRecord(span['attributes']) ? Object.entries(span['attributes']) : []
  if (attributes.length > 0)
    fields.push(`"attributes":${toKeyValues(attributes.map(([key, text]) => [key, parseAttribute(text)] as const))}`)
  const events = Array.isArray(span['events']) ? span['events'].filter(isRecord) : []
  if (events.length > 0) fields.push(`"events":[${events.map(toEvent).join(',')}]`)
  fields.push(`"status":${toStatus(isRecord(span['status']) ? span['status'] : {})}`)
  return `{${fields.join(',')}}`
}

function parseStored(content: string): Params {
  const parsed = JSON.parse(content, (_key, value, context) =>
    typeof value === 'number' && context.source !== undefined && !Number.isSafeInteger(value) && Number.isInteger(value)
      ? new Literal(context.source)
      : value,
  )
  return isRecord(parsed) ? parsed : {}
}

function toEvent(event: Params): string {
  const attributes = isRecord(event['attributes']) ? Object.entries(event['attributes']) : []
  const list = attributes.length > 0 ? `,"attributes":${toKeyValues(attributes)}` : ''
  return `{"time_unix_nano":${literal(event['time_unix_nano'])},"name":${literal(event['name'])}${list}}`
}

function toStatus(status: Params): string {
  const message = status['message']
  const text = typeof message === 'string' && message !== '' ? `"message":${JSON.stringify(message)},` : ''
  return `{${text}"code":${JSON.stringify(status['code'])}}`
}
