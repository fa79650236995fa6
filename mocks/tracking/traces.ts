// Writing traces: the record itself, its tags, its links to runs, and deleting.
import { insertAssessment, toAssessmentRow } from './assessments.ts'
import type { Database } from './database.ts'
import { invalid, missing, TrackingError } from './errors.ts'
import { getActiveExperiment } from './experiments.ts'
import {
  checkKey,
  cut,
  findArray,
  findEnum,
  findInteger,
  findMap,
  findString,
  findStrings,
  getString,
  isRecord,
  maxTagChars,
  missingParameter,
} from './params.ts'
import type { Params } from './params.ts'
import { parseDuration, parseTimestamp } from './times.ts'
import { sessionKey, traceNameKey } from './trace-filter.ts'
import { findTraceRow, toTraceInfos } from './trace-info.ts'

const states = ['OK', 'ERROR', 'IN_PROGRESS', 'STATE_UNSPECIFIED'] as const
export const finalizedKey = 'mlflow.trace.infoFinalized'
export const spansLocationKey = 'mlflow.trace.spansLocation'
const maxPreview = 1000

export function toPreview(text: string): string {
  return text.length > maxPreview ? `${text.slice(0, maxPreview - 3)}...` : text
}

export function setTag(db: Database, traceId: string, key: string, value: string): void {
  db.run(
    'INSERT INTO trace_tags VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    traceId,
    key,
    cut(value, maxTagChars),
  )
}

export function setMetadata(db: Database, traceId: string, key: string, value: string): void {
  db.run(
    'INSERT INTO trace_metadata VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    traceId,
    key,
    cut(value, maxTagChars),
  )
}

export function artifactLocationOf(artifactRoot: string, traceId: string): string {
  return `${artifactRoot}/traces/${traceId}/artifacts`
}

/** MLflow's parser stops without a word at a time or duration it cannot read: that field and all after it are lost. */
function toReadableFields(info: Params): Params {
  const entries = Object.entries(info)
  const bad = entries.findIndex(
    ([key, value]) =>
      value !== null &&
      ((key === 'request_time' && parseTimestamp(value) === undefined) ||
        (key === 'execution_duration' && parseDuration(value) === undefined)),
  )
  return bad === -1 ? info : Object.fromEntries(entries.slice(0, bad))
}

/** Creates the record of a trace, or completes the one that ingested spans made first. */
export function startTrace(db: Database, params: Params): Record<string, unknown> {
  const trace = params['trace']
  if (!isRecord(trace)) throw missingParameter('trace')
  const info = toReadableFields(isRecord(trace['trace_info']) ? trace['trace_info'] : {})
  const location = isRecord(info['trace_location']) ? info['trace_location'] : {}
  const holder = isRecord(location['mlflow_experiment']) ? location['mlflow_experiment'] : {}
  const traceId = findString(info, 'trace_id') ?? ''
  const tags = findMap(info, 'tags')
  const metadata = findMap(info, 'trace_metadata')
  return db.transaction(() => {
    const experiment = getActiveExperiment(db, findString(holder, 'experiment_id') ?? '')
    const requestPreview = findString(info, 'request_preview')
    const responsePreview = findString(info, 'response_preview')
    db.run(
      `INSERT INTO traces VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (trace_id) DO UPDATE SET
         experiment_id = excluded.experiment_id, timestamp_ms = excluded.timestamp_ms, execution_time_ms = excluded.execution_time_ms,
         status = excluded.status, client_request_id = excluded.client_request_id,
         request_preview = coalesce(excluded.request_preview, request_preview),
         response_preview = coalesce(excluded.response_preview, response_preview),
         trace_name = coalesce(excluded.trace_name, trace_name), session_id = coalesce(excluded.session_id, session_id)`,
      traceId,
      experiment.experiment_id,
      parseTimestamp(info['request_time']) ?? 0,
      parseDuration(info['execution_duration']) ?? null,
      findEnum(info['state'], states) ?? 'STATE_UNSPECIFIED',
      findString(info, 'client_request_id') ?? null,
      requestPreview ?? null,
      responsePreview ?? null,
      tags[traceNameKey] ?? null,
      metadata[sessionKey] ?? null,
    )
    for (const [key, value] of Object.entries(tags)) if (key !== traceNameKey) setTag(db, traceId, key, value)
    setTag(db, traceId, 'mlflow.artifactLocation', artifactLocationOf(experiment.artifact_location, traceId))
    for (const [key, value] of Object.entries(metadata)) if (key !== sessionKey) setMetadata(db, traceId, key, value)
    setMetadata(db, traceId, finalizedKey, 'true')
    for (const assessment of findArray(info, 'assessments') ?? []) {
      if (isRecord(assessment))
        insertAssessment(db, toAssessmentRow(traceId, assessment, Date.now()), { replace: true })
    }
    const row = findTraceRow(db, traceId)
    return { trace: { trace_info: row === undefined ? {} : toTraceInfos(db, [row])[0] } }
  })
}

