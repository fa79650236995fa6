// Runs: creating, changing, and logging to them.
import { randomInt, randomUUID } from 'node:crypto'
import type { Database } from './database.ts'
import { invalid, missing } from './errors.ts'
import { getActiveExperiment } from './experiments.ts'
import {
  checkKey,
  cut,
  findEnum,
  findInteger,
  findRecords,
  findString,
  getString,
  invalidParameter,
  maxTagChars,
  missingParameter,
} from './params.ts'
import type { Params } from './params.ts'

const statuses = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const
const maxParamChars = 6000

export type RunRow = {
  run_id: string
  experiment_id: number
  run_name: string
  user_id: string
  status: (typeof statuses)[number]
  start_time: number
  end_time: number | null
  artifact_uri: string
  lifecycle_stage: 'active' | 'deleted'
}

type MetricRow = { key: string; value: number; is_nan: number; timestamp: number; step: number }

export function getRun(db: Database, runId: string): RunRow {
  const row = db.get<RunRow>('SELECT * FROM runs WHERE run_id = ?', runId)
  if (row === undefined) throw missing(`Run with id=${runId} not found`)
  return row
}

function getActiveRun(db: Database, params: Params): RunRow {
  const row = getRun(db, findString(params, 'run_id') || getString(params, 'run_uuid'))
  if (row.lifecycle_stage !== 'active')
    throw invalid(`The run ${row.run_id} must be in the 'active' state. Current state is deleted.`)
  return row
}

function toRunInfo(row: RunRow): Record<string, unknown> {
  return {
    run_uuid: row.run_id,
    experiment_id: String(row.experiment_id),
    run_name: row.run_name,
    user_id: row.user_id,
    status: row.status,
    start_time: row.start_time,
    ...(row.end_time !== null && { end_time: row.end_time }),
    artifact_uri: row.artifact_uri,
    lifecycle_stage: row.lifecycle_stage,
    run_id: row.run_id,
  }
}

// A database column holds the largest double for infinity, and says in another that a value is no number.
const toMetric = ({ key, value, is_nan, timestamp, step }: MetricRow) => ({
  key,
  value: is_nan === 1 ? 'NaN' : value,
  timestamp,
  step,
})

type Entry = { key: string; value: string }

/** A run with its tags, params and newest metrics. */
export function toRun(db: Database, row: RunRow): Record<string, unknown> {
  const metrics = db
    .all<MetricRow>('SELECT * FROM latest_metrics WHERE run_id = ? ORDER BY rowid', row.run_id)
    .map(toMetric)
  const params = db.all<Entry>('SELECT key, value FROM run_params WHERE run_id = ? ORDER BY rowid', row.run_id)
  const tags = db.all<Entry>('SELECT key, value FROM run_tags WHERE run_id = ? ORDER BY rowid', row.run_id)
  return {
    info: toRunInfo(row),
    data: {
      ...(metrics.length > 0 && { metrics }),
      ...(params.length > 0 && { params }),
      ...(tags.length > 0 && { tags }),
    },
    inputs: {},
  }
}

const adjectives = ['amber', 'brisk', 'calm', 'clever', 'gentle', 'keen', 'merry', 'quiet', 'swift', 'wise']
const animals = ['auk', 'crane', 'fox', 'heron', 'lynx', 'otter', 'owl', 'seal', 'stoat', 'wren']
const nameRun = () => `${adjectives[randomInt(10)]}-${animals[randomInt(10)]}-${randomInt(1000)}`

