// Insights over HTTP, seen by one whose calls to MLflow are counted.
import { Hono } from 'hono'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import type { Caller, CallerEnv } from '#/server/api/caller.ts'
import { insightRoutes, type InsightRouteDeps } from '#/server/api/insights.ts'
import { lifecycleRoutes } from '#/server/api/lifecycle.ts'
import { InsightList } from '#/server/api/schemas/insights.ts'
import { insertInsight, updateInsight } from '#/server/db/insights.ts'
import { createInsight, type CreateDeps, writePatienceMs } from '#/server/insights/create.ts'
import { createMlflowClient } from '#/server/mlflow/client.ts'
import { createTestDatabase, silentLog, type TestDatabase } from '#/test/support/database.ts'
import { anInsight, aSpec } from '#/test/support/insight-rows.ts'

let opened: TestDatabase
beforeAll(async () => {
  opened = await createTestDatabase('embedded')
})
afterAll(() => opened?.[Symbol.asyncDispose]())
afterEach(() => vi.restoreAllMocks())

/** The routes with what MLflow was asked and told; `onCancel` is what happens while an Insight is taken from the queue. */
function createSubject(onCancel: () => Promise<void> = async () => {}) {
  const asked: string[] = []
  const told: (string | undefined)[] = []
  const client: ReturnType<typeof createMlflowClient> = {
    ...createMlflowClient({ trackingUri: 'http://127.0.0.1:9' }),
    updateRun: async ({ status }) => void told.push(status),
  }
  const unused = (): never => expect.fail('not asked for')
  const jobs: InsightRouteDeps['jobs'] = {
    start: unused,
    stop: unused,
    enqueue: unused,
    stats: unused,
    cancel: async () => {
      await onCancel()
      return false
    },
  }
  const end = { database: opened.database, events: { append: unused }, client, now: Date.now, log: silentLog }
  const deps = { auth: 'mlflow', database: opened.database, jobs, create: unused, end, now: Date.now }
  const app = new Hono<CallerEnv>()
    .use(async (c, next) => {
      const canRead = async (id: string): Promise<boolean> => asked.push(id) > 0
      c.set('caller', { client, canRead, getExperiment: unused })
      await next()
    })
    .route('/', insightRoutes(deps as unknown as InsightRouteDeps))
    .route('/', lifecycleRoutes(deps as unknown as InsightRouteDeps))
  return { app, asked, told }
}

test('a page of Insights asks MLflow once about each experiment, and sorted by long names it has a next one', async () => {
  const { db } = opened.database
  for (const [at, experimentId] of ['1', '1', '2', '1'].entries()) {
    const name = `${at}${'質'.repeat(249)}`
    await insertInsight(db, anInsight(`listed-${at}`, { spec: { ...aSpec, experimentId, name } }))
    await updateInsight(db, `listed-${at}`, { status: 'FINISHED' })
  }
  const { app, asked } = createSubject()
  const list = async (search: string) => InsightList.parse(await (await app.request(`/insights?${search}`)).json())
  const first = await list('sort=name&order=asc&page_size=3')
  expect(first.items).toHaveLength(3)
  expect(asked).toEqual(['1', '2'])
  const second = await list(`sort=name&order=asc&page_size=3&page_token=${first.next_page_token}`)
  expect(second.items.map(({ id }) => id)).toEqual(['listed-3'])
})

test('an Insight that finished while it was being cancelled is FINISHED in MLflow too', async () => {
  const { db } = opened.database
  await insertInsight(db, anInsight('raced'))
  await updateInsight(db, 'raced', { status: 'RUNNING' })
  const { app, told } = createSubject(async () => void (await updateInsight(db, 'raced', { status: 'FINISHED' })))
  const answer = await app.request('/insights/raced/cancel', { method: 'POST' })
  expect(await answer.json()).toMatchObject({ status: 'FINISHED' })
  expect(told).toEqual(['KILLED', 'FINISHED'])
})

test('however slow MLflow is, a request to create ends before its repetition may begin', async () => {
  const patience = new AbortController()
  const timeouts: number[] = []
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    timeouts.push(ms)
    return patience.signal
  })
  const getExperiment: Caller['getExperiment'] = (_id, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
  const body = { experiment_id: '1', instruction: 'What do they want?', scope: { filter: '' } }
  const { signal } = new AbortController()
  const creating = createInsight(body, { getExperiment } as Caller, {} as CreateDeps, { signal })
  patience.abort(new Error('too slow'))
  await expect(creating).rejects.toThrow('too slow')
  expect(timeouts).toEqual([writePatienceMs])
})
