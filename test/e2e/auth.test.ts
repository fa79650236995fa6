import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { proxy } from 'hono/proxy'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTrackingServer } from '#/mocks/tracking/server.ts'
import { CreatedAnswer, InsightAnswer, InsightList } from '#/server/api/schemas/insights.ts'
import { ExperimentList } from '#/server/api/schemas/traces.ts'
import { importTraces } from '#/server/import/import-traces.ts'
import { createMlflowClient } from '#/server/mlflow/client.ts'
import { startApp, type TestApp } from '#/test/support/app.ts'
import { conversations, writeTraceFile } from '#/test/support/trace-lines.ts'

const basic = (user: string, password = 'secret') => ({ authorization: `Basic ${btoa(`${user}:${password}`)}` })
const signal = new AbortController().signal

let app: TestApp
let experimentId: string
let insightId: string
const stack = new AsyncDisposableStack()

/** As MLflow with basic authentication: alice and the service may do everything, carol may only read, bob not even that. */
async function startGuardedTracking(): Promise<string> {
  const tracking = await startTrackingServer({ port: 0, dataDir: await mkdtemp(join(tmpdir(), 'guarded-')) })
  stack.defer(() => tracking.close())
  const allowed = new Set(['alice', 'service', 'carol'].map((user) => basic(user).authorization))
  const guard = new Hono().all('*', (c) => {
    const authorization = c.req.header('authorization') ?? ''
    if (authorization === basic('bob').authorization && c.req.path.includes('/experiments/'))
      return c.text('Permission denied', 403)
    if (
      authorization === basic('carol').authorization &&
      /\/runs\/(create|update|delete|restore|log-batch|set-tag)/.test(c.req.path)
    ) {
      return c.text('Permission denied', 403)
    }
    if (!allowed.has(authorization) && authorization !== basic('bob').authorization) {
      return c.html('You are not authenticated.', 401, { 'www-authenticate': 'Basic realm="mlflow"' })
    }
    const { pathname, search } = new URL(c.req.url)
    return proxy(`${tracking.url}${pathname}${search}`, {
      raw: c.req.raw,
      headers: { ...c.req.header(), host: undefined },
    })
  })
  return new Promise((resolve) => {
    const server = serve({ fetch: guard.fetch, port: 0 }, ({ port }) => resolve(`http://127.0.0.1:${port}`))
    stack.defer(() => void server.close())
  })
}

beforeAll(async () => {
  const trackingUri = await startGuardedTracking()
  app = stack.use(
    await startApp({
      trackingUri,
      env: { INSIGHTS_AUTH: 'mlflow', MLFLOW_TRACKING_USERNAME: 'service', MLFLOW_TRACKING_PASSWORD: 'secret' },
    }),
  )
  const path = join(await mkdtemp(join(tmpdir(), 'traces-')), 'support.jsonl')
  await writeTraceFile(path, conversations(24))
  const mlflow = createMlflowClient({
    trackingUri,
    credentials: { kind: 'basic', username: 'alice', password: 'secret' },
  })
  ;({ experimentId } = await importTraces(mlflow, { path, experiment: 'support', signal }))
  const body = { experiment_id: experimentId, instruction: 'What do they want?', scope: { filter: '' } }
  insightId = (await app.call('POST', '/insights', CreatedAnswer, body, basic('alice'))).id
})
afterAll(() => stack.disposeAsync())

test('without credentials nothing is told, and the browser is asked for them', async () => {
  const answer = await fetch(`${app.url}/api/v1/insights`)
  expect(answer.status).toBe(401)
  expect(answer.headers.get('www-authenticate')).toMatch(/^Basic/)
  expect(await answer.json()).toMatchObject({ code: 'auth.required' })
})

test('credentials that MLflow refuses are refused here', async () => {
  const answer = await app.ask('GET', '/experiments', undefined, basic('alice', 'wrong'))
  expect(answer).toMatchObject({ status: 401, problem: { code: 'auth.required' } })
})

