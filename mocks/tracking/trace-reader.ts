// Everything that reads traces: search, infos, spans. Answers are JSON texts, made where they are read, so that the
// thread that serves HTTP only passes them on.
import type { Database } from './database.ts'
import { invalid, missing, TrackingError } from './errors.ts'
import {
  findInteger,
  findRecords,
  findString,
  findStrings,
  isRecord,
  missingParameter,
  parsePageToken,
  toPageToken,
} from './params.ts'
import type { Params } from './params.ts'
import { toSpanWire } from './span-wire.ts'
import { toTraceConditions, toTraceOrder } from './trace-filter.ts'
import { findTraceRow, findTraceRows, toTraceInfos } from './trace-info.ts'
import type { TraceInfoWire, TraceRow } from './trace-info.ts'
import { spansLocationKey } from './traces.ts'

const maxPage = 500
const defaultPage = 100

/** A page of infos: 500 at most, continued by an offset. A full last page is followed by an empty one, as on MLflow. */
export function searchTraces(db: Database, params: Params): string {
  if (params['locations'] === undefined) throw missingParameter('locations')
  const experimentIds = findRecords(params, 'locations').flatMap((location) => {
    const holder = location['mlflow_experiment']
    if (!isRecord(holder)) return []
    const id = findString(holder, 'experiment_id') ?? ''
    if (!/^\d{1,15}$/.test(id))
      throw new TrackingError('INTERNAL_ERROR', `invalid literal for int() with base 10: '${id}'`)
    return [Number(id)]
  })
  const max = findInteger(params, 'max_results') ?? defaultPage
  if (max > maxPage || max < 1) {
    throw invalid(
      `Invalid value ${max} for parameter 'max_results' supplied: It must be at least 1 and at most ${maxPage}, but got value ${max}`,
    )
  }
  const conditions = toTraceConditions(findString(params, 'filter'))
  const order = toTraceOrder(findStrings(params, 'order_by') ?? [])
  const offset = parsePageToken(findString(params, 'page_token'))
  const ids = [...new Set(experimentIds)]
  // One experiment is an equality, so that the index by time gives the order too.
  // Where ids or a session are named, those are few: the plus sign keeps SQLite from walking all of time to find them.
  const isNarrow = conditions.some((each) => /^t\.(trace_id|session_id) (= |IN )/.test(each.sql))
  const experiment = isNarrow ? '+t.experiment_id' : 't.experiment_id'
  const place = ids.length === 1 ? `${experiment} = ?` : `${experiment} IN (SELECT value FROM json_each(?))`
  const where = [place, ...conditions.map((each) => each.sql)].join(' AND ')
  const rows = db.all<TraceRow>(
    `SELECT t.* FROM traces t JOIN (SELECT t.trace_id AS id FROM traces t WHERE ${where} ORDER BY ${order.sql} LIMIT ? OFFSET ?) page
       ON page.id = t.trace_id`,
    ids.length === 1 ? (ids[0] ?? 0) : JSON.stringify(ids),
    ...conditions.flatMap((each) => each.values),
    ...order.values,
    max,
    offset,
  )
  const traces = toTraceInfos(db, rows)
  return JSON.stringify({
    ...(traces.length > 0 && { traces }),
    ...(traces.length === max && { next_page_token: toPageToken(offset + max) }),
  })
}

export function readTraceInfo(db: Database, traceId: string): string {
  const row = findTraceRow(db, traceId)
  if (row === undefined) throw missing(`Trace with ID '${traceId}' not found.`)
  return JSON.stringify({ trace: { trace_info: toTraceInfos(db, [row])[0] } })
}

/** Infos of the ids that exist, in the order asked for. */
export function readTraceInfos(db: Database, traceIds: readonly string[]): string {
  const infos = toTraceInfos(db, findTraceRows(db, traceIds))
  return JSON.stringify(infos.length > 0 ? { trace_infos: infos } : {})
}

const spansOf = (db: Database, traceId: string) =>
  db
    .all<{ content: string }>('SELECT content FROM spans WHERE trace_id = ? ORDER BY start_ns, rowid', traceId)
    .map((row) => row.content)

function checkInStore(info: TraceInfoWire): void {
  if (info.tags[spansLocationKey] !== 'TRACKING_STORE')
    throw new TrackingError('INTERNAL_ERROR', 'Trace data not stored in tracking store')
}

function toTraceText(db: Database, info: TraceInfoWire): string {
  checkInStore(info)
  const spans = spansOf(db, info.trace_id).map(toSpanWire)
  return `{"trace_info":${JSON.stringify(info)}${spans.length > 0 ? `,"spans":[${spans.join(',')}]` : ''}}`
}

/** A trace with its spans; 500 when they are not kept in the store. */
export function readTrace(db: Database, traceId: string): string {
  const [info] = toTraceInfos(db, findTraceRows(db, [traceId]))
  if (info === undefined) throw missing(`Trace with ID ${traceId} is not found.`)
  return `{"trace":${toTraceText(db, info)}}`
}

/** Traces with spans; ids that do not exist are left out, and one whose spans are elsewhere fails them all. */
export function readTraces(db: Database, traceIds: readonly string[]): string {
  const infos = toTraceInfos(db, findTraceRows(db, traceIds))
  for (const info of infos) checkInStore(info)
  return infos.length > 0 ? `{"traces":[${infos.map((info) => toTraceText(db, info)).join(',')}]}` : '{}'
}

/** The spans as the artifact reader answers them, or `''` when they are not kept in the store. */
export function readTraceArtifact(db: Database, traceId: string): string {
  const [info] = toTraceInfos(db, findTraceRows(db, [traceId]))
  if (info === undefined) throw missing(`Trace with ID ${traceId} is not found.`)
  return info.tags[spansLocationKey] === 'TRACKING_STORE' ? `{"spans":[${spansOf(db, traceId).join(',')}]}` : ''
}

export type ReadRequest =
  | { read: 'search'; params: Params }
  | { read: 'info' | 'trace' | 'artifact'; traceId: string }
  | { read: 'infos' | 'traces'; traceIds: readonly string[] }

const ofTrace = { info: readTraceInfo, trace: readTrace, artifact: readTraceArtifact }
const ofTraces = { infos: readTraceInfos, traces: readTraces }

/** Answers one read with the body's text. */
export function answerRead(db: Database, request: ReadRequest): string {
  if (request.read === 'search') return searchTraces(db, request.params)
  if ('traceId' in request) return ofTrace[request.read](db, request.traceId)
  return ofTraces[request.read](db, request.traceIds)
}
