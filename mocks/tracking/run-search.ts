// Searching runs with MLflow's grammar.
import type { Database } from './database.ts'
import { invalid } from './errors.ts'
import { toViewCondition } from './experiments.ts'
import { checkComparator, parseFilter, parseOrderBy, toComparison } from './filter.ts'
import type { Clause, Comparator, Condition } from './filter.ts'
import { findInteger, findString, findStrings, invalidParameter, parsePageToken, toPageToken } from './params.ts'
import type { Params } from './params.ts'
import { toRun } from './runs.ts'
import type { RunRow } from './runs.ts'

const numbers: readonly Comparator[] = ['=', '!=', '>', '>=', '<', '<=']
const texts: readonly Comparator[] = ['=', '!=', 'LIKE', 'ILIKE']
const optionalTexts: readonly Comparator[] = [...texts, 'IS NULL', 'IS NOT NULL']
const idComparators: readonly Comparator[] = [...texts, 'IN', 'NOT IN']

const entities: Record<string, string> = {
  attribute: 'attribute',
  attributes: 'attribute',
  attr: 'attribute',
  run: 'attribute',
  metric: 'metric',
  metrics: 'metric',
  param: 'param',
  params: 'param',
  parameter: 'param',
  parameters: 'param',
  tag: 'tag',
  tags: 'tag',
}
const numericColumns: Record<string, string> = {
  start_time: 'r.start_time',
  end_time: 'r.end_time',
  created: 'r.start_time',
  Created: 'r.start_time',
}
const textColumns: Record<string, string> = {
  status: 'r.status',
  run_name: 'r.run_name',
  'run name': 'r.run_name',
  'Run name': 'r.run_name',
  'Run Name': 'r.run_name',
  run_id: 'r.run_id',
  artifact_uri: 'r.artifact_uri',
  user_id: 'r.user_id',
  User: 'r.user_id',
}

function toAttributeColumn(key: string): string {
  const column = numericColumns[key] ?? textColumns[key]
  if (column !== undefined) return column
  const known = [...Object.keys(numericColumns), ...Object.keys(textColumns)].map((each) => `'${each}'`)
  throw invalid(`Invalid attribute key '${key}' specified. Valid keys are '{${known.join(', ')}}'`)
}

function getEntity(name: string): string {
  const entity = entities[name]
  if (entity === undefined)
    throw invalid(`Invalid entity type '${name}'. Valid values are {${Object.keys(entities).join(', ')}}`)
  return entity
}

function toCondition({ entity: name, key, comparator, value }: Clause): Condition {
  const entity = getEntity(name)
  if (entity === 'attribute') {
    const column = toAttributeColumn(key)
    const isNumeric = numericColumns[key] !== undefined
    checkComparator(key, comparator, isNumeric ? numbers : key === 'run_id' ? idComparators : texts)
    if (isNumeric && typeof value !== 'number')
      throw invalid(`Expected numeric value type for numeric attribute: ${key}. Found ${String(value)}`)
    if (!isNumeric && typeof value === 'number')
      throw invalid(`Expected a quoted string value for attributes. Got value ${value}`)
    return toComparison(column, comparator, value)
  }
  if (entity === 'metric') {
    if (typeof value !== 'number') throw invalid(`Expected numeric value type for metric. Found '${String(value)}'`)
    checkComparator(key, comparator, numbers)
    return exists('latest_metrics', key, toComparison('x.value', comparator, value))
  }
  checkComparator(key, comparator, optionalTexts)
  const table = entity === 'param' ? 'run_params' : 'run_tags'
  if (value === null) {
    const condition = exists(table, key, { sql: '1', values: [] })
    return comparator === 'IS NULL' ? { ...condition, sql: `NOT ${condition.sql}` } : condition
  }
  if (typeof value !== 'string')
    throw invalid(`Expected a quoted string value for ${entity} (e.g. 'my-value'). Got value ${String(value)}`)
  return exists(table, key, toComparison('x.value', comparator, value))
}

function exists(table: string, key: string, comparison: Condition): Condition {
  return {
    sql: `EXISTS (SELECT 1 FROM ${table} x WHERE x.run_id = r.run_id AND x.key = ? AND ${comparison.sql})`,
    values: [key, ...comparison.values],
  }
}

function toOrder(text: string): Condition {
  const { entity: name, key, ascending } = parseOrderBy(text)
  const entity = getEntity(name)
  const direction = `${ascending ? 'ASC' : 'DESC'} NULLS LAST`
  if (entity === 'attribute') return { sql: `${toAttributeColumn(key)} ${direction}`, values: [] }
  const table = entity === 'metric' ? 'latest_metrics' : entity === 'param' ? 'run_params' : 'run_tags'
  return { sql: `(SELECT x.value FROM ${table} x WHERE x.run_id = r.run_id AND x.key = ?) ${direction}`, values: [key] }
}

/** A page of runs: newest first where nothing else is asked. */
export function searchRuns(db: Database, params: Params): Record<string, unknown> {
  const max = findInteger(params, 'max_results') ?? 1000
  if (max > 50_000 || max < 0) throw invalidParameter('max_results', max)
  const conditions = parseFilter(findString(params, 'filter')).map(toCondition)
  const orders = (findStrings(params, 'order_by') ?? []).map(toOrder)
  const offset = parsePageToken(findString(params, 'page_token'))
  const experimentIds = (findStrings(params, 'experiment_ids') ?? []).map(Number).filter(Number.isInteger)
  const rows = db.all<RunRow>(
    `SELECT r.* FROM runs r WHERE r.experiment_id IN (SELECT value FROM json_each(?))
       AND ${[toViewCondition('r.lifecycle_stage', params['run_view_type']), ...conditions.map((each) => each.sql)].join(' AND ')}
     ORDER BY ${[...orders.map((each) => each.sql), 'r.start_time DESC', 'r.run_id'].join(', ')} LIMIT ? OFFSET ?`,
    JSON.stringify(experimentIds),
    ...conditions.flatMap((each) => each.values),
    ...orders.flatMap((each) => each.values),
    max,
    offset,
  )
  return {
    ...(rows.length > 0 && { runs: rows.map((row) => toRun(db, row)) }),
    ...(rows.length === max && max > 0 && { next_page_token: toPageToken(offset + max) }),
  }
}
