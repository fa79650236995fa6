// OTLP's protobuf form, as MLflow's own clients send it, read into the JSON form. Field numbers: opentelemetry-proto,
// trace/v1/trace.proto and common/v1/common.proto.
import { OtlpError } from './otlp-ingest.ts'

type Field = { number: number; wire: number; varint: bigint; bytes: Buffer }

function* readFields(buffer: Buffer): Generator<Field> {
  let at = 0
  const readVarint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = buffer[at++]
      if (byte === undefined || shift > 63n) throw new OtlpError(400, 'Invalid OpenTelemetry format')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
  }
  const take = (length: number): Buffer => {
    if (at + length > buffer.length) throw new OtlpError(400, 'Invalid OpenTelemetry format')
    at += length
    return buffer.subarray(at - length, at)
  }
  while (at < buffer.length) {
    const tag = Number(readVarint())
    const field = { number: tag >>> 3, wire: tag & 7 }
    if (field.wire === 0) yield { ...field, varint: readVarint(), bytes: empty }
    else if (field.wire === 1) yield { ...field, varint: 0n, bytes: take(8) }
    else if (field.wire === 2) yield { ...field, varint: 0n, bytes: take(Number(readVarint())) }
    else if (field.wire === 5) yield { ...field, varint: 0n, bytes: take(4) }
    else throw new OtlpError(400, 'Invalid OpenTelemetry format')
  }
}

const empty = Buffer.alloc(0)

/** The messages of a repeated field. */
function list<T>(buffer: Buffer, number: number, read: (bytes: Buffer) => T): T[] {
  const items: T[] = []
  for (const field of readFields(buffer)) if (field.number === number && field.wire === 2) items.push(read(field.bytes))
  return items
}

/** An `ExportTraceServiceRequest` in OTLP's JSON form (camelCase, hex ids, nanoseconds as text). */
export function parseOtlpProtobuf(body: Buffer): unknown {
  return {
    resourceSpans: list(body, 1, (resourceSpans) => ({
      resource: { attributes: list(resourceSpans, 1, (resource) => list(resource, 1, readKeyValue)).flat() },
      scopeSpans: list(resourceSpans, 2, (scopeSpans) => ({ spans: list(scopeSpans, 2, readSpan) })),
    })),
  }
}

function readSpan(bytes: Buffer): Record<string, unknown> {
  const span: Record<string, unknown> = { attributes: list(bytes, 9, readKeyValue), events: list(bytes, 11, readEvent) }
  for (const field of readFields(bytes)) {
    if (field.number === 1) span['traceId'] = field.bytes.toString('hex')
    else if (field.number === 2) span['spanId'] = field.bytes.toString('hex')
    else if (field.number === 4) span['parentSpanId'] = field.bytes.toString('hex')
    else if (field.number === 5) span['name'] = field.bytes.toString()
    else if (field.number === 7) span['startTimeUnixNano'] = field.bytes.readBigUInt64LE().toString()
    else if (field.number === 8) span['endTimeUnixNano'] = field.bytes.readBigUInt64LE().toString()
    else if (field.number === 15) span['status'] = readStatus(field.bytes)
  }
  return span
}

function readEvent(bytes: Buffer): Record<string, unknown> {
  const event: Record<string, unknown> = { attributes: list(bytes, 3, readKeyValue) }
  for (const field of readFields(bytes)) {
    if (field.number === 1) event['timeUnixNano'] = field.bytes.readBigUInt64LE().toString()
    else if (field.number === 2) event['name'] = field.bytes.toString()
  }
  return event
}

function readStatus(bytes: Buffer): Record<string, unknown> {
  const status: Record<string, unknown> = {}
  for (const field of readFields(bytes)) {
    if (field.number === 2) status['message'] = field.bytes.toString()
    else if (field.number === 3) status['code'] = Number(field.varint)
  }
  return status
}

function readKeyValue(bytes: Buffer): { key: string; value: unknown } {
  let key = ''
  let value: unknown
  for (const field of readFields(bytes)) {
    if (field.number === 1) key = field.bytes.toString()
    else if (field.number === 2) value = readAnyValue(field.bytes)
  }
  return { key, value }
}

function readAnyValue(bytes: Buffer): Record<string, unknown> {
  for (const field of readFields(bytes)) {
    switch (field.number) {
      case 1:
        return { stringValue: field.bytes.toString() }
      case 2:
        return { boolValue: field.varint !== 0n }
      case 3:
        return { intValue: BigInt.asIntN(64, field.varint).toString() }
      case 4:
        return { doubleValue: field.bytes.readDoubleLE() }
      case 5:
        return { arrayValue: { values: list(field.bytes, 1, readAnyValue) } }
      case 6:
        return { kvlistValue: { values: list(field.bytes, 1, readKeyValue) } }
      case 7:
        return { bytesValue: field.bytes.toString('base64') }
    }
  }
  return {}
}
