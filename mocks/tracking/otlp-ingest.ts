// Spans sent over OTLP: stored one row each, and summed up in the record of their trace.
import type { Database } from './database.ts'
import { getActiveExperiment } from './experiments.ts'
import { decodeKeyValues, toStoredAttributes } from './otlp-attributes.ts'
import type { StoredAttributes } from './otlp-attributes.ts'
import { checkKey, isRecord } from './params.ts'
import type { Params } from './params.ts'
import { derivePreview } from './preview.ts'
import { toPythonJson, tryParseJson } from './python-json.ts'
import { artifactLocationOf, finalizedKey, setMetadata, setTag, spansLocationKey } from './traces.ts'
import { findTraceRow } from './trace-info.ts'

/** A request that cannot be read; answered as `{"detail": message}`. */
export class OtlpError extends Error {
  override readonly name = 'OtlpError'
  readonly status: 400 | 422

  constructor(status: 400 | 422, message: string) {
    super(message)
    this.status = status
  }
}

type IngestedSpan = {
  traceId: string
  spanId: string
  parentId: string | null
  name: string
  type: string | null
  status: 'OK' | 'ERROR' | 'UNSET'
  startNs: bigint
  endNs: bigint | null
  attributes: StoredAttributes
  content: string
  resource: Record<string, unknown>
}

