// An assessment's row, and how it goes over the wire.
import { toTimestamp } from './times.ts'

export const assessmentKinds = ['feedback', 'expectation', 'issue'] as const
export type AssessmentKind = (typeof assessmentKinds)[number]

export type AssessmentRow = {
  assessment_id: string
  trace_id: string
  kind: AssessmentKind
  name: string
  /** JSON text as Python writes it; filters compare it. */
  value: string | null
  error: string | null
  source_type: string
  source_id: string | null
  rationale: string | null
  metadata: string | null
  span_id: string | null
  overrides: string | null
  valid: number
  create_time: number
  last_update_time: number
}

const parsed = (text: string | null): unknown => (text === null ? null : JSON.parse(text))

export function toAssessmentWire(row: AssessmentRow): Record<string, unknown> {
  return {
    assessment_id: row.assessment_id,
    assessment_name: row.name,
    trace_id: row.trace_id,
    ...(row.span_id !== null && { span_id: row.span_id }),
    source: { source_type: row.source_type, ...(row.source_id !== null && { source_id: row.source_id }) },
    create_time: toTimestamp(row.create_time),
    last_update_time: toTimestamp(row.last_update_time),
    ...toValue(row),
    // An expectation has no rationale in MLflow.
    ...(row.rationale !== null && row.kind !== 'expectation' && { rationale: row.rationale }),
    ...(row.metadata !== null && { metadata: parsed(row.metadata) }),
    ...(row.overrides !== null && { overrides: row.overrides }),
    valid: row.valid === 1,
  }
}

function toValue(row: AssessmentRow): Record<string, unknown> {
  const value = parsed(row.value)
  if (row.kind === 'feedback') {
    return { feedback: { value, ...(row.error !== null && { error: parsed(row.error) }) } }
  }
  if (row.kind === 'issue') return { issue: { issue_name: row.name } }
  const isPlain =
    typeof value !== 'object' ||
    value === null ||
    (Array.isArray(value) && value.every((each) => typeof each === 'string'))
  return {
    expectation: isPlain ? { value } : { serialized_value: { serialization_format: 'JSON_FORMAT', value: row.value } },
  }
}
