// Creating, reading, changing and deleting assessments, with MLflow's rules for ids, masks and overriding.
import { randomUUID } from 'node:crypto'
import { assessmentKinds, toAssessmentWire } from './assessment-wire.ts'
import type { AssessmentKind, AssessmentRow } from './assessment-wire.ts'
import type { Database } from './database.ts'
import { invalid, missing, PageError, TrackingError } from './errors.ts'
import { findEnum, findMap, findString, isRecord, missingParameter } from './params.ts'
import type { Params } from './params.ts'
import { toPythonJson } from './python-json.ts'
import { parseTimestamp } from './times.ts'

const sourceTypes = ['HUMAN', 'LLM_JUDGE', 'AI_JUDGE', 'CODE'] as const

/** An assessment as the caller sent it, made into a row. Throws when it holds no value at all. */
export function toAssessmentRow(traceId: string, assessment: Params, now: number): AssessmentRow {
  const kind = assessmentKinds.find((each) => isRecord(assessment[each]))
  if (kind === undefined) throw invalid('Unknown assessment type: None')
  const source = isRecord(assessment['source']) ? assessment['source'] : {}
  const metadata = findMap(assessment, 'metadata')
  // `AI_JUDGE` is a word of MLflow's clients only; over the wire it is unknown and so unset.
  const sourceType = findEnum(source['source_type'], sourceTypes)
  return {
    assessment_id: findString(assessment, 'assessment_id') || `a-${randomUUID().replaceAll('-', '')}`,
    trace_id: traceId,
    kind,
    name: nameOf(kind, assessment),
    ...toStoredValue(kind, assessment),
    source_type: sourceType === undefined || sourceType === 'AI_JUDGE' ? 'SOURCE_TYPE_UNSPECIFIED' : sourceType,
    source_id: findString(source, 'source_id') ?? null,
    rationale: findString(assessment, 'rationale') || null,
    metadata: Object.keys(metadata).length > 0 ? JSON.stringify(metadata) : null,
    span_id: findString(assessment, 'span_id') || null,
    overrides: findString(assessment, 'overrides') || null,
    valid: assessment['valid'] === false ? 0 : 1,
    create_time: parseTimestamp(assessment['create_time']) ?? now,
    last_update_time: parseTimestamp(assessment['last_update_time']) ?? now,
  }
}

function nameOf(kind: AssessmentKind, assessment: Params): string {
  const issue = assessment['issue']
  if (kind === 'issue' && isRecord(issue))
    return findString(issue, 'issue_name') ?? findString(assessment, 'assessment_name') ?? ''
  return findString(assessment, 'assessment_name') ?? ''
}

function toStoredValue(kind: AssessmentKind, assessment: Params): Pick<AssessmentRow, 'value' | 'error'> {
  const holder = assessment[kind]
  if (!isRecord(holder) || kind === 'issue') return { value: 'null', error: null }
  const serialized = holder['serialized_value']
  if (kind === 'expectation' && isRecord(serialized)) {
    try {
      return { value: toPythonJson(JSON.parse(findString(serialized, 'value') ?? 'null')), error: null }
    } catch {
      throw invalid('Expectation value is not valid JSON')
    }
  }
  const error = holder['error']
  return {
    value: toPythonJson(holder['value'], { floats: true }),
    error: kind === 'feedback' && isRecord(error) ? JSON.stringify(error) : null,
  }
}

const columns =
  'assessment_id, trace_id, kind, name, value, error, source_type, source_id, rationale, metadata, span_id, overrides, valid, create_time, last_update_time'

