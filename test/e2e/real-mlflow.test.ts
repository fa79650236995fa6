import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ModelServer, startModelServer } from '#/mocks/model/server.ts'
import { CreatedAnswer } from '#/server/api/schemas/insights.ts'
import { startApp, type TestApp } from '#/test/support/app.ts'
import { dataSets, findDataDir, readJsonLines } from '#/test/support/data.ts'
import { askForMlflowServer } from '#/test/support/mlflow-server.ts'
import { writeSampleFile } from '#/test/support/sample-file.ts'
import { hierarchyOf, type SeenInsight, verifyInsight } from '#/test/support/verify-insight.ts'

// With CI=true a missing server throws here.
const server = await askForMlflowServer()

if ('missing' in server) test.skip(`an Insight on a real mlflow server: ${server.missing}`)
else suite(server)

function suite(mlflow: { url: string; python: string; version: string }): void {
  describe(`an Insight on a real mlflow server (${mlflow.version})`, { timeout: 300_000 }, () => {
    const dataDir = findDataDir()
    let app: TestApp
    let model: ModelServer
    let folder: string
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'insights-real-'))
      model = await startModelServer()
      const env = { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'none' }
      app = await startApp({ trackingUri: mlflow.url, env, timeoutMs: 240_000 })
    }, 240_000)
    afterAll(async () => {
      await app?.[Symbol.asyncDispose]()
      await model?.close()
      await rm(folder, { recursive: true, force: true })
    })

    const compute = async (experimentId: string, analyst: 'builtin' | 'model'): Promise<string> => {
      const { id } = await app.call('POST', '/insights', CreatedAnswer, {
        experiment_id: experimentId,
        instruction: 'What do people need help with, and where does the assistant fall short?',
        scope: { filter: '' },
        options: { analyst, seed: 5 },
      })
      await app.finished(id)
      return id
    }
    const expectTrue = (seen: SeenInsight, traces: number): void => {
      expect(seen.problems).toEqual({})
      expect(seen).toMatchObject({ status: 'FINISHED', linked: traces, counts: { selected: traces, failed: 0 } })
      expect(seen.assessments_per_trace).toEqual({ 1: seen.counts.summarized })
    }

    test("MLflow's own client finds sample conversations linked, summarized once each, tagged, and in the artifact, with both analysts", async () => {
      const path = join(folder, 'samples.jsonl')
      const traceIds = await writeSampleFile(path, { every: 8, count: 40 })
      const experimentId = await app.import({ path, experiment: `samples ${crypto.randomUUID()}` })

      const first = await compute(experimentId, 'builtin')
      const seen = await verifyInsight(mlflow, first)
      expectTrue(seen, traceIds.length)
      expect(seen.sources).toEqual({ 'CODE/builtin': seen.counts.summarized })

      // The second writes onto the same traces: neither takes anything from the other.
      const second = await compute(experimentId, 'model')
      const seenSecond = await verifyInsight(mlflow, second)
      expectTrue(seenSecond, traceIds.length)
      expect(seenSecond.sources).toEqual({ 'LLM_JUDGE/gpt-5-mini': seenSecond.counts.summarized })
      expect(seenSecond.metrics['tokens_in']).toBeGreaterThan(0)
      expectTrue(await verifyInsight(mlflow, first, { older: true }), traceIds.length)
    })

    const missing = dataDir === undefined ? ' (skipped: the labelled traces are not here, see TRACE_DATA_DIR)' : ''
    test.skipIf(dataDir === undefined)(
      `forty agent conversations with tools give the same hierarchy twice${missing}`,
      async () => {
        const path = join(folder, 'tau.jsonl')
        const lines: string[] = []
        for await (const line of readJsonLines(join(dataDir ?? '', dataSets.tau_retail))) {
          if (lines.push(JSON.stringify(line)) === 40) break
        }
        await writeFile(path, `${lines.join('\n')}\n`)
        const experimentId = await app.import({ path, experiment: `tau ${crypto.randomUUID()}` })
        const first = await verifyInsight(mlflow, await compute(experimentId, 'builtin'))
        expectTrue(first, 40)
        const second = await verifyInsight(mlflow, await compute(experimentId, 'builtin'))
        expectTrue(second, 40)
        expect(hierarchyOf(second.details)).toBe(hierarchyOf(first.details))
      },
    )
  })
}
