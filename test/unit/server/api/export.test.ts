// An export that cannot be finished.
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import type { CallerEnv } from '#/server/api/caller.ts'
import { readingRoutes } from '#/server/api/reading.ts'
import { createCheckpoints } from '#/server/db/checkpoints.ts'
import type { Database } from '#/server/db/database.ts'
import { insertInsight } from '#/server/db/insights.ts'
import { createMlflowClient } from '#/server/mlflow/client.ts'
import { createTestDatabase } from '#/test/support/database.ts'
import { anInsight } from '#/test/support/insight-rows.ts'

test('an export that loses the database half way breaks off, and does not end as if it were whole', async () => {
  await using opened = await createTestDatabase('embedded')
  const { db } = opened.database
  await insertInsight(db, anInsight('large'))
  const checkpoints = createCheckpoints(db, 'large')
  const skipped = Array.from({ length: 600 }, (_, at) => ({
    traceId: `tr-${at}`,
    code: 'trace.empty',
    message: 'Empty.',
  }))
  await checkpoints.addSelected(skipped)
  await checkpoints.saveSkipped(skipped)

  const exportFrom = async (database: Database): Promise<Response> => {
    const client = createMlflowClient({ trackingUri: 'http://127.0.0.1:9' })
    const getExperiment = () => Promise.reject(new Error('not asked'))
    const app = new Hono<CallerEnv>()
      .use(async (c, next) => {
        c.set('caller', { client, canRead: async () => true, getExperiment })
        await next()
      })
      .route('/', readingRoutes({ database }))
    return await app.request('/insights/large/export?format=csv')
  }
  const whole = await exportFrom(opened.database)
  expect(whole.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect((await whole.text()).split('\r\n')).toHaveLength(602)

  let pages = 0
  const failing = new Proxy(db, {
    get: (target, name) => {
      if (name === 'execute' && ++pages > 1) throw new Error('connection terminated')
      return Reflect.get(target, name) as unknown
    },
  })
  const broken = await exportFrom({ ...opened.database, db: failing })
  await expect(broken.text()).rejects.toThrow('connection terminated')
})
