// Assessments with ids of our own choosing, so that each is written exactly once whatever is retried.
import { AppError } from '#/pipeline/errors.ts'
import type { AssessmentRecord, Cancellable } from '#/pipeline/ports.ts'
import type { Assessment, TraceInfo } from '#/pipeline/trace.ts'
import { answerOf } from './answer-error.ts'
import { toAssessment } from './decode-info.ts'
import { isCode } from './probe.ts'
import { mayRetry } from './retry.ts'
import { assessmentAnswer, emptyAnswer } from './schemas.ts'
import { toTraceError } from './trace-writes.ts'
import type { Transport } from './transport.ts'

/** Where the server picks its own ids, ours is kept here. */
const keyOfOurs = 'mlflow.insights.assessment_id'

export type NewAssessment = {
  traceId: string
  name: string
  source: { type: 'HUMAN' | 'LLM_JUDGE' | 'CODE'; id: string }
  value: { feedback: unknown } | { expectation: unknown }
  rationale?: string
  metadata?: Readonly<Record<string, string>>
  spanId?: string
}
type AssessmentChange = { rationale?: string; metadata?: Readonly<Record<string, string>>; feedback?: unknown }

export function createAssessments(
  transport: Transport,
  { getTraceInfo }: { getTraceInfo: (traceId: string, options: Cancellable) => Promise<TraceInfo> },
) {
  /** Whether the server keeps the id we send: undocumented, so learnt from its first echo. */
  let keepsOurIds: boolean | undefined
  const toPath = (traceId: string, assessmentId?: string): string =>
    `/api/3.0/mlflow/traces/${encodeURIComponent(traceId)}/assessments${
      assessmentId === undefined ? '' : `/${encodeURIComponent(assessmentId)}`
    }`

  /** Creates the assessment under this id once: called again, or retried, it leaves what is there. Throws `trace.not_found`. */
  async function createAssessment(assessment: AssessmentRecord, options: Cancellable): Promise<void> {
    const { assessmentId, traceId } = assessment
    // Until the first echo (and for good on servers with ids of their own) only a look can tell whether it is there.
    if (keepsOurIds !== true && (await findOurs({ traceId, assessmentId }, options)) !== undefined) return
    try {
      const created = await post(
        {
          traceId,
          name: assessment.name,
          source: assessment.source,
          value: { feedback: assessment.value },
          ...(assessment.rationale === undefined ? {} : { rationale: assessment.rationale }),
          metadata: keepsOurIds === false ? { ...assessment.metadata, [keyOfOurs]: assessmentId } : assessment.metadata,
        },
        { assessmentId, replay: keepsOurIds === true ? 'safe' : 'unsafe' },
        options,
      )
      const wasUnknown = keepsOurIds === undefined
      keepsOurIds = created.id === assessmentId
      if (wasUnknown && !keepsOurIds) {
        await patch({ traceId, assessmentId: created.id }, { metadata: { [keyOfOurs]: assessmentId } }, options)
      }
    } catch (error) {
      // The id is a primary key: a replay of a write that had arrived breaks a constraint (400 with SQL, 500 from 3.17
      // on). Whether ours is there decides, not the words.
      const isRefused = answerOf(error) !== undefined && !mayRetry(error, 'safe')
      if (isRefused && (await findAssessment({ traceId, assessmentId }, options)) !== undefined) return
      throw toTraceError(error)
    }
  }

  /** Adds an assessment under an id of the server's choosing: calling it twice adds two. Throws `trace.not_found`. */
  async function addAssessment(assessment: NewAssessment, options: Cancellable): Promise<Assessment> {
    try {
      return await post(assessment, { replay: 'unsafe' }, options)
    } catch (error) {
      throw toTraceError(error)
    }
  }

  async function post(
    assessment: NewAssessment,
    { assessmentId, replay }: { assessmentId?: string; replay: 'safe' | 'unsafe' },
    { signal }: Cancellable,
  ): Promise<Assessment> {
    const answer = await transport.json(assessmentAnswer, {
      method: 'POST',
      path: toPath(assessment.traceId),
      json: {
        assessment: {
          ...(assessmentId === undefined ? {} : { assessment_id: assessmentId }),
          assessment_name: assessment.name,
          trace_id: assessment.traceId,
          source: { source_type: assessment.source.type, source_id: assessment.source.id },
          ...toWireValue(assessment.value),
          ...(assessment.rationale === undefined ? {} : { rationale: assessment.rationale }),
          ...(assessment.metadata === undefined ? {} : { metadata: assessment.metadata }),
          ...(assessment.spanId === undefined ? {} : { span_id: assessment.spanId }),
        },
      },
      replay,
      signal,
    })
    return toAssessment(answer.assessment)
  }

  /** Changes what is given and leaves the rest; metadata is merged. Throws `mlflow.not_found`. */
  async function updateAssessment(
    update: { traceId: string; assessmentId: string } & AssessmentChange,
    options: Cancellable,
  ): Promise<void> {
    const { traceId, assessmentId, ...change } = update
    if (keepsOurIds !== false) {
      try {
        await patch({ traceId, assessmentId }, change, options)
        return
      } catch (error) {
        if (keepsOurIds === true || !isCode(error, 'mlflow.not_found')) throw error
      }
    }
    const ours = await findOurs({ traceId, assessmentId }, options)
    if (ours === undefined) throw new AppError('mlflow.not_found', 'The trace has no such assessment.')
    await patch({ traceId, assessmentId: ours.id }, change, options)
  }

  async function patch(
    { traceId, assessmentId }: { traceId: string; assessmentId: string },
    change: AssessmentChange,
    { signal }: Cancellable,
  ): Promise<void> {
    const { feedback, ...rest } = change
    await transport.json(emptyAnswer, {
      method: 'PATCH',
      path: toPath(traceId, assessmentId),
      json: {
        assessment: { ...rest, ...(feedback === undefined ? {} : { feedback: { value: feedback } }) },
        // One string: an object with `paths` is accepted and changes nothing.
        update_mask: Object.keys(change).join(','),
      },
      replay: 'safe',
      signal,
    })
  }

  /** `undefined` when the trace has no such assessment. */
  async function findAssessment(
    { traceId, assessmentId }: { traceId: string; assessmentId: string },
    { signal }: Cancellable,
  ): Promise<Assessment | undefined> {
    try {
      const answer = await transport.json(assessmentAnswer, {
        method: 'GET',
        path: toPath(traceId, assessmentId),
        replay: 'safe',
        signal,
      })
      return toAssessment(answer.assessment)
    } catch (error) {
      if (isCode(error, 'mlflow.not_found')) return undefined
      throw error
    }
  }

  async function findOurs(
    { traceId, assessmentId }: { traceId: string; assessmentId: string },
    options: Cancellable,
  ): Promise<Assessment | undefined> {
    const info = await getTraceInfo(traceId, options)
    return info.assessments.find(({ id, metadata }) => id === assessmentId || metadata[keyOfOurs] === assessmentId)
  }

  /** Again is no error. */
  async function deleteAssessment(
    { traceId, assessmentId }: { traceId: string; assessmentId: string },
    { signal }: Cancellable,
  ): Promise<void> {
    try {
      await transport.json(emptyAnswer, {
        method: 'DELETE',
        path: toPath(traceId, assessmentId),
        replay: 'safe',
        signal,
      })
    } catch (error) {
      if (!isCode(error, 'mlflow.not_found')) throw error
    }
  }

  return { createAssessment, addAssessment, updateAssessment, findAssessment, deleteAssessment }
}

/** Plain values go as they are; MLflow takes anything nested as an expectation only in serialized form. */
function toWireValue(value: NewAssessment['value']): object {
  if ('feedback' in value) return { feedback: { value: value.feedback } }
  const { expectation } = value
  const isPlain =
    typeof expectation !== 'object' ||
    (Array.isArray(expectation) && expectation.every((item) => typeof item === 'string'))
  if (isPlain) return { expectation: { value: expectation } }
  return {
    expectation: { serialized_value: { serialization_format: 'JSON_FORMAT', value: JSON.stringify(expectation) } },
  }
}
