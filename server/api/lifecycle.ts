// What can be done to an Insight: stop it, go on with it, do parts or all of it again, delete it and bring it back. MLflow
// decides who may: each of these writes to the run with the caller's own credentials before anything changes here.
import { type Context, Hono } from 'hono'
import { AppError } from '#/pipeline/errors.ts'
import type { RunStatus } from '#/pipeline/insight.ts'
import type { Db } from '#/server/db/database.ts'
import { countReopenable, reopenFailures } from '#/server/db/insight-traces.ts'
import { getInsight, type InsightRecord, updateInsight } from '#/server/db/insights.ts'
import { recomputeInsight } from '#/server/insights/create.ts'
import { endInsight } from '#/server/insights/run-job.ts'
import { toInsightAnswer } from './answers.ts'
import type { Caller, CallerEnv } from './caller.ts'
import { getReadableInsight, getVisibleInsight, type InsightRouteDeps, withLiveCounts } from './insights.ts'
import { once } from './once.ts'
import { CreatedAnswer, InsightAnswer } from './schemas/insights.ts'
import { RecomputeInsightBody, ResumeInsightBody } from './schemas/requests.ts'
import { route, validate } from './validate.ts'

const tag = 'Insights'

type Requeue = {
  from: readonly Extract<RunStatus, 'FINISHED' | 'FAILED' | 'KILLED'>[]
  /** Whether the failed traces are done again that another try can help. */
  retriesFailed: boolean
  minSuccessShare?: number | undefined
  signal: AbortSignal
  caller: Caller
}