/** Creates a run in status RUNNING. Without `start_time` it starts at 0, as on MLflow. */
export function createRun(db: Database, params: Params): Record<string, unknown> {
  const experimentId = findString(params, 'experiment_id') ?? '0'
  return db.transaction(() => {
    const experiment = getActiveExperiment(db, experimentId)
    const tags = findRecords(params, 'tags')
    const nameTag = tags.find((tag) => tag['key'] === 'mlflow.runName')
    const name =
      findString(params, 'run_name') || (nameTag === undefined ? '' : findString(nameTag, 'value')) || nameRun()
    const runId = randomUUID().replaceAll('-', '')
    db.run(
      "INSERT INTO runs VALUES (?, ?, ?, ?, 'RUNNING', ?, NULL, ?, 'active')",
      runId,
      experiment.experiment_id,
      name,
      findString(params, 'user_id') ?? '',
      findInteger(params, 'start_time') ?? 0,
      `${experiment.artifact_location}/${runId}/artifacts`,
    )
    for (const tag of tags) writeTag(db, runId, tag)
    if (nameTag === undefined) writeTag(db, runId, { key: 'mlflow.runName', value: name })
    return { run: toRun(db, getRun(db, runId)) }
  })
}

export function updateRun(db: Database, params: Params): Record<string, unknown> {
  return db.transaction(() => {
    const row = getActiveRun(db, params)
    const name = findString(params, 'run_name') ?? ''
    row.status = findEnum(params['status'], statuses) ?? row.status
    row.end_time = findInteger(params, 'end_time') ?? row.end_time
    db.run('UPDATE runs SET status = ?, end_time = ? WHERE run_id = ?', row.status, row.end_time, row.run_id)
    if (name !== '') {
      row.run_name = name
      writeTag(db, row.run_id, { key: 'mlflow.runName', value: name })
    }
    return { run_info: toRunInfo(row) }
  })
}

export function getRunById(db: Database, params: Params): Record<string, unknown> {
  return { run: toRun(db, getRun(db, findString(params, 'run_id') || getString(params, 'run_uuid'))) }
}

/** Soft delete and restore; repeating either is no error. */
export function setRunStage(db: Database, params: Params, stage: 'active' | 'deleted'): Record<string, unknown> {
  const row = getRun(db, getString(params, 'run_id'))
  db.run('UPDATE runs SET lifecycle_stage = ? WHERE run_id = ?', stage, row.run_id)
  return {}
}

function writeTag(db: Database, runId: string, tag: Params): void {
  const key = getString(tag, 'key')
  checkKey(key)
  const value = cut(findString(tag, 'value') ?? '', maxTagChars)
  db.run('INSERT INTO run_tags VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value', runId, key, value)
  if (key === 'mlflow.runName') db.run('UPDATE runs SET run_name = ? WHERE run_id = ?', value, runId)
}

export function setRunTag(db: Database, params: Params): Record<string, unknown> {
  db.transaction(() => writeTag(db, getActiveRun(db, params).run_id, params))
  return {}
}

export function deleteRunTag(db: Database, params: Params): Record<string, unknown> {
  const row = getActiveRun(db, params)
  const key = getString(params, 'key')
  if (db.run('DELETE FROM run_tags WHERE run_id = ? AND key = ?', row.run_id, key) === 0) {
    throw missing(`No tag with name: ${key} in run with id ${row.run_id}`)
  }
  return {}
}

/** Writes a param once; `undefined`, or the value it already has when that differs. */
function writeParam(
  db: Database,
  runId: string,
  param: Params,
): { key: string; old: string; fresh: string } | undefined {
  const key = getString(param, 'key')
  checkKey(key)
  const value = cut(findString(param, 'value') ?? '', maxParamChars)
  const before = db.get<{ value: string }>('SELECT value FROM run_params WHERE run_id = ? AND key = ?', runId, key)
  if (before === undefined) db.run('INSERT INTO run_params VALUES (?, ?, ?)', runId, key, value)
  return before === undefined || before.value === value ? undefined : { key, old: before.value, fresh: value }
}

export function logParam(db: Database, params: Params): Record<string, unknown> {
  const row = getActiveRun(db, params)
  const conflict = writeParam(db, row.run_id, params)
  if (conflict !== undefined) {
    throw invalid(
      `Changing param values is not allowed. Param with key='${conflict.key}' was already logged with value='${conflict.old}' for run ID='${row.run_id}'. Attempted logging new value '${conflict.fresh}'.`,
    )
  }
  return {}
}

