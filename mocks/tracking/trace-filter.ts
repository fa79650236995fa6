// What a trace filter means: each clause becomes an SQL condition over `traces t` with bound values.
import { invalid, TrackingError } from './errors.ts'
import { checkComparator, parseFilter, parseOrderBy, toComparison } from './filter.ts'
import type { Clause, Comparator, Condition } from './filter.ts'

const numericComparators: readonly Comparator[] = ['=', '!=', '>', '>=', '<', '<=']
const stringComparators: readonly Comparator[] = ['=', '!=', 'IN', 'NOT IN', 'LIKE', 'ILIKE', 'RLIKE']
const mapComparators: readonly Comparator[] = ['=', '!=', 'LIKE', 'ILIKE', 'RLIKE', 'IS NULL', 'IS NOT NULL']
const assessmentComparators: readonly Comparator[] = [
  ...numericComparators,
  'LIKE',
  'ILIKE',
  'RLIKE',
  'IS NULL',
  'IS NOT NULL',
]

const entities: Record<string, string> = {
  attribute: 'attribute',
  attributes: 'attribute',
  trace: 'attribute',
  tag: 'tag',
  tags: 'tag',
  metadata: 'metadata',
  request_metadata: 'metadata',
  span: 'span',
  feedback: 'feedback',
  expectation: 'expectation',
  issue: 'issue',
}

const endTime = '(t.timestamp_ms + coalesce(t.execution_time_ms, 0))'
const numericColumns: Record<string, string> = {
  timestamp: 't.timestamp_ms',
  timestamp_ms: 't.timestamp_ms',
  execution_time: 't.execution_time_ms',
  execution_time_ms: 't.execution_time_ms',
  end_time: endTime,
  end_time_ms: endTime,
}
const stringColumns: Record<string, string> = {
  request_id: 't.trace_id',
  status: 't.status',
  client_request_id: 't.client_request_id',
}

export const sessionKey = 'mlflow.trace.session'
export const traceNameKey = 'mlflow.traceName'
export const sourceRunKey = 'mlflow.sourceRun'

/** The conditions of a filter string, all of which must hold. Throws `INVALID_PARAMETER_VALUE` on a bad filter. */
export function toTraceConditions(filter: string | undefined): Condition[] {
  const conditions: Condition[] = []
  const spanConditions: Condition[] = []
  let runId: string | undefined
  for (const clause of parseFilter(filter)) {
    const entity = entities[clause.entity]
    if (entity === undefined)
      throw invalid(`Invalid entity type '${clause.entity}'. Valid values are {${Object.keys(entities).join(', ')}}`)
    if (entity === 'attribute' && clause.key === 'run_id' && clause.comparator === '=') runId = toText(clause)
    else if (entity === 'span') spanConditions.push(toSpanCondition(clause))
    else if (entity === 'attribute' && clause.key === 'text')
      spanConditions.push(toSpanCondition({ ...clause, key: 'content' }))
    else conditions.push(toCondition(entity, clause))
  }
  if (spanConditions.length > 0) {
    // One EXISTS for all of them: `span.name = 'a' AND span.status = 'ERROR'` asks for one span that is both.
    conditions.push({
      sql: `EXISTS (SELECT 1 FROM spans s WHERE s.trace_id = t.trace_id AND ${spanConditions.map((each) => each.sql).join(' AND ')})`,
      values: spanConditions.flatMap((each) => each.values),
    })
  }
  if (runId !== undefined) conditions.push(linkedTo(runId))
  return conditions
}

// EXISTS, not a join: rows keep coming in time order from the index, and a page needs no sort.
function linkedTo(runId: string): Condition {
  return {
    sql:
      '(EXISTS (SELECT 1 FROM links l WHERE l.run_id = ? AND l.trace_id = t.trace_id)' +
      ' OR EXISTS (SELECT 1 FROM trace_metadata m WHERE m.trace_id = t.trace_id AND m.key = ? AND m.value = ?))',
    values: [runId, sourceRunKey, runId],
  }
}

function toText(clause: Clause): string {
  if (typeof clause.value === 'string') return clause.value
  throw invalid(
    `Expected a quoted string value for ${clause.entity} (e.g. 'my-value'). Got value ${String(clause.value)}`,
  )
}

