// Insights as resources: create, list, one, and what can be done to one.
import { Hono } from 'hono'
import { AppError } from '#/pipeline/errors.ts'
import { sha256 } from '#/pipeline/ids.ts'
import { createCheckpoints } from '#/server/db/checkpoints.ts'
import type { Database } from '#/server/db/database.ts'
import { claimKey, releaseKey, settleKey } from '#/server/db/idempotency.ts'
import { reopenFailures } from '#/server/db/insight-traces.ts'
import {
  getInsight,
  type InsightListed,
  type InsightRecord,
  listInsights,
  updateInsight,
} from '#/server/db/insights.ts'
import { createInsight, type CreateDeps, hashBody } from '#/server/insights/create.ts'
import { endInsight, type RunnerDeps } from '#/server/insights/run-job.ts'
import type { Jobs } from '#/server/jobs/jobs.ts'
import { toInsightAnswer, toInsightRow } from './answers.ts'
import type { Caller, CallerEnv } from './caller.ts'
import { CreatedAnswer, CreateInsightBody, InsightAnswer, InsightList, InsightsQuery } from './schemas.ts'
import { route, validate } from './validate.ts'

const tag = 'Insights'

export type InsightRouteDeps = {
  auth: 'none' | 'mlflow'
  database: Database
  jobs: Jobs
  create: CreateDeps
  end: RunnerDeps
  now: () => number
}

/** The Insight, if the caller may read its experiment; what they may not read does not exist for them. */
export async function getVisibleInsight(
  database: Database,
  caller: Caller,
  id: string,
  signal: AbortSignal,
): Promise<InsightRecord> {
  const record = await getInsight(database.db, id)
  if (record.deletedAt === null && (await caller.canRead(record.experimentId, signal))) return record
  throw new AppError('insight.not_found', `There is no Insight ${id.slice(0, 100)}.`)
}

/** While a job runs its counts are those of the checkpoints. */
export async function withLiveCounts<T extends InsightListed>(database: Database, record: T): Promise<T> {
  if (record.status !== 'SCHEDULED' && record.status !== 'RUNNING') return record
  const { selected, summarized, skipped, failed, usage } = await createCheckpoints(database.db, record.id).counts()
  return { ...record, counts: { ...record.counts, selected, summarized, skipped, failed }, usage }
}

