// Experiments: named folders of runs and traces.
import type { Database } from './database.ts'
import { invalid, missing, TrackingError } from './errors.ts'
import { checkComparator, parseFilter, parseOrderBy, toComparison } from './filter.ts'
import type { Clause, Comparator, Condition } from './filter.ts'
import {
  checkKey,
  cut,
  findEnum,
  findInteger,
  findRecords,
  findString,
  findStrings,
  getString,
  parsePageToken,
  toPageToken,
} from './params.ts'
import type { Params } from './params.ts'

export type ExperimentRow = {
  experiment_id: number
  name: string
  artifact_location: string
  lifecycle_stage: 'active' | 'deleted'
  creation_time: number
  last_update_time: number
}

/** Makes experiment 0, `Default`, which every MLflow server has. */
export function createDefaultExperiment(db: Database): void {
  const now = Date.now()
  db.run("INSERT OR IGNORE INTO experiments VALUES (0, 'Default', 'mlflow-artifacts:/0', 'active', ?, ?)", now, now)
}

/** The experiment of an id, which is a decimal number in text. Throws 400 on another form and 404 when absent. */
export function getExperiment(db: Database, experimentId: string): ExperimentRow {
  if (!/^\d{1,15}$/.test(experimentId)) {
    throw invalid(`Invalid experiment ID '${experimentId}'. Experiment ID must be a valid integer.`)
  }
  const row = db.get<ExperimentRow>('SELECT * FROM experiments WHERE experiment_id = ?', Number(experimentId))
  if (row === undefined) throw missing(`No Experiment with id=${experimentId} exists`)
  return row
}

export function getActiveExperiment(db: Database, experimentId: string): ExperimentRow {
  const row = getExperiment(db, experimentId)
  if (row.lifecycle_stage !== 'active') {
    throw invalid(`The experiment ${experimentId} must be in the 'active' state. Current state is deleted.`)
  }
  return row
}

function toExperiment(db: Database, row: ExperimentRow): Record<string, unknown> {
  const tags = db.all<{ key: string; value: string }>(
    'SELECT key, value FROM experiment_tags WHERE experiment_id = ?',
    row.experiment_id,
  )
  return {
    experiment_id: String(row.experiment_id),
    name: row.name,
    artifact_location: row.artifact_location,
    lifecycle_stage: row.lifecycle_stage,
    last_update_time: row.last_update_time,
    creation_time: row.creation_time,
    ...(tags.length > 0 && { tags }),
    workspace: 'default',
  }
}

const maxTagValue = 5000

function writeTag(db: Database, experimentId: number, tag: Params): void {
  const key = getString(tag, 'key')
  checkKey(key)
  const value = cut(findString(tag, 'value') ?? '', maxTagValue)
  db.run(
    'INSERT INTO experiment_tags VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    experimentId,
    key,
    value,
  )
}

export function createExperiment(db: Database, params: Params): Record<string, unknown> {
  const name = getString(params, 'name')
  if (name.length > 500) throw invalid(`'name' exceeds the maximum length of 500 characters`)
  return db.transaction(() => {
    if (db.get('SELECT 1 FROM experiments WHERE name = ?', name) !== undefined) {
      throw new TrackingError(
        'RESOURCE_ALREADY_EXISTS',
        `Experiment(name=${name}) already exists. Error: (sqlite3.IntegrityError) UNIQUE constraint failed: experiments.workspace, experiments.name`,
      )
    }
    const now = Date.now()
    const location = findString(params, 'artifact_location') ?? ''
    db.run(
      "INSERT INTO experiments (name, artifact_location, lifecycle_stage, creation_time, last_update_time) VALUES (?, ?, 'active', ?, ?)",
      name,
      location,
      now,
      now,
    )
    const { id } = db.get<{ id: number }>('SELECT last_insert_rowid() AS id') ?? { id: 0 }
    if (location === '')
      db.run('UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?', `mlflow-artifacts:/${id}`, id)
    for (const tag of findRecords(params, 'tags')) writeTag(db, id, tag)
    return { experiment_id: String(id) }
  })
}

export function getExperimentById(db: Database, params: Params): Record<string, unknown> {
  return { experiment: toExperiment(db, getExperiment(db, getString(params, 'experiment_id'))) }
}

export function getExperimentByName(db: Database, params: Params): Record<string, unknown> {
  const name = getString(params, 'experiment_name')
  const row = db.get<ExperimentRow>('SELECT * FROM experiments WHERE name = ?', name)
  if (row === undefined) throw missing(`Could not find experiment with name '${name}'`)
  return { experiment: toExperiment(db, row) }
}

export function updateExperiment(db: Database, params: Params): Record<string, unknown> {
  const row = getActiveExperiment(db, getString(params, 'experiment_id'))
  const name = findString(params, 'new_name')
  if (name === undefined) return {}
  if (
    db.get('SELECT 1 FROM experiments WHERE name = ? AND experiment_id != ?', name, row.experiment_id) !== undefined
  ) {
    throw new TrackingError(
      'BAD_REQUEST',
      '(sqlite3.IntegrityError) UNIQUE constraint failed: experiments.workspace, experiments.name',
    )
  }
  db.run(
    'UPDATE experiments SET name = ?, last_update_time = ? WHERE experiment_id = ?',
    name,
    Date.now(),
    row.experiment_id,
  )
  return {}
}

