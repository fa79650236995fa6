// Trace infos as they go over the wire: read in a few statements per page, without the spans.
import { toAssessmentWire } from './assessment-wire.ts'
import type { AssessmentRow } from './assessment-wire.ts'
import type { Database } from './database.ts'
import { cut } from './params.ts'
import { toDuration, toTimestamp } from './times.ts'
import { sessionKey, traceNameKey } from './trace-filter.ts'

export type TraceRow = {
  trace_id: string
  experiment_id: number
  timestamp_ms: number
  execution_time_ms: number | null
  status: string
  client_request_id: string | null
  request_preview: string | null
  response_preview: string | null
  trace_name: string | null
  session_id: string | null
}

/** The body of a trace info; unset fields are left out, as protobuf does. */
export type TraceInfoWire = Record<string, unknown> & { trace_id: string; tags: Record<string, string> }

const maxServedTag = 4096
const maxServedMetadata = 250

type Entry = { trace_id: string; key: string; value: string }

function group<T extends { trace_id: string }>(rows: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const row of rows) {
    const rows = groups.get(row.trace_id)
    if (rows === undefined) groups.set(row.trace_id, [row])
    else rows.push(row)
  }
  return groups
}

/** The infos of these rows, in their order. */
export function toTraceInfos(db: Database, rows: readonly TraceRow[]): TraceInfoWire[] {
  if (rows.length === 0) return []
  const ids = JSON.stringify(rows.map((row) => row.trace_id))
  const tags = group(db.all<Entry>('SELECT * FROM trace_tags WHERE trace_id IN (SELECT value FROM json_each(?))', ids))
  const metadata = group(
    db.all<Entry>('SELECT * FROM trace_metadata WHERE trace_id IN (SELECT value FROM json_each(?))', ids),
  )
  const assessments = group(
    db.all<AssessmentRow>(
      'SELECT * FROM assessments WHERE trace_id IN (SELECT value FROM json_each(?)) ORDER BY ordinal',
      ids,
    ),
  )
  return rows.map((row) => {
    const ofTrace = assessments.get(row.trace_id)
    const tagMap = toMap(tags.get(row.trace_id), maxServedTag)
    if (row.trace_name !== null) tagMap[traceNameKey] = cut(row.trace_name, maxServedTag)
    const metadataMap = toMap(metadata.get(row.trace_id), maxServedMetadata)
    if (row.session_id !== null) metadataMap[sessionKey] = cut(row.session_id, maxServedMetadata)
    return {
      trace_id: row.trace_id,
      ...(row.client_request_id !== null && { client_request_id: row.client_request_id }),
      trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: String(row.experiment_id) } },
      ...(row.request_preview !== null && { request_preview: row.request_preview }),
      ...(row.response_preview !== null && { response_preview: row.response_preview }),
      request_time: toTimestamp(row.timestamp_ms),
      ...(row.execution_time_ms !== null && { execution_duration: toDuration(row.execution_time_ms) }),
      state: row.status,
      ...(Object.keys(metadataMap).length > 0 && { trace_metadata: metadataMap }),
      tags: tagMap,
      ...(ofTrace !== undefined && { assessments: ofTrace.map(toAssessmentWire) }),
    }
  })
}

function toMap(entries: readonly Entry[] | undefined, maxChars: number): Record<string, string> {
  const map: Record<string, string> = Object.create(null)
  for (const entry of entries ?? []) map[entry.key] = cut(entry.value, maxChars)
  return map
}

const pageOfIds = 500

/** Rows of the ids that exist, in the order asked for. */
export function findTraceRows(db: Database, traceIds: readonly string[]): TraceRow[] {
  const found = new Map<string, TraceRow>()
  for (let at = 0; at < traceIds.length; at += pageOfIds) {
    const ids = JSON.stringify(traceIds.slice(at, at + pageOfIds))
    for (const row of db.all<TraceRow>(
      'SELECT * FROM traces WHERE trace_id IN (SELECT value FROM json_each(?))',
      ids,
    )) {
      found.set(row.trace_id, row)
    }
  }
  return [...new Set(traceIds)].flatMap((id) => found.get(id) ?? [])
}

export function findTraceRow(db: Database, traceId: string): TraceRow | undefined {
  return db.get<TraceRow>('SELECT * FROM traces WHERE trace_id = ?', traceId)
}
