// New code is rolled out while an Insight is computed: each worker is told to stop and replaced, one after the other.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startModelServer } from '#/mocks/model/server.ts'
import { startTrackingServer } from '#/mocks/tracking/server.ts'
import { importTraces } from '#/server/import/import-traces.ts'
import { createMlflowClient } from '#/server/mlflow/client.ts'
import { createTestDatabase, whyNot } from '#/test/support/database.ts'
import { insightRecords } from '#/test/support/insight-records.ts'
import { type Program, startServiceProgram, startWorkerProgram } from '#/test/support/programs.ts'
import { writeSampleFile } from '#/test/support/sample-file.ts'
import { createInsight, finishedInsight } from '#/test/support/service.ts'

const traces = 100
const concurrency = 4
const timeoutMs = 120_000
const reason = await whyNot('postgresql')

test.skipIf(reason !== undefined)(
  `two workers restarted one after the other lose nothing and pay only for calls under way${reason === undefined ? '' : `: ${reason}`}`,
  { timeout: 300_000 },
  async () => {
    await using stack = new AsyncDisposableStack()
    const folder = await mkdtemp(join(tmpdir(), 'insights-rolling-'))
    stack.defer(() => rm(folder, { recursive: true, force: true }))
    const model = await startModelServer({ latencyMs: 250 })
    stack.defer(() => model.close())
    const tracking = await startTrackingServer({ port: 0, dataDir: join(folder, 'tracking') })
    stack.defer(() => tracking.close())
    const path = join(folder, 'traces.jsonl')
    const traceIds = await writeSampleFile(path, { every: 3, count: traces })
    const { signal } = new AbortController()
    const mlflow = createMlflowClient({ trackingUri: tracking.url })
    const { experimentId } = await importTraces(mlflow, { path, experiment: 'rolling', signal })
    const place = stack.use(await createTestDatabase('postgresql'))
    await place.database[Symbol.asyncDispose]()
    const env = {
      MLFLOW_TRACKING_URI: tracking.url,
      OPENAI_BASE_URL: model.url,
      DATABASE_URL: place.config.databaseUrl ?? '',
      INSIGHTS_CONCURRENCY: String(concurrency),
      // The checkpoints alone must see to it that nothing is paid for twice.
      INSIGHTS_CACHE_DAYS: '0',
    }
    const web = stack.use(await startServiceProgram({ ...env, INSIGHTS_MODE: 'web' }))
    const startWorker = async (): Promise<Program> => stack.use(await startWorkerProgram(env))
    const workers = [await startWorker(), await startWorker()]
    const create = () =>
      createInsight(web.url, {
        experiment_id: experimentId,
        instruction: 'What do people need help with?',
        name: 'rolling',
        scope: { filter: '' },
        options: { seed: 3, concurrency },
      })
    const summaries = () => model.calls().filter(({ schemaName }) => schemaName === 'summarize').length

    const calm = await create()
    await finishedInsight(web.url, calm, { timeoutMs })
    const expected = await insightRecords(tracking.url, calm, traceIds)
    const calmCalls = summaries()

    const replace = async (at: number): Promise<void> => {
      await workers[at]?.stop()
      workers[at] = await startWorker()
    }
    const moments = [0.2, 0.6]
    const stopped: Promise<void>[] = []
    let rolling = Promise.resolve()
    const id = await create()
    await finishedInsight(web.url, id, {
      timeoutMs,
      everyMs: 50,
      onLook: ({ stage, progress }) => {
        const share = stage === 'summarize' ? (progress?.done ?? 0) / traces : 0
        if (share < (moments[stopped.length] ?? Infinity)) return
        const at = stopped.length
        rolling = rolling.then(() => replace(at))
        stopped.push(rolling)
      },
    })
    await Promise.all(stopped)

    expect(stopped).toHaveLength(2)
    expect(await insightRecords(tracking.url, id, traceIds)).toEqual(expected)
    expect(summaries() - calmCalls).toBeLessThanOrEqual(calmCalls + stopped.length * concurrency)
  },
)