/** Soft delete and restore; the runs of the experiment go and come with it. */
export function setExperimentStage(db: Database, params: Params, stage: 'active' | 'deleted'): Record<string, unknown> {
  const id = getString(params, 'experiment_id')
  const row = getExperiment(db, id)
  if (row.lifecycle_stage === stage) {
    const wanted = stage === 'deleted' ? 'active' : 'deleted'
    throw invalid(`The experiment ${id} must be in the '${wanted}' state. Current state is ${stage}.`)
  }
  db.transaction(() => {
    db.run(
      'UPDATE experiments SET lifecycle_stage = ?, last_update_time = ? WHERE experiment_id = ?',
      stage,
      Date.now(),
      row.experiment_id,
    )
    db.run('UPDATE runs SET lifecycle_stage = ? WHERE experiment_id = ?', stage, row.experiment_id)
  })
  return {}
}

export function setExperimentTag(db: Database, params: Params): Record<string, unknown> {
  writeTag(db, getActiveExperiment(db, getString(params, 'experiment_id')).experiment_id, params)
  return {}
}

export function deleteExperimentTag(db: Database, params: Params): Record<string, unknown> {
  const row = getActiveExperiment(db, getString(params, 'experiment_id'))
  const key = getString(params, 'key')
  if (db.run('DELETE FROM experiment_tags WHERE experiment_id = ? AND key = ?', row.experiment_id, key) === 0) {
    throw missing(`No tag with name: ${key} in experiment with id ${row.experiment_id}`)
  }
  return {}
}

const texts: readonly Comparator[] = ['=', '!=', 'LIKE', 'ILIKE']
const numbers: readonly Comparator[] = ['=', '!=', '>', '>=', '<', '<=']

function toCondition(clause: Clause): Condition {
  const { entity, key, comparator, value } = clause
  if (entity === 'tag' || entity === 'tags') {
    checkComparator(key, comparator, texts)
    const comparison = toComparison('x.value', comparator, value)
    return {
      sql: `EXISTS (SELECT 1 FROM experiment_tags x WHERE x.experiment_id = e.experiment_id AND x.key = ? AND ${comparison.sql})`,
      values: [key, ...comparison.values],
    }
  }
  if (entity !== 'attribute' && entity !== 'attributes')
    throw invalid(`Invalid entity type '${entity}'. Valid values are {'tag', 'attribute'}`)
  if (key === 'name') {
    checkComparator(key, comparator, texts)
    if (typeof value !== 'string')
      throw invalid(`Expected a quoted string value for attributes. Got value ${String(value)}`)
    return toComparison('e.name', comparator, value)
  }
  if (key === 'creation_time' || key === 'last_update_time') {
    checkComparator(key, comparator, numbers)
    if (typeof value !== 'number')
      throw invalid(`Expected numeric value type for numeric attribute: ${key}. Found ${String(value)}`)
    return toComparison(`e.${key}`, comparator, value)
  }
  throw invalid(
    `Invalid attribute key '${key}' specified. Valid keys are '{'name', 'creation_time', 'last_update_time'}'`,
  )
}

const orderColumns = ['name', 'experiment_id', 'creation_time', 'last_update_time']

export const views = ['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL'] as const

/** The condition of a `view_type` over a `lifecycle_stage` column. */
export function toViewCondition(column: string, view: unknown): string {
  const known = findEnum(view, views) ?? 'ACTIVE_ONLY'
  if (known === 'ALL') return '1'
  return `${column} = '${known === 'ACTIVE_ONLY' ? 'active' : 'deleted'}'`
}

export function searchExperiments(db: Database, params: Params): Record<string, unknown> {
  const max = findInteger(params, 'max_results') ?? 0
  if (max < 1 || max > 50_000)
    throw invalid(
      `Invalid value ${max} for parameter 'max_results' supplied: It must be a positive integer of at most 50000.`,
    )
  const conditions = parseFilter(findString(params, 'filter')).map(toCondition)
  const orders = (findStrings(params, 'order_by') ?? []).map((text) => {
    const { key, ascending } = parseOrderBy(text)
    if (!orderColumns.includes(key))
      throw invalid(`Invalid attribute key '${key}' specified. Valid keys are '{${orderColumns.join(', ')}}'`)
    return `e.${key} ${ascending ? 'ASC' : 'DESC'}`
  })
  const offset = parsePageToken(findString(params, 'page_token'))
  const rows = db.all<ExperimentRow>(
    `SELECT * FROM experiments e WHERE ${[toViewCondition('e.lifecycle_stage', params['view_type']), ...conditions.map((each) => each.sql)].join(' AND ')}
     ORDER BY ${[...orders, 'e.creation_time DESC', 'e.experiment_id ASC'].join(', ')} LIMIT ? OFFSET ?`,
    ...conditions.flatMap((each) => each.values),
    max + 1,
    offset,
  )
  const experiments = rows.slice(0, max).map((row) => toExperiment(db, row))
  return {
    ...(experiments.length > 0 && { experiments }),
    ...(rows.length > max && { next_page_token: toPageToken(offset + max) }),
  }
}