test('a question is read for nobody MLflow does not know', async () => {
  const body = { instruction: 'What do they want?' }
  expect(await app.ask('POST', '/insights/lens', body, basic('mallory'))).toMatchObject({
    status: 401,
    problem: { code: 'auth.required' },
  })
  expect(await app.ask('POST', '/insights/lens', body, basic('alice'))).toMatchObject({ status: 200 })
})

test('whoever MLflow lets read the experiment sees its Insights', async () => {
  const list = await app.call('GET', '/insights', InsightList, undefined, basic('alice'))
  expect(list.items.map(({ id }) => id)).toContain(insightId)
  expect(
    (await app.call('GET', `/insights/${insightId}`, InsightAnswer, undefined, basic('alice'))).experiment_id,
  ).toBe(experimentId)
  expect(
    (await app.call('GET', '/experiments', ExperimentList, undefined, basic('alice'))).items.length,
  ).toBeGreaterThan(0)
})

test('whoever may not read the experiment finds no Insight, no trace of it, and cannot start or cancel one', async () => {
  expect((await app.call('GET', '/insights', InsightList, undefined, basic('bob'))).items).toEqual([])
  for (const path of ['', '/clusters', '/traces', '/map', '/failures', '/artifact', '/export', '/events']) {
    expect(await app.ask('GET', `/insights/${insightId}${path}`, undefined, basic('bob'))).toMatchObject({
      status: 404,
    })
  }
  expect(await app.ask('POST', `/insights/${insightId}/cancel`, undefined, basic('bob'))).toMatchObject({ status: 404 })
  for (const action of ['resume', 'retry-failed', 'recompute', 'restore']) {
    const answer = await app.ask('POST', `/insights/${insightId}/${action}`, {}, basic('bob'))
    expect(answer).toMatchObject({ status: 404 })
  }
  expect(await app.ask('DELETE', `/insights/${insightId}`, undefined, basic('bob'))).toMatchObject({ status: 404 })
  const body = { experiment_id: experimentId, instruction: 'What do they want?', scope: { filter: '' } }
  expect(await app.ask('POST', '/insights', body, basic('bob'))).toMatchObject({ status: 403 })
})

test('two callers with the same Idempotency-Key do not meet', async () => {
  const body = { experiment_id: experimentId, instruction: 'What do they want?', scope: { filter: '' } }
  const key = { 'idempotency-key': 'shared' }
  const first = await app.call('POST', '/insights', CreatedAnswer, body, { ...basic('alice'), ...key })
  const second = await app.call('POST', '/insights', CreatedAnswer, body, { ...basic('service'), ...key })
  expect(second.id).not.toBe(first.id)
})

test('whoever may only read sees an Insight but neither stops nor starts one', async () => {
  const body = { experiment_id: experimentId, instruction: 'What do they want?', scope: { filter: '' } }
  const { id } = await app.call('POST', '/insights', CreatedAnswer, body, basic('alice'))
  expect((await app.call('GET', `/insights/${id}`, InsightAnswer, undefined, basic('carol'))).id).toBe(id)
  expect(await app.ask('POST', '/insights', body, basic('carol'))).toMatchObject({ status: 403 })
  const cancel = await app.ask('POST', `/insights/${id}/cancel`, undefined, basic('carol'))
  expect([403, 409]).toContain(cancel.status)
  expect(await app.ask('DELETE', `/insights/${id}`, undefined, basic('carol'))).toMatchObject({ status: 403 })
  expect(await app.ask('POST', `/insights/${id}/restore`, undefined, basic('carol'))).toMatchObject({ status: 403 })
  expect(await app.ask('POST', `/insights/${id}/recompute`, {}, basic('carol'))).toMatchObject({ status: 403 })
  expect((await app.call('GET', `/insights/${id}`, InsightAnswer, undefined, basic('alice'))).status).not.toBe('KILLED')
})

test('the list over all experiments does not tell how many Insights others have', async () => {
  expect((await app.call('GET', '/insights', InsightList, undefined, basic('bob'))).total).toBeUndefined()
})