export function insightRoutes({ auth, database, jobs, create, end, now }: InsightRouteDeps) {
  const { db } = database
  return new Hono<CallerEnv>()
    .get(
      '/insights',
      route({ summary: 'Insights: filter, sort, page', tag, answer: InsightList }),
      validate('query', InsightsQuery),
      async (c) => {
        const query = c.req.valid('query')
        const signal = c.req.raw.signal
        if (query.experiment_id !== undefined) await c.var.caller.getExperiment(query.experiment_id, signal)
        const page = await listInsights(db, {
          sort: query.sort,
          order: query.order,
          pageSize: query.page_size,
          ...(query.page_token === undefined ? {} : { pageToken: query.page_token }),
          ...(query.experiment_id === undefined ? {} : { experimentId: query.experiment_id }),
          ...(query.status === undefined ? {} : { status: query.status }),
          ...(query.search === undefined ? {} : { search: query.search }),
        })
        const ui = await c.var.caller.client.ui({ signal })
        const visible = await Promise.all(
          page.items.map(async (record) => ((await c.var.caller.canRead(record.experimentId, signal)) ? [record] : [])),
        )
        const rows = await Promise.all(visible.flat().map((record) => withLiveCounts(database, record)))
        return c.json({
          items: rows.map((record) => toInsightRow(record, ui, now())),
          ...(page.nextPageToken === undefined ? {} : { next_page_token: page.nextPageToken }),
          // Of all experiments together only those are counted that the caller may read, and MLflow alone knows which.
          ...(auth === 'mlflow' && query.experiment_id === undefined ? {} : { total: page.total }),
        })
      },
    )
    .post(
      '/insights',
      route({
        summary: 'Create an Insight',
        description:
          'Send `Idempotency-Key` to make a repeated request harmless: the same key gives the same Insight for 24 hours.',
        tag,
        answer: CreatedAnswer,
        status: 202,
      }),
      validate('json', CreateInsightBody),
      async (c) => {
        const body = c.req.valid('json')
        const signal = c.req.raw.signal
        const key = c.req.header('idempotency-key')
        const make = (): Promise<string> => createInsight(body, c.var.caller, create, { signal })
        const id =
          key === undefined
            ? await make()
            : await once(
                database,
                { key, who: c.req.header('authorization') ?? '', hash: hashBody(body), now: new Date(now()) },
                make,
              )
        return c.json({ id }, 202, { location: `/api/v1/insights/${id}` })
      },
    )
    .get(
      '/insights/:id',
      route({ summary: 'The whole state of one Insight', tag, answer: InsightAnswer }),
      async (c) => {
        const signal = c.req.raw.signal
        const record = await getVisibleInsight(database, c.var.caller, c.req.param('id'), signal)
        const ui = await c.var.caller.client.ui({ signal })
        return c.json(toInsightAnswer(await withLiveCounts(database, record), ui, now()))
      },
    )
    .post(
      '/insights/:id/cancel',
      route({ summary: 'Stop the job; what is done is kept', tag, answer: InsightAnswer }),
      async (c) => {
        const signal = c.req.raw.signal
        const record = await getVisibleInsight(database, c.var.caller, c.req.param('id'), signal)
        if (record.status !== 'SCHEDULED' && record.status !== 'RUNNING') {
          throw new AppError('insight.conflict', `The Insight is ${record.status} already; there is nothing to cancel.`)
        }
        // Whoever may only read must not stop: MLflow decides, by the same write.
        if (auth === 'mlflow') await c.var.caller.client.updateRun({ runId: record.id, status: 'KILLED' }, { signal })
        await jobs.cancel(record.id)
        await endInsight(record.id, 'KILLED', end)
        const ui = await c.var.caller.client.ui({ signal })
        return c.json(toInsightAnswer(await withLiveCounts(database, await getInsight(db, record.id)), ui, now()))
      },
    )
    .post(
      '/insights/:id/resume',
      route({ summary: 'Go on with a job that was cancelled or failed', tag, answer: InsightAnswer, status: 202 }),
      async (c) => {
        const signal = c.req.raw.signal
        const record = await getVisibleInsight(database, c.var.caller, c.req.param('id'), signal)
        if (record.status !== 'KILLED' && record.status !== 'FAILED') {
          throw new AppError(
            'insight.conflict',
            `The Insight is ${record.status}; only one that was cancelled or failed can be resumed.`,
          )
        }
        await c.var.caller.client.updateRun({ runId: record.id, status: 'SCHEDULED' }, { signal })
        await jobs.enqueue(record.id, async (tx) => {
          const isMine = await updateInsight(
            tx,
            record.id,
            { status: 'SCHEDULED', error: null, finishedAt: null },
            { ifStatus: ['KILLED', 'FAILED'] },
          )
          if (!isMine) throw new AppError('insight.conflict', 'The Insight is being resumed already.')
          await reopenFailures(tx, record.id)
        })
        const ui = await c.var.caller.client.ui({ signal })
        return c.json(toInsightAnswer(await withLiveCounts(database, await getInsight(db, record.id)), ui, now()), 202)
      },
    )
    .post('/insights/estimate', route({ summary: 'Tokens, cost and duration before anything is spent', tag }), notYet)
    .post('/insights/:id/retry-failed', route({ summary: 'Do the failed traces again', tag }), notYet)
    .post('/insights/:id/recompute', route({ summary: 'A new Insight from this one', tag }), notYet)
    .post('/insights/:id/restore', route({ summary: 'Bring a deleted Insight back', tag }), notYet)
    .delete('/insights/:id', route({ summary: 'Delete, softly', tag }), notYet)
}

function notYet(): never {
  throw new AppError('insight.not_available_yet', 'This version does not do that yet.')
}

/** Does the work of a request once for its key, whoever asks how often; a failure frees the key. */
async function once(
  database: Database,
  claim: { key: string; who: string; hash: string; now: Date },
  make: () => Promise<string>,
): Promise<string> {
  if (claim.key === '' || claim.key.length > 200) {
    throw new AppError('request.invalid', 'The Idempotency-Key must have 1 to 200 characters.')
  }
  // Two callers may choose the same key; neither may be handed the other's Insight.
  const key = sha256(`${claim.who}\n${claim.key}`)
  const claimed = await claimKey(database.db, key, claim.hash, claim.now)
  switch (claimed.outcome) {
    case 'done':
      return claimed.insightId
    case 'different_body':
      throw new AppError('insight.conflict', 'This Idempotency-Key was used with a different request. Use a new key.')
    case 'in_progress':
      throw new AppError('insight.conflict', 'The same request is being worked on right now. Ask again in a moment.', {
        retryAfterMs: 1_000,
      })
    case 'claimed':
      try {
        const id = await make()
        await settleKey(database.db, key, id)
        return id
      } catch (error) {
        await releaseKey(database.db, key)
        throw error
      }
  }
}
