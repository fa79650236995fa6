// Insights as resources: create, list, one.
import { Hono } from 'hono'
import { AppError } from '#/pipeline/errors.ts'
import { createCheckpoints } from '#/server/db/checkpoints.ts'
import type { Database } from '#/server/db/database.ts'
import { getInsight, type InsightListed, type InsightRecord, listInsights } from '#/server/db/insights.ts'
import { createInsight, type CreateDeps, toAsked } from '#/server/insights/create.ts'
import type { RunnerDeps } from '#/server/insights/run-job.ts'
import type { Jobs } from '#/server/jobs/jobs.ts'
import { toInsightAnswer, toInsightRow } from './answers.ts'
import type { Caller, CallerEnv } from './caller.ts'
import { toEstimateAnswer } from './estimate-answer.ts'
import { once } from './once.ts'
import { EstimateAnswer } from './schemas/estimate.ts'
import { CreatedAnswer, InsightAnswer, InsightList } from './schemas/insights.ts'
import { CreateInsightBody, InsightsQuery } from './schemas/requests.ts'
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

/** The Insight, deleted or not, if the caller may read its experiment; what they may not read does not exist for them. */
export async function getReadableInsight(
  database: Database,
  caller: Caller,
  id: string,
  signal: AbortSignal,
): Promise<InsightRecord> {
  const record = await getInsight(database.db, id)
  if (await caller.canRead(record.experimentId, signal)) return record
  throw new AppError('insight.not_found', `There is no Insight ${id.slice(0, 100)}.`)
}

/** The Insight, if the caller may read its experiment and it is not deleted. */
export async function getVisibleInsight(
  database: Database,
  caller: Caller,
  id: string,
  signal: AbortSignal,
): Promise<InsightRecord> {
  const record = await getReadableInsight(database, caller, id, signal)
  if (record.deletedAt === null) return record
  throw new AppError('insight.not_found', 'The Insight was deleted. Restore it to see it again.')
}

/** While a job runs its counts are those of the checkpoints. */
export async function withLiveCounts<T extends InsightListed>(database: Database, record: T): Promise<T> {
  if (record.status !== 'SCHEDULED' && record.status !== 'RUNNING') return record
  const { selected, summarized, skipped, failed, usage } = await createCheckpoints(database.db, record.id).counts()
  return { ...record, counts: { ...record.counts, selected, summarized, skipped, failed }, usage }
}

export function insightRoutes({ auth, database, create, now }: InsightRouteDeps) {
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
          deleted: query.deleted,
        })
        const ui = await c.var.caller.client.ui({ signal })
        // Once an experiment, however many Insights of the page are on it.
        const experiments = [...new Set(page.items.map(({ experimentId }) => experimentId))]
        const readable = await Promise.all(experiments.map((id) => c.var.caller.canRead(id, signal)))
        const visible = page.items.filter(({ experimentId }) => readable[experiments.indexOf(experimentId)])
        const rows = await Promise.all(visible.map((record) => withLiveCounts(database, record)))
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
        const id = await once({ database, now }, c, body, () => createInsight(body, c.var.caller, create, { signal }))
        return c.json({ id }, 202, { location: `/api/v1/insights/${id}` })
      },
    )
    .post(
      '/insights/estimate',
      route({
        summary: 'Tokens, cost and duration before anything is spent',
        description:
          'Takes what creates an Insight. Reads some of its traces and asks no model; what earlier runs took corrects it.',
        tag,
        answer: EstimateAnswer,
      }),
      validate('json', CreateInsightBody),
      async (c) => {
        const { signal } = c.req.raw
        const asked = await toAsked(c.req.valid('json'), create, { signal })
        const estimate = await create.estimate(asked, c.var.caller, { signal })
        return c.json(toEstimateAnswer(estimate))
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
}
