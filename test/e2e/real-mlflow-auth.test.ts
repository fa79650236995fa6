// The whole service in front of a real MLflow that asks for credentials: passwords and a bearer token.
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CreatedAnswer, InsightAnswer, InsightList } from '#/server/api/schemas/insights.ts'
import { ExperimentList, TraceAnswer } from '#/server/api/schemas/traces.ts'
import { importTraces } from '#/server/import/import-traces.ts'
import { createMlflowClient } from '#/server/mlflow/client.ts'
import { startApp, type TestApp } from '#/test/support/app.ts'
import { basic, type GuardedMlflow, password, robotToken, startGuardedMlflow } from '#/test/support/guarded-mlflow.ts'
import { askForMlflowServer } from '#/test/support/mlflow-server.ts'
import { conversations, writeTraceFile } from '#/test/support/trace-lines.ts'

// With CI=true a missing server throws here.
const server = await askForMlflowServer()

if ('missing' in server) test.skip(`a real mlflow server with authentication: ${server.missing}`)
else
  describe(`a real mlflow server with authentication (${server.version})`, { timeout: 120_000 }, () => {
    const signal = new AbortController().signal
    const robot = { authorization: `Bearer ${robotToken}` }
    const stack = new AsyncDisposableStack()
    let mlflow: GuardedMlflow
    let app: TestApp
    let experimentId: string
    let traceIds: string[]

    const untilEnded = async (id: string): Promise<InsightAnswer> => {
      for (;;) {
        const insight = await app.call('GET', `/insights/${id}`, InsightAnswer, undefined, basic('alice'))
        if (insight.finished_at !== undefined) return insight
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    }
    const ask = () => ({ experiment_id: experimentId, instruction: 'What do they want?', scope: { filter: '' } })

    beforeAll(async () => {
      mlflow = await startGuardedMlflow()
      stack.defer(mlflow.stop)
      for (const user of ['alice', 'bob', 'carol', 'service', 'robot']) await mlflow.createUser(user)
      const path = join(await mkdtemp(join(tmpdir(), 'traces-')), 'support.jsonl')
      await writeTraceFile(path, conversations(12))
      const asAlice = createMlflowClient({
        trackingUri: mlflow.url,
        credentials: { kind: 'basic', username: 'alice', password },
      })
      ;({ experimentId } = await importTraces(asAlice, { path, experiment: 'support', signal }))
      await mlflow.grant('service', 'EDIT', experimentId)
      await mlflow.grant('robot', 'EDIT', experimentId)
      await mlflow.grant('carol', 'READ', experimentId)
      app = stack.use(
        await startApp({
          trackingUri: mlflow.url,
          env: { INSIGHTS_AUTH: 'mlflow', MLFLOW_TRACKING_USERNAME: 'service', MLFLOW_TRACKING_PASSWORD: password },
        }),
      )
      traceIds = []
      for await (const page of asAlice.searchTraces({ experimentId, filter: '' }, { signal }))
        traceIds.push(...page.map(({ traceId }) => traceId))
    }, 240_000)
    afterAll(() => stack.disposeAsync())

    test('an Insight started with a password runs to its end and is read with it', async () => {
      const { id } = await app.call('POST', '/insights', CreatedAnswer, ask(), basic('alice'))
      const insight = await untilEnded(id)
      expect(insight).toMatchObject({ status: 'FINISHED', counts: { selected: 12, failed: 0 } })
      const list = await app.call('GET', '/insights', InsightList, undefined, basic('carol'))
      expect(list.items.map((item) => item.id)).toContain(id)
    })

    test('one started with a bearer token too, and the service itself works with one', async () => {
      const { id } = await app.call('POST', '/insights', CreatedAnswer, ask(), robot)
      expect(await untilEnded(id)).toMatchObject({ status: 'FINISHED' })
      await using tokens = await startApp({ trackingUri: mlflow.url, env: { MLFLOW_TRACKING_TOKEN: robotToken } })
      const created = await tokens.call('POST', '/insights', CreatedAnswer, ask())
      expect(await tokens.finished(created.id)).toMatchObject({ status: 'FINISHED', counts: { selected: 12 } })
    })

    test('wrong and missing credentials are refused, and the answer says which setting to change', async () => {
      expect(await app.ask('GET', '/experiments')).toMatchObject({ status: 401, problem: { code: 'auth.required' } })
      expect(await app.ask('GET', '/experiments', undefined, basic('alice', 'wrong'))).toMatchObject({ status: 401 })
      expect(await app.ask('GET', '/experiments', undefined, { authorization: 'Bearer nonsense' })).toMatchObject({
        status: 401,
      })
      await using stranger = await startApp({ trackingUri: mlflow.url })
      const refused = await stranger.ask('GET', '/experiments')
      expect(refused.problem).toMatchObject({ code: 'mlflow.unauthorized' })
      expect(refused.problem.detail).toMatch(/MLFLOW_TRACKING_USERNAME/)
    })

    test('whoever may not read the experiment sees neither it, nor its traces, nor its Insights', async () => {
      const { id } = await app.call('POST', '/insights', CreatedAnswer, ask(), basic('alice'))
      const seen = await app.call('GET', '/experiments', ExperimentList, undefined, basic('bob'))
      expect(seen.items.map(({ name }) => name)).not.toContain('support')
      expect(await app.ask('GET', `/experiments/${experimentId}/traces`, undefined, basic('bob'))).toMatchObject({
        status: 403,
      })
      expect(await app.ask('GET', `/traces/${traceIds[0]}`, undefined, basic('bob'))).toMatchObject({ status: 403 })
      expect(await app.ask('GET', `/insights/${id}/clusters`, undefined, basic('bob'))).toMatchObject({ status: 404 })
      expect(await app.ask('POST', '/insights', ask(), basic('bob'))).toMatchObject({ status: 403 })
      await untilEnded(id)
    })

    test('whoever may only read opens a trace but starts nothing', async () => {
      const trace = await app.call('GET', `/traces/${traceIds[0]}`, TraceAnswer, undefined, basic('carol'))
      expect(trace.id).toBe(traceIds[0])
      expect(await app.ask('POST', '/insights', ask(), basic('carol'))).toMatchObject({ status: 403 })
    })
  })
