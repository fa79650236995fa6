import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startTrackingServer } from '#/mocks/tracking/server.ts'
import { startApp } from '#/test/support/app.ts'

test('while MLflow is down every question is answered within seconds, with what to do', async () => {
  const tracking = await startTrackingServer({ port: 0, dataDir: await mkdtemp(join(tmpdir(), 'down-')) })
  await using app = await startApp({ trackingUri: tracking.url })
  expect((await fetch(`${app.url}/readyz`)).status).toBe(200)
  await tracking.close()

  const startedAt = performance.now()
  expect(await app.ask('GET', '/experiments')).toMatchObject({ status: 502, problem: { code: 'mlflow.unreachable' } })
  const created = await app.ask('POST', '/insights', {
    experiment_id: '0',
    instruction: 'What do they want?',
    scope: { filter: '' },
  })
  expect(created).toMatchObject({ status: 502, problem: { code: 'mlflow.unreachable' } })
  expect((await fetch(`${app.url}/readyz`)).status).toBe(502)
  expect((await fetch(`${app.url}/healthz`)).status).toBe(200)
  expect(performance.now() - startedAt).toBeLessThan(30_000)
})