function toCondition(entity: string, clause: Clause): Condition {
  switch (entity) {
    case 'attribute':
      return toAttributeCondition(clause)
    case 'tag':
      return clause.key === traceNameKey
        ? toColumnCondition('t.trace_name', clause)
        : toMapCondition('trace_tags', clause)
    case 'metadata':
      return clause.key === sessionKey
        ? toColumnCondition('t.session_id', clause)
        : toMapCondition('trace_metadata', clause)
    case 'issue':
      if (clause.key !== 'id') throw invalid(`Invalid issue attribute '${clause.key}'. Supported attributes: id`)
      checkComparator('issue.id', clause.comparator, ['='])
      return {
        sql: "EXISTS (SELECT 1 FROM assessments a WHERE a.trace_id = t.trace_id AND a.kind = 'issue' AND a.name = ?)",
        values: [toText(clause)],
      }
    default:
      return toAssessmentCondition(entity, clause)
  }
}

function toAttributeCondition(clause: Clause): Condition {
  const { key, comparator, value } = clause
  const numeric = numericColumns[key]
  if (numeric !== undefined) {
    checkComparator(key, comparator, numericComparators)
    return toComparison(numeric, comparator, value)
  }
  if (key === 'name') return toColumnCondition('t.trace_name', clause)
  if (key === 'run_id') return toMapCondition('trace_metadata', { ...clause, key: sourceRunKey })
  if (key === 'prompt') {
    checkComparator('prompts filter', comparator, ['='])
    if (toText(clause).split('/').length !== 2) {
      throw invalid(`Invalid prompts filter value '${toText(clause)}'. Expected format: prompt = "name/version"`)
    }
    // Prompts are not kept here, so none is linked.
    return { sql: '0', values: [] }
  }
  const column = stringColumns[key]
  if (column === undefined) {
    const known = [...Object.keys(numericColumns), ...Object.keys(stringColumns), 'name', 'run_id', 'prompt', 'text']
    throw invalid(`Invalid attribute key '${key}' specified. Valid keys are '{${known.join(', ')}}'`)
  }
  checkComparator(key, comparator, stringComparators)
  if (typeof value === 'number') {
    throw invalid(
      `Only the '{${Object.keys(numericColumns).join(', ')}}' attributes support comparison with numeric values.`,
    )
  }
  return toComparison(column, comparator, value)
}

function toColumnCondition(column: string, clause: Clause): Condition {
  checkComparator(clause.key, clause.comparator, mapComparators)
  if (clause.value !== null) toText(clause)
  return toComparison(column, clause.comparator, clause.value)
}

function toMapCondition(table: 'trace_tags' | 'trace_metadata', clause: Clause): Condition {
  const { key, comparator, value } = clause
  checkComparator(key, comparator, mapComparators)
  const exists = `EXISTS (SELECT 1 FROM ${table} x WHERE x.trace_id = t.trace_id AND x.key = ?`
  if (value === null) return { sql: `${comparator === 'IS NULL' ? 'NOT ' : ''}${exists})`, values: [key] }
  const comparison = toComparison('x.value', comparator, toText(clause))
  return { sql: `${exists} AND ${comparison.sql})`, values: [key, ...comparison.values] }
}

const spanColumns: Record<string, string> = { name: 's.name', type: 's.type', status: 's.status' }

function toSpanCondition({ key, comparator, value, entity }: Clause): Condition {
  if (key === 'content') {
    checkComparator('span.content', comparator, ['LIKE', 'ILIKE'])
    return toComparison('s.content', comparator, toText({ entity, key, comparator, value }))
  }
  checkComparator(`span.${key}`, comparator, stringComparators)
  if (typeof value === 'number')
    throw invalid(`Expected a quoted string value for span (e.g. 'my-value'). Got value ${value}`)
  const column = spanColumns[key]
  if (column !== undefined) return toComparison(column, comparator, value)
  const name = key.startsWith('attributes.') ? key.slice('attributes.'.length).replaceAll('`', '') : ''
  if (name === '') {
    throw invalid(
      `Invalid span attribute '${key}'. Supported attributes: name, status, type, attributes.<attribute_name>.`,
    )
  }
  // As MLflow does it: a pattern over the span's JSON, so only LIKE and ILIKE can match.
  const text = Array.isArray(value) ? value.join(',') : String(value)
  if (comparator === 'RLIKE')
    return { sql: 's.content REGEXP ?', values: [`"${escapeRegExp(name)}":"(\\\\")?.*${text}`] }
  return toComparison(
    's.content',
    comparator === 'IN' ? '=' : comparator === 'NOT IN' ? '!=' : comparator,
    `%"${name}"${text}%`,
  )
}