/** Parses OTLP JSON; integers beyond 2^53 written as numbers keep their digits. */
export function parseOtlpJson(text: string): unknown {
  if (!/\d{16}/.test(text) || !/"(?:intValue|\w*UnixNano)"\s*:\s*-?\d{16}/.test(text)) return JSON.parse(text)
  return JSON.parse(text, (_key, value, context) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && Number.isInteger(value)
      ? JSON.rawJSON(context.source ?? String(value))
      : value,
  )
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const records = (value: unknown): Params[] => list(value).filter(isRecord)

/** The spans of an `ExportTraceServiceRequest` in JSON form. All-or-nothing: one bad span refuses the request. */
export function toIngestedSpans(request: unknown): IngestedSpan[] {
  const resourceSpans = isRecord(request) ? records(request['resourceSpans']) : []
  if (resourceSpans.length === 0) throw new OtlpError(400, 'Invalid OpenTelemetry format - no spans found')
  const spans: IngestedSpan[] = []
  for (const entry of resourceSpans) {
    const resource = isRecord(entry['resource']) ? decodeKeyValues(entry['resource']['attributes']) : {}
    for (const scope of records(entry['scopeSpans'])) {
      for (const span of records(scope['spans'])) {
        try {
          spans.push(toIngestedSpan(span, resource))
        } catch (error) {
          if (error instanceof OtlpError) throw error
          throw new OtlpError(422, 'Cannot convert OpenTelemetry span to MLflow span')
        }
      }
    }
  }
  return spans
}

function toBase64(hex: unknown, bytes: number): string {
  const text = typeof hex === 'string' ? hex : ''
  if (!/^([0-9a-f]{2})*$/i.test(text)) throw new OtlpError(400, 'Invalid OpenTelemetry format')
  if (text.length !== bytes * 2) throw new OtlpError(422, 'Cannot convert OpenTelemetry span to MLflow span')
  return Buffer.from(text, 'hex').toString('base64')
}

const toNanos = (value: unknown): bigint =>
  BigInt(JSON.isRawJSON(value) ? value.rawJSON : typeof value === 'number' || typeof value === 'string' ? value : 0)

const codes: Record<string, 'OK' | 'ERROR' | 'UNSET'> = {
  1: 'OK',
  2: 'ERROR',
  STATUS_CODE_OK: 'OK',
  STATUS_CODE_ERROR: 'ERROR',
}

function toIngestedSpan(span: Params, resource: Record<string, unknown>): IngestedSpan {
  const traceHex = span['traceId']
  const otelTraceId = toBase64(traceHex, 16)
  const otelSpanId = toBase64(span['spanId'], 8)
  const parentHex = span['parentSpanId']
  const parent = parentHex === undefined || parentHex === '' ? null : toBase64(parentHex, 8)
  // A span that names its MLflow trace goes there, whatever its own id says.
  const named = records(span['attributes']).find((attribute) => attribute['key'] === 'mlflow.traceRequestId')?.['value']
  const own = isRecord(named) && typeof named['stringValue'] === 'string' ? named['stringValue'] : undefined
  const traceId = own ?? `tr-${String(traceHex).toLowerCase()}`
  const attributes = toStoredAttributes(span['attributes'], traceId)
  const status = isRecord(span['status']) ? span['status'] : {}
  const code = codes[String(status['code'])] ?? 'UNSET'
  const startNs = toNanos(span['startTimeUnixNano'])
  const endNs = span['endTimeUnixNano'] === undefined ? null : toNanos(span['endTimeUnixNano'])
  const name = typeof span['name'] === 'string' ? span['name'] : ''
  const events = records(span['events']).map((event) => ({
    name: typeof event['name'] === 'string' ? event['name'] : '',
    time_unix_nano: JSON.rawJSON(toNanos(event['timeUnixNano']).toString()),
    attributes: decodeKeyValues(event['attributes']),
  }))
  const content = JSON.stringify({
    trace_id: otelTraceId,
    span_id: otelSpanId,
    parent_span_id: parent,
    name,
    start_time_unix_nano: JSON.rawJSON(startNs.toString()),
    end_time_unix_nano: endNs === null ? null : JSON.rawJSON(endNs.toString()),
    events,
    status: { code: `STATUS_CODE_${code}`, message: typeof status['message'] === 'string' ? status['message'] : '' },
    attributes,
    links: [],
  })
  return {
    traceId,
    spanId: String(span['spanId']).toLowerCase(),
    parentId: parent === null ? null : String(parentHex).toLowerCase(),
    name,
    type: toType(span),
    status: code,
    startNs,
    endNs,
    attributes,
    content,
    resource,
  }
}

// The column holds the type as it was sent: sent with JSON quotes it keeps them, and derived from GenAI names it stays
// empty; `span.type` finds neither. So does MLflow 3.17.
function toType(span: Params): string | null {
  const sent = records(span['attributes']).find((attribute) => attribute['key'] === 'mlflow.spanType')?.['value']
  return isRecord(sent) && typeof sent['stringValue'] === 'string' ? sent['stringValue'] : null
}

/** Stores spans, each trace's in one go, and creates or completes the traces' records; one transaction for all. */
export function ingestSpans(db: Database, experimentId: string, spans: readonly IngestedSpan[], runId?: string): void {
  const byTrace = Map.groupBy(spans, (span) => span.traceId)
  db.transaction(() => {
    for (const [traceId, ofTrace] of byTrace) {
      ingestTrace(db, experimentId, traceId, ofTrace)
      const isComplete = ofTrace.some((span) => span.parentId === null)
      if (runId !== undefined && runId !== '' && isComplete)
        db.run('INSERT OR IGNORE INTO links VALUES (?, ?)', runId, traceId)
    }
  })
}

const toMs = (ns: bigint) => Number(ns / 1_000_000n)

function ingestTrace(db: Database, experimentId: string, traceId: string, spans: readonly IngestedSpan[]): void {
  const startMs = Math.min(...spans.map((span) => toMs(span.startNs)))
  const ends = spans.flatMap((span) => (span.endNs === null ? [] : toMs(span.endNs)))
  const endMs = ends.length > 0 ? Math.max(...ends) : null
  const root = spans.find((span) => span.parentId === null)
  const rootStatus = root === undefined ? null : root.status === 'ERROR' ? 'ERROR' : 'OK'
  if (findTraceRow(db, traceId) === undefined) {
    const experiment = getActiveExperiment(db, experimentId)
    db.run(
      'INSERT INTO traces VALUES (?, ?, ?, ?, ?, NULL, NULL, NULL, NULL, NULL)',
      traceId,
      experiment.experiment_id,
      startMs,
      endMs === null ? null : endMs - startMs,
      rootStatus ?? 'IN_PROGRESS',
    )
    setTag(db, traceId, 'mlflow.artifactLocation', artifactLocationOf(experiment.artifact_location, traceId))
  }
  for (const span of spans) insertSpan(db, span)
  completeTrace(db, traceId, { startMs, endMs, rootStatus, root, spans })
  setTag(db, traceId, spansLocationKey, 'TRACKING_STORE')
  writeResourceTags(db, traceId, spans)
}

function insertSpan(db: Database, span: IngestedSpan): void {
  db.run(
    'INSERT OR REPLACE INTO spans VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    span.traceId,
    span.spanId,
    span.parentId,
    span.name,
    span.type,
    span.status,
    span.startNs,
    span.endNs,
    span.attributes['mlflow.chat.tokenUsage'] ?? null,
    span.attributes['mlflow.llm.cost'] ?? null,
    span.content,
  )
}

type Batch = {
  startMs: number
  endMs: number | null
  rootStatus: 'OK' | 'ERROR' | null
  root: IngestedSpan | undefined
  spans: readonly IngestedSpan[]
}

/** What the spans know better than the record so far: times until the record is final, state, previews, session, usage. */
function completeTrace(db: Database, traceId: string, { startMs, endMs, rootStatus, root, spans }: Batch): void {
  const row = findTraceRow(db, traceId)
  if (row === undefined) return
  const metadataOf = (key: string) =>
    db.get<{ value: string }>('SELECT value FROM trace_metadata WHERE trace_id = ? AND key = ?', traceId, key)?.value
  if (metadataOf(finalizedKey) === undefined) {
    const first = Math.min(row.timestamp_ms, startMs)
    const lastBefore = row.execution_time_ms === null ? null : row.timestamp_ms + row.execution_time_ms
    const last = endMs === null ? lastBefore : Math.max(endMs, lastBefore ?? endMs)
    row.timestamp_ms = first
    row.execution_time_ms = last === null ? null : last - first
  }
  if (rootStatus !== null && (row.status === 'IN_PROGRESS' || row.status === 'STATE_UNSPECIFIED'))
    row.status = rootStatus
  row.request_preview ??= derivePreview(root?.attributes['mlflow.spanInputs'], 'user')
  row.response_preview ??= derivePreview(root?.attributes['mlflow.spanOutputs'], 'assistant')
  const nameTag = textAttribute(root, 'mlflow.traceTag.mlflow.traceName')
  row.trace_name = nameTag ?? row.trace_name
  row.session_id ??= firstText(spans, ['session.id', 'gen_ai.conversation.id'])
  db.run(
    `UPDATE traces SET timestamp_ms = ?, execution_time_ms = ?, status = ?, request_preview = ?, response_preview = ?,
       trace_name = ?, session_id = ? WHERE trace_id = ?`,
    row.timestamp_ms,
    row.execution_time_ms,
    row.status,
    row.request_preview,
    row.response_preview,
    row.trace_name,
    row.session_id,
    traceId,
  )
  const user = firstText(spans, ['user.id'])
  if (user !== null && metadataOf('mlflow.trace.user') === undefined)
    setMetadata(db, traceId, 'mlflow.trace.user', user)
  writeTotals(db, traceId)
}

function textAttribute(span: IngestedSpan | undefined, key: string): string | undefined {
  const stored = span?.attributes[key]
  const value = stored === undefined ? undefined : tryParseJson(stored)
  return typeof value === 'string' ? value : undefined
}

function firstText(spans: readonly IngestedSpan[], keys: readonly string[]): string | null {
  for (const span of spans) {
    for (const key of keys) {
      const text = textAttribute(span, key)
      if (text !== undefined && text !== '') return text
    }
  }
  return null
}

const usageKeys = [
  'input_tokens',
  'output_tokens',
  'total_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
]
const costKeys = ['input_cost', 'output_cost', 'total_cost']

/** Token usage and cost of the whole trace. A span that reports usage speaks for the spans below it. */
function writeTotals(db: Database, traceId: string): void {
  type Node = { span_id: string; parent_id: string | null; usage: string | null; cost: string | null }
  const nodes = db.all<Node>(
    'SELECT span_id, parent_id, usage, cost FROM spans WHERE trace_id = ? ORDER BY start_ns',
    traceId,
  )
  const byId = new Map(nodes.map((node) => [node.span_id, node]))
  const total = (field: 'usage' | 'cost', keys: readonly string[]) => {
    const sums: Record<string, number> = {}
    for (const node of nodes) {
      const own = node[field] === null ? undefined : tryParseJson(node[field])
      if (!isRecord(own) || hasReportingAncestor(node, byId, field)) continue
      for (const key of keys) if (typeof own[key] === 'number') sums[key] = (sums[key] ?? 0) + own[key]
    }
    return Object.keys(sums).length === 0 ? undefined : toPythonJson(sums, { floats: field === 'cost' })
  }
  const usage = total('usage', usageKeys)
  const cost = total('cost', costKeys)
  if (usage !== undefined) setMetadata(db, traceId, 'mlflow.trace.tokenUsage', usage)
  if (cost !== undefined) setMetadata(db, traceId, 'mlflow.trace.cost', cost)
}

function hasReportingAncestor<Node extends { parent_id: string | null; usage: string | null; cost: string | null }>(
  node: Node,
  byId: ReadonlyMap<string, Node>,
  field: 'usage' | 'cost',
): boolean {
  const seen = new Set<Node>([node])
  for (let at = byId.get(node.parent_id ?? ''); at !== undefined && !seen.has(at); at = byId.get(at.parent_id ?? '')) {
    if (at[field] !== null) return true
    seen.add(at)
  }
  return false
}

function writeResourceTags(db: Database, traceId: string, spans: readonly IngestedSpan[]): void {
  const resource = spans.find((span) => Object.keys(span.resource).length > 0)?.resource ?? {}
  for (const [key, value] of Object.entries(resource)) {
    if (!key.startsWith('telemetry.sdk.') && !key.startsWith('mlflow.'))
      tryTag(db, traceId, key, typeof value === 'string' ? value : toPythonJson(value))
  }
  const root = spans.find((span) => span.parentId === null)
  for (const key of Object.keys(root?.attributes ?? {})) {
    const tag = key.startsWith('mlflow.traceTag.') ? key.slice('mlflow.traceTag.'.length) : ''
    if (tag !== '' && tag !== 'mlflow.traceName')
      tryTag(db, traceId, tag, textAttribute(root, key) ?? root?.attributes[key] ?? '')
  }
}

function tryTag(db: Database, traceId: string, key: string, value: string): void {
  try {
    checkKey(key)
  } catch {
    return // a resource attribute that is no valid tag is left out, as on MLflow
  }
  setTag(db, traceId, key, value)
}