const protectedTags = new Set([spansLocationKey, 'mlflow.trace.archiveLocation', 'mlflow.trace.archivalFailure'])

function checkTagChange(key: string, verb: 'set' | 'deleted'): void {
  if (protectedTags.has(key)) throw invalid(`Tag '${key}' is immutable and cannot be ${verb} on a trace.`)
}

/** Sets one tag; on a trace that does not exist the answer is the text of a failed constraint, as on MLflow. */
export function setTraceTag(db: Database, traceId: string, params: Params): Record<string, unknown> {
  const key = getString(params, 'key')
  const value = findString(params, 'value') ?? ''
  checkTagChange(key, 'set')
  checkKey(key)
  const isTrace = db.get('SELECT 1 FROM traces WHERE trace_id = ?', traceId) !== undefined
  if (key === traceNameKey) {
    if (!isTrace) throw missing(`Trace with ID '${traceId}' not found.`)
    db.run('UPDATE traces SET trace_name = ? WHERE trace_id = ?', value, traceId)
    return {}
  }
  if (!isTrace) {
    throw new TrackingError(
      'BAD_REQUEST',
      '(sqlite3.IntegrityError) FOREIGN KEY constraint failed\n[SQL: INSERT INTO trace_tags ("key", value, request_id) VALUES (?, ?, ?)]',
    )
  }
  setTag(db, traceId, key, value)
  return {}
}

export function deleteTraceTag(db: Database, traceId: string, params: Params): Record<string, unknown> {
  const key = getString(params, 'key')
  if (key !== 'mlflow.trace.archivalFailure') checkTagChange(key, 'deleted')
  const changed =
    key === traceNameKey
      ? db.run('UPDATE traces SET trace_name = NULL WHERE trace_id = ? AND trace_name IS NOT NULL', traceId)
      : db.run('DELETE FROM trace_tags WHERE trace_id = ? AND key = ?', traceId, key)
  if (changed === 0) throw missing(`No trace tag with key '${key}' for trace with ID '${traceId}'`)
  return {}
}

const maxLinks = 100

/** Links traces to a run: at most 100 a call, each once a call; neither the traces nor the run need exist. */
export function linkTracesToRun(db: Database, params: Params): Record<string, unknown> {
  const traceIds = findStrings(params, 'trace_ids')
  if (traceIds === undefined) throw missingParameter('trace_ids')
  const runId = getString(params, 'run_id')
  if (traceIds.length > maxLinks) {
    throw invalid(
      `Cannot link more than ${maxLinks} traces to a run in a single request. Provided ${traceIds.length} traces.`,
    )
  }
  const isLinked = (traceId: string) =>
    db.get('SELECT 1 FROM links WHERE run_id = ? AND trace_id = ?', runId, traceId) !== undefined
  db.transaction(() => {
    const fresh = traceIds.filter((traceId) => !isLinked(traceId))
    if (new Set(fresh).size < fresh.length) {
      throw new TrackingError(
        'BAD_REQUEST',
        '(sqlite3.IntegrityError) UNIQUE constraint failed: entity_associations.source_type, entity_associations.source_id, entity_associations.destination_type, entity_associations.destination_id',
      )
    }
    for (const traceId of fresh) db.run('INSERT INTO links VALUES (?, ?)', runId, traceId)
  })
  return {}
}

/** Deletes the traces named, or those up to a time, oldest first, with everything that hangs on them. */
export function deleteTraces(db: Database, params: Params): Record<string, unknown> {
  const experimentId = Number(getString(params, 'experiment_id'))
  const until = findInteger(params, 'max_timestamp_millis')
  const limit = findInteger(params, 'max_traces')
  const ids = findStrings(params, 'request_ids') ?? []
  if (until === undefined && ids.length === 0)
    throw invalid('Either `max_timestamp_millis` or `trace_ids` must be specified.')
  if (until !== undefined && ids.length > 0)
    throw invalid('Only one of `max_timestamp_millis` and `trace_ids` can be specified.')
  if (ids.length > 0 && limit !== undefined)
    throw invalid("`max_traces` can't be specified if `trace_ids` is specified.")
  if (limit !== undefined && limit <= 0) throw invalid(`\`max_traces\` must be a positive integer, received ${limit}.`)
  const deleted = db.transaction(() =>
    until === undefined
      ? db.run(
          'DELETE FROM traces WHERE experiment_id = ? AND trace_id IN (SELECT value FROM json_each(?))',
          experimentId,
          JSON.stringify(ids),
        )
      : db.run(
          'DELETE FROM traces WHERE trace_id IN (SELECT trace_id FROM traces WHERE experiment_id = ? AND timestamp_ms <= ? ORDER BY timestamp_ms, trace_id LIMIT ?)',
          experimentId,
          until,
          limit ?? -1,
        ),
  )
  return { traces_deleted: deleted }
}