export function lifecycleRoutes(deps: InsightRouteDeps) {
  const { auth, database, jobs, create, end, now } = deps
  const { db } = database

  const answer = async (c: Context<CallerEnv>, id: string): Promise<InsightAnswer> => {
    const ui = await c.var.caller.client.ui({ signal: c.req.raw.signal })
    return toInsightAnswer(await withLiveCounts(database, await getInsight(db, id)), ui, now())
  }

  const stop = async (record: InsightRecord, caller: Caller, signal: AbortSignal): Promise<void> => {
    // Whoever may only read must not stop: MLflow decides, by the same write.
    if (auth === 'mlflow') await caller.client.updateRun({ runId: record.id, status: 'KILLED' }, { signal })
    await jobs.cancel(record.id)
    if ((await endInsight(record.id, 'KILLED', end)) || auth !== 'mlflow') return
    // It ended by itself a moment before: the run says again how.
    const { status } = await getInsight(db, record.id)
    await caller.client.updateRun({ runId: record.id, status }, { signal })
  }

  /** Puts an Insight that has ended in the queue again; of two who ask at once exactly one does. */
  const requeue = async (
    record: InsightRecord,
    { from, retriesFailed, minSuccessShare, signal, caller }: Requeue,
  ): Promise<void> => {
    await caller.client.updateRun({ runId: record.id, status: 'SCHEDULED' }, { signal })
    try {
      const within = async (tx: Db): Promise<void> => {
        const isMine = await updateInsight(
          tx,
          record.id,
          {
            status: 'SCHEDULED',
            error: null,
            waiting: null,
            finishedAt: null,
            ...(minSuccessShare === undefined ? {} : { spec: { ...record.spec, minSuccessShare } }),
            // What is done again takes its own time, and the hierarchy is without it until then.
            ...(record.status === 'FINISHED' ? { startedAt: null, provisionalOf: record.counts.summarized } : {}),
          },
          { ifStatus: from },
        )
        if (!isMine) throw new AppError('insight.conflict', 'The Insight is being worked on already.')
        if (retriesFailed) await reopenFailures(tx, record.id)
      }
      await jobs.enqueue(record.id, { traces: record.counts.selected, within })
    } catch (error) {
      // The run says again what the Insight is, which may be another's doing by now.
      const { status } = await getInsight(db, record.id)
      await caller.client.updateRun({ runId: record.id, status }, { signal }).catch(() => undefined)
      throw error
    }
  }

  return new Hono<CallerEnv>()
    .post(
      '/insights/:id/cancel',
      route({ summary: 'Stop the job; what is done is kept', tag, answer: InsightAnswer }),
      async (c) => {
        const signal = c.req.raw.signal
        const record = await getVisibleInsight(database, c.var.caller, c.req.param('id'), signal)
        if (!isUnderWay(record)) {
          throw new AppError('insight.conflict', `The Insight is ${record.status} already; there is nothing to cancel.`)
        }
        await stop(record, c.var.caller, signal)
        return c.json(await answer(c, record.id))
      },
    )
    .post(
      '/insights/:id/resume',
      route({ summary: 'Go on with a job that was cancelled or failed', tag, answer: InsightAnswer, status: 202 }),
      validate('json', ResumeInsightBody),
      async (c) => {
        const { caller } = c.var
        const { min_success_share: minSuccessShare } = c.req.valid('json')
        const signal = c.req.raw.signal
        const record = await getVisibleInsight(database, caller, c.req.param('id'), signal)
        if (record.status !== 'KILLED' && record.status !== 'FAILED') {
          throw new AppError(
            'insight.conflict',
            `The Insight is ${record.status}; only one that was cancelled or failed can be resumed.`,
          )
        }
        // What failed before a cancel was tried to the end, and is not paid for again unless somebody asks.
        const retriesFailed = record.status === 'FAILED'
        await requeue(record, { from: [record.status], retriesFailed, minSuccessShare, signal, caller })
        return c.json(await answer(c, record.id), 202)
      },
    )
    .post(
      '/insights/:id/retry-failed',
      route({
        summary: 'Do the failed traces again, and nothing else; then the hierarchy with them',
        tag,
        answer: InsightAnswer,
        status: 202,
      }),
      async (c) => {
        const { caller } = c.var
        const signal = c.req.raw.signal
        const record = await getVisibleInsight(database, caller, c.req.param('id'), signal)
        if (isUnderWay(record)) {
          throw new AppError('insight.conflict', `The Insight is ${record.status}; ask again when it has ended.`)
        }
        if ((await countReopenable(db, record.id)) === 0) {
          throw new AppError(
            'insight.conflict',
            record.counts.failed === 0
              ? 'No trace of this Insight failed; there is nothing to retry.'
              : 'The failed traces are at fault themselves; doing them again would not help.',
          )
        }
        await requeue(record, { from: ['FINISHED', 'FAILED', 'KILLED'], retriesFailed: true, signal, caller })
        return c.json(await answer(c, record.id), 202)
      },
    )
    .post(
      '/insights/:id/recompute',
      route({
        summary: 'The same question of the traces as they are now: a new Insight that names this one as its parent',
        description: 'Takes `Idempotency-Key` as creating does. `options` change what they name and keep the rest.',
        tag,
        answer: CreatedAnswer,
        status: 202,
      }),
      validate('json', RecomputeInsightBody),
      async (c) => {
        const body = c.req.valid('json')
        const signal = c.req.raw.signal
        const record = await getVisibleInsight(database, c.var.caller, c.req.param('id'), signal)
        const id = await once(deps, c, body, () => recomputeInsight(record, body, c.var.caller, create, { signal }))
        return c.json({ id }, 202, { location: `/api/v1/insights/${id}` })
      },
    )
    .delete(
      '/insights/:id',
      route({ summary: 'Delete softly, here and in MLflow; a job is stopped first', tag, answer: InsightAnswer }),
      async (c) => {
        const { caller } = c.var
        const signal = c.req.raw.signal
        const record = await getReadableInsight(database, caller, c.req.param('id'), signal)
        if (isUnderWay(record)) await stop(record, caller, signal)
        await deleteRun(caller, record.id, signal)
        if (record.deletedAt === null) await updateInsight(db, record.id, { deletedAt: new Date(now()) })
        return c.json(await answer(c, record.id))
      },
    )
    .post(
      '/insights/:id/restore',
      route({ summary: 'Bring a deleted Insight and its run back', tag, answer: InsightAnswer }),
      async (c) => {
        const { caller } = c.var
        const signal = c.req.raw.signal
        const record = await getReadableInsight(database, caller, c.req.param('id'), signal)
        await restoreRun(caller, record.id, signal)
        if (record.deletedAt !== null) await updateInsight(db, record.id, { deletedAt: null })
        return c.json(await answer(c, record.id))
      },
    )
}

function isUnderWay({ status }: InsightRecord): boolean {
  return status === 'SCHEDULED' || status === 'RUNNING'
}

/** A run that MLflow has purged already is as deleted as can be. */
async function deleteRun(caller: Caller, runId: string, signal: AbortSignal): Promise<void> {
  try {
    await caller.client.deleteRun(runId, { signal })
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'mlflow.not_found')) throw error
  }
}

async function restoreRun(caller: Caller, runId: string, signal: AbortSignal): Promise<void> {
  try {
    await caller.client.restoreRun(runId, { signal })
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'mlflow.not_found')) throw error
    throw new AppError('insight.conflict', 'MLflow has purged the run of this Insight; it cannot be brought back.', {
      cause: error,
    })
  }
}