const escapeRegExp = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`)

function toAssessmentCondition(kind: string, clause: Clause): Condition {
  const { key, comparator, value } = clause
  checkComparator(`assessment.${key}`, comparator, assessmentComparators)
  const ordered = comparator === '<' || comparator === '<=' || comparator === '>' || comparator === '>='
  if (ordered !== (typeof value === 'number') && value !== null) {
    const wanted = ordered
      ? `a numeric value for ${kind} when using comparator '${comparator}'`
      : `a quoted string value for ${kind} (e.g. 'my-value')`
    throw invalid(`Expected ${wanted}. Got value ${String(value)}`)
  }
  const matching = toValueCondition(clause, ordered)
  const where = `a.kind = ? AND a.name = ? AND a.valid = 1${matching.sql === '' ? '' : ` AND ${matching.sql}`}`
  const values = [kind, key, ...matching.values]
  // An assessment of a session (its metadata names one) speaks for every trace of that session.
  const sessions = `SELECT o.session_id FROM assessments a JOIN traces o ON o.trace_id = a.trace_id WHERE a.is_of_session = 1 AND ${where} AND o.session_id IS NOT NULL`
  const any = `(EXISTS (SELECT 1 FROM assessments a WHERE a.trace_id = t.trace_id AND ${where}) OR coalesce(t.session_id IN (${sessions}), 0))`
  return { sql: comparator === 'IS NULL' ? `NOT ${any}` : any, values: [...values, ...values] }
}

function toValueCondition({ comparator, value }: Clause, ordered: boolean): Condition {
  if (value === null) return { sql: '', values: [] }
  if (ordered) {
    const comparison = toComparison('CAST(a.value AS REAL)', comparator, value)
    return {
      sql: `json_valid(a.value) AND json_type(a.value) IN ('integer', 'real') AND ${comparison.sql}`,
      values: comparison.values,
    }
  }
  const text = String(value)
  if (comparator !== '=' && comparator !== '!=') return toComparison('a.value', comparator, text)
  return {
    sql: `${comparator === '!=' ? 'NOT ' : ''}(a.value = ? OR a.value = ?)`,
    values: [text, JSON.stringify(text)],
  }
}

const orderColumns: Record<string, string> = {
  timestamp: 't.timestamp_ms',
  timestamp_ms: 't.timestamp_ms',
  execution_time: 't.execution_time_ms',
  execution_time_ms: 't.execution_time_ms',
  status: 't.status',
  request_id: 't.trace_id',
  experiment_id: 't.experiment_id',
  name: 't.trace_name',
}

/** The ORDER BY of a search: what was asked, then newest first, then by id. Absent values come last in both directions. */
export function toTraceOrder(orderBy: readonly string[]): Condition {
  const terms: string[] = []
  const values: string[] = []
  const seen = new Set<string>()
  for (const text of orderBy) {
    const order = parseOrderBy(text)
    const entity = entities[order.entity]
    // Listed as a key to order by, but the store has no such column: MLflow fails on it.
    if (entity === 'attribute' && order.key.startsWith('end_time'))
      throw new TrackingError('INTERNAL_ERROR', `type object 'SqlTraceInfo' has no attribute '${order.key}'`)
    let column: string | undefined
    if (entity === 'attribute') column = orderColumns[order.key]
    if (entity === 'metadata' && order.key === sessionKey) column = 't.session_id'
    if (entity === 'tag' && order.key === traceNameKey) column = 't.trace_name'
    const table = entity === 'tag' ? 'trace_tags' : 'trace_metadata'
    const mapKey =
      entity === 'tag' || entity === 'metadata' ? order.key : order.key === 'run_id' ? sourceRunKey : undefined
    if (column === undefined && mapKey !== undefined) {
      column = `(SELECT x.value FROM ${table} x WHERE x.trace_id = t.trace_id AND x.key = ?)`
      values.push(mapKey)
    }
    if (column === undefined)
      throw invalid(
        `Invalid attribute key '${order.key}' specified. Valid keys are '{${Object.keys(orderColumns).join(', ')}}'`,
      )
    if (seen.has(column + (mapKey ?? '')))
      throw new TrackingError('INTERNAL_ERROR', `\`order_by\` contains duplicate fields: ${orderBy.join(', ')}`)
    seen.add(column + (mapKey ?? ''))
    terms.push(
      `${column} ${order.ascending ? 'ASC' : 'DESC'}${column === 't.timestamp_ms' || column === 't.trace_id' ? '' : ' NULLS LAST'}`,
    )
  }
  if (!seen.has('t.timestamp_ms')) terms.push('t.timestamp_ms DESC')
  if (!seen.has('t.trace_id')) terms.push('t.trace_id ASC')
  return { sql: terms.join(', '), values }
}