/** Writes a row; with `replace`, one of the same id is overwritten. */
export function insertAssessment(db: Database, row: AssessmentRow, options: { replace?: boolean } = {}): void {
  const verb = options.replace === true ? 'INSERT OR REPLACE' : 'INSERT'
  db.run(
    `${verb} INTO assessments (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    row.assessment_id,
    row.trace_id,
    row.kind,
    row.name,
    row.value,
    row.error,
    row.source_type,
    row.source_id,
    row.rationale,
    row.metadata,
    row.span_id,
    row.overrides,
    row.valid,
    row.create_time,
    row.last_update_time,
  )
}

/**
 * Creates an assessment. An id chosen by the caller is kept; one that exists already is refused with 500
 * `INTERNAL_ERROR`, as MLflow 3.17 does. The one it `overrides` becomes invalid.
 */
export function createAssessment(db: Database, traceId: string, params: Params): Record<string, unknown> {
  const assessment = params['assessment']
  if (!isRecord(assessment)) throw missingParameter('assessment')
  const row = toAssessmentRow(traceId, assessment, Date.now())
  return db.transaction(() => {
    if (db.get('SELECT 1 FROM traces WHERE trace_id = ?', traceId) === undefined)
      throw missing(`Trace with ID '${traceId}' not found.`)
    if (row.overrides !== null) {
      const changed = db.run(
        'UPDATE assessments SET valid = 0 WHERE trace_id = ? AND assessment_id = ?',
        traceId,
        row.overrides,
      )
      if (changed === 0) throw missing(`Assessment with ID '${row.overrides}' not found for trace '${traceId}'`)
    }
    if (db.get('SELECT 1 FROM assessments WHERE assessment_id = ?', row.assessment_id) !== undefined) {
      throw new TrackingError(
        'INTERNAL_ERROR',
        `Failed to create assessment for trace '${traceId}' due to a constraint violation.`,
      )
    }
    insertAssessment(db, row)
    return { assessment: toAssessmentWire(row) }
  })
}

function getRow(db: Database, traceId: string, assessmentId: string): AssessmentRow {
  const row = db.get<AssessmentRow>(
    `SELECT ${columns} FROM assessments WHERE trace_id = ? AND assessment_id = ?`,
    traceId,
    assessmentId,
  )
  if (row !== undefined) return row
  const isTrace = db.get('SELECT 1 FROM traces WHERE trace_id = ?', traceId) !== undefined
  throw missing(
    isTrace
      ? `Assessment with ID '${assessmentId}' not found for trace '${traceId}'`
      : `Trace with request_id '${traceId}' not found`,
  )
}

export function getAssessment(db: Database, traceId: string, assessmentId: string): Record<string, unknown> {
  return { assessment: toAssessmentWire(getRow(db, traceId, assessmentId)) }
}

/**
 * The paths of a mask. It is protobuf's JSON form: one string of lowerCamelCase names with commas. An underscore or an
 * object is no such form, and MLflow then changes nothing without a word.
 */
function parseMask(mask: unknown): string[] {
  if (mask === undefined || mask === null) throw missingParameter('update_mask')
  if (typeof mask !== 'string' || mask.includes('_')) return []
  return mask.split(',').map((path) => path.trim())
}

/** Changes the masked fields; metadata is merged; source and span stay. */
export function updateAssessment(
  db: Database,
  traceId: string,
  assessmentId: string,
  params: Params,
): Record<string, unknown> {
  const given = params['assessment']
  if (!isRecord(given)) throw missingParameter('assessment')
  const paths = parseMask(params['update_mask'])
  return db.transaction(() => {
    // MLflow's store has no such argument and its handler dies.
    if (paths.includes('valid')) throw new PageError(500)
    const row = getRow(db, traceId, assessmentId)
    for (const kind of ['expectation', 'feedback'] as const) {
      if (!paths.includes(kind)) continue
      if (row.kind !== kind) {
        const [wanted, is] = kind === 'expectation' ? ['expectation', 'a Feedback'] : ['feedback', 'an Expectation']
        throw invalid(`Cannot update ${wanted} value on ${is} assessment.`)
      }
      Object.assign(row, toStoredValue(kind, given))
    }
    if (paths.includes('assessmentName')) row.name = findString(given, 'assessment_name') ?? ''
    if (paths.includes('rationale')) row.rationale = findString(given, 'rationale') ?? ''
    if (paths.includes('metadata')) {
      const merged = {
        ...(row.metadata === null ? {} : (JSON.parse(row.metadata) as Record<string, string>)),
        ...findMap(given, 'metadata'),
      }
      row.metadata = Object.keys(merged).length > 0 ? JSON.stringify(merged) : null
    }
    row.last_update_time = Date.now()
    db.run(
      'UPDATE assessments SET name = ?, value = ?, error = ?, rationale = ?, metadata = ?, last_update_time = ? WHERE assessment_id = ?',
      row.name,
      row.value,
      row.error,
      row.rationale,
      row.metadata,
      row.last_update_time,
      assessmentId,
    )
    return { assessment: toAssessmentWire(row) }
  })
}

/** Deletes an assessment, restoring the one it overrode. Nothing happens when it is gone already. */
export function deleteAssessment(db: Database, traceId: string, assessmentId: string): Record<string, unknown> {
  return db.transaction(() => {
    const row = db.get<{ overrides: string | null }>(
      'SELECT overrides FROM assessments WHERE trace_id = ? AND assessment_id = ?',
      traceId,
      assessmentId,
    )
    if (row?.overrides != null) db.run('UPDATE assessments SET valid = 1 WHERE assessment_id = ?', row.overrides)
    db.run('DELETE FROM assessments WHERE trace_id = ? AND assessment_id = ?', traceId, assessmentId)
    return {}
  })
}