function toNumber(value: unknown): number {
  if (value === 'NaN') return Number.NaN
  if (value === 'Infinity') return Number.MAX_VALUE
  if (value === '-Infinity') return -Number.MAX_VALUE
  if (typeof value === 'number') return value
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
  if (Number.isNaN(number)) throw invalidParameter('value', value)
  return number
}

function writeMetric(db: Database, runId: string, metric: Params): void {
  const key = getString(metric, 'key')
  checkKey(key)
  if (metric['value'] === undefined) throw missingParameter('value')
  const timestamp = findInteger(metric, 'timestamp')
  if (timestamp === undefined) throw missingParameter('timestamp')
  const number = toNumber(metric['value'])
  const isNan = Number.isNaN(number) ? 1 : 0
  const value = isNan === 1 ? 0 : number
  const step = findInteger(metric, 'step') ?? 0
  db.run(
    'INSERT OR IGNORE INTO run_metrics (run_id, key, value, is_nan, timestamp, step) VALUES (?, ?, ?, ?, ?, ?)',
    runId,
    key,
    value,
    isNan,
    timestamp,
    step,
  )
  db.run(
    `INSERT INTO latest_metrics VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
       value = excluded.value, is_nan = excluded.is_nan, timestamp = excluded.timestamp, step = excluded.step
     WHERE (excluded.step, excluded.timestamp, excluded.value) >= (step, timestamp, value)`,
    runId,
    key,
    value,
    isNan,
    timestamp,
    step,
  )
}

export function logMetric(db: Database, params: Params): Record<string, unknown> {
  db.transaction(() => writeMetric(db, getActiveRun(db, params).run_id, params))
  return {}
}

const batchLimits = { metrics: 1000, params: 100, tags: 100 } as const

/** Logs metrics, params and tags in one transaction, within MLflow's limits per request. */
export function logBatch(db: Database, params: Params): Record<string, unknown> {
  const batch = {
    metrics: findRecords(params, 'metrics'),
    params: findRecords(params, 'params'),
    tags: findRecords(params, 'tags'),
  }
  for (const kind of ['metrics', 'params', 'tags'] as const) {
    const limit = batchLimits[kind]
    if (batch[kind].length > limit) {
      throw invalid(
        `A batch logging request can contain at most ${limit} ${kind}. Got ${batch[kind].length} ${kind}. Please split up ${kind} across multiple requests and try again.`,
      )
    }
  }
  const total = batch.metrics.length + batch.params.length + batch.tags.length
  if (total > 1000)
    throw invalid(`A batch logging request can contain at most 1000 metrics, params, and tags. Got ${total}.`)
  db.transaction(() => {
    const { run_id } = getActiveRun(db, params)
    const conflicts = batch.params.flatMap((param) => writeParam(db, run_id, param) ?? [])
    if (conflicts.length > 0) {
      const list = conflicts.map(
        ({ key, old, fresh }) => `{'key': '${key}', 'old_value': '${old}', 'new_value': '${fresh}'}`,
      )
      throw invalid(
        `Changing param values is not allowed. Params were already logged='[${list.join(', ')}]' for run ID='${run_id}'.`,
      )
    }
    for (const metric of batch.metrics) writeMetric(db, run_id, metric)
    for (const tag of batch.tags) writeTag(db, run_id, tag)
  })
  return {}
}

/** Every value of one metric, oldest first. */
export function getMetricHistory(db: Database, params: Params): Record<string, unknown> {
  const { run_id } = getRun(db, getString(params, 'run_id'))
  const rows = db.all<MetricRow>(
    'SELECT * FROM run_metrics WHERE run_id = ? AND key = ? ORDER BY timestamp, step',
    run_id,
    getString(params, 'metric_key'),
  )
  return rows.length === 0 ? {} : { metrics: rows.map(toMetric) }
}
