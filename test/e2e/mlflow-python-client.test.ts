import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { startTrackingServer } from '#/mocks/tracking/server.ts'
import { askForMlflowServer } from '#/test/support/mlflow-server.ts'

const run = promisify(execFile)

// The real server's environment holds the client too; with CI=true a missing one throws here.
const environment = await askForMlflowServer()

if ('missing' in environment) test.skip(`MLflow's Python client: ${environment.missing}`)
else suite(environment.python)

function suite(python: string): void {
  describe("MLflow's own Python client on the embedded store", () => {
    test('writes runs, traces, feedback and links, and reads back what it wrote', { timeout: 180_000 }, async () => {
      const dataDir = await mkdtemp(join(tmpdir(), 'insights-python-'))
      const server = await startTrackingServer({ port: 0, dataDir })
      try {
        const seen = await runClient(python, server.url)
        const trace = {
          inputs: expect.anything(),
          tokens: { input_tokens: 12, output_tokens: 5, total_tokens: 17 },
          session: 's-1',
          language: 'de',
        }
        const below = [
          ['search', 'RETRIEVER', 'OK'],
          ['chat', 'CHAT_MODEL', 'OK'],
        ]
        expect(seen).toMatchObject({
          run: {
            name: 'an insight',
            status: 'FINISHED',
            params: { model: 'builtin' },
            metrics: { clusters: 7, share: 0.25 },
            type: 'INSIGHTS',
            history: [7],
          },
          runs: [true],
          artifacts: ['insights', 'mlflow_insights_cluster_details.json'],
          downloaded: { clusters: [{ id: '1', title: 'Ünïcode' }] },
          prompt: 'one\ntwo',
          traces: [
            { ...trace, state: 'OK', spans: [['nora', 'AGENT', 'OK'], ...below] },
            { ...trace, state: 'ERROR', spans: [['nora', 'AGENT', 'ERROR'], ...below] },
          ],
          failed: [true],
          frame: true,
          assessments: [
            ['answer', null, { steps: [1, 2] }, null],
            ['helpful', false, false, 'far too short'],
            ['helpful', true, true, 'on reflection'],
          ],
          fetched: true,
          tags: {
            language: 'de',
            'mlflow.traceName': 'nora',
            'mlflow.insights.cluster_id': `${String(seen['run_id'])}/1.2`,
          },
          deleted: 1,
          stage: 'deleted',
        })
        if (seen['can_link'] === true) expect(seen['linked']).toBe(true)
      } finally {
        await server.close()
        await rm(dataDir, { recursive: true, force: true })
      }
    })
  })
}

async function runClient(python: string, url: string): Promise<Record<string, unknown>> {
  const script = join(import.meta.dirname, '../support/mlflow-client.py')
  // Nothing of the machine's own MLflow settings may lead it elsewhere.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MLFLOW_')))
  const { stdout } = await run(python, [script, url], { env, maxBuffer: 1 << 24, timeout: 150_000 })
  const line = stdout.split('\n').find((each) => each.startsWith('SEEN '))
  expect(line, `the client's last line in: ${stdout.slice(-2000)}`).toBeDefined()
  return JSON.parse((line ?? '').slice('SEEN '.length)) as Record<string, unknown>
}
