import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { startTrackingServer } from '#/mocks/tracking/server.ts'
import { AppError } from '#/pipeline/errors.ts'
import { type CallerEnv, identifyCaller } from '#/server/api/caller.ts'
import { createMlflowClient } from '#/server/mlflow/client.ts'

test('whoever could read an experiment still can for an hour while MLflow is gone, and nobody else', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'caller-'))
  const tracking = await startTrackingServer({ port: 0, dataDir })
  const client = createMlflowClient({ trackingUri: tracking.url, maxRetries: 0 })
  let now = 0
  const app = new Hono<CallerEnv>()
    .use(identifyCaller({ auth: 'mlflow', own: client, clientFor: () => client, now: () => now }))
    .get('/', async (c) => c.json(await c.var.caller.canRead('0', c.req.raw.signal)))
    .onError((error, c) => c.json(error instanceof AppError ? error.code : 'bug', 500))
  const ask = async (who: string): Promise<unknown> =>
    (await app.request('/', { headers: { authorization: who } })).json()

  expect(await ask('Ann')).toBe(true)
  await tracking.close()
  now += 59 * 60_000
  expect(await ask('Ann')).toBe(true)
  expect(await ask('Bob')).toBe('mlflow.unreachable')
  now += 2 * 60_000
  expect(await ask('Ann')).toBe('mlflow.unreachable')

  const again = await startTrackingServer({ port: Number(new URL(tracking.url).port), dataDir })
  expect(await ask('Ann')).toBe(true)
  await again.close()
})
