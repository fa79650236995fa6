import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTrackingServer, type TrackingServer } from '#/mocks/tracking/server.ts'
import { createServiceState, fakeService } from './cli-service.ts'
import { createTestWorld, runInWorld } from './cli-world.ts'

const trace = (digit: number): object => ({
  trace_id: `tr-${String(digit).padStart(32, '0')}`,
  request_time: '2026-10-01T00:00:00Z',
  request_preview: 'Where is my order?',
  spans: [
    {
      span_id: `${digit}`.padStart(16, '1'),
      parent_id: null,
      name: 'agent',
      start_time_unix_nano: '1790812800000000000',
      end_time_unix_nano: '1790812801000000000',
      inputs: { messages: [{ role: 'user', content: 'Where is my order?' }] },
    },
  ],
  expectations: { answer: 'In the post.' },
  assessments: [{ name: 'good', value: true }],
})

describe('import', () => {
  let folder: string
  let store: TrackingServer
  let file: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cli-import-'))
    store = await startTrackingServer({ port: 0, dataDir: join(folder, 'tracking') })
    file = join(folder, 'traces.jsonl')
    await writeFile(file, [1, 2, 3].map((digit) => `${JSON.stringify(trace(digit))}\n`).join(''))
  })
  afterAll(async () => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** The real network, for the store really listens. */
  const run = (env: Record<string, string>, ...args: string[]) =>
    runInWorld(createTestWorld({ env, fetch: (input, init) => fetch(input, init) }), 'import', ...args)

  test('writes into MLFLOW_TRACKING_URI without the service, and again without harm', async () => {
    const env = { MLFLOW_TRACKING_URI: store.url }
    const first = await run(env, file, '--experiment', 'orders')
    expect(first).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^3 imported \(3 spans, 3 assessments\) in experiment “orders” \(\d+\)\n$/),
    })
    const second = await run(env, file, '--experiment', 'orders', '--json')
    expect(JSON.parse(second.stdout)).toMatchObject({ imported: 0, unchanged: 3, failed: 0 })
  })

  test('takes expectations only when asked to', async () => {
    const json = await run(
      { MLFLOW_TRACKING_URI: store.url },
      file,
      '--experiment',
      'orders',
      '--expectations',
      '--json',
    )
    expect(JSON.parse(json.stdout)).toMatchObject({ assessments: 3 })
  })

  test('finds the embedded store through the running service', async () => {
    const service = fakeService(createServiceState({ trackingUri: store.url }))
    const world = createTestWorld({
      fetch: (input, init) =>
        new URL(input instanceof Request ? input.url : input).port === '5055'
          ? service(input, init)
          : fetch(input, init),
    })
    expect(await runInWorld(world, 'import', file, '--experiment', 'orders')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('3 there already'),
    })
  })

  test('leaves with 1 when a line cannot be imported, names it, and imports the others', async () => {
    const mixed = join(folder, 'mixed.jsonl')
    await writeFile(mixed, `${JSON.stringify(trace(4))}\n{"trace_id": 5}\n`)
    const result = await run({ MLFLOW_TRACKING_URI: store.url }, mixed, '--experiment', 'orders')
    expect(result).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('1 imported, 1 failed') })
    expect(result.stderr).toMatch(/^Line 2: trace_id: /m)
  })

  test('leaves with 1 for a file without lines and with 2 for one that is not there', async () => {
    const empty = join(folder, 'empty.jsonl')
    await writeFile(empty, '')
    const env = { MLFLOW_TRACKING_URI: store.url }
    expect(await run(env, empty, '--experiment', 'orders')).toMatchObject({
      exitCode: 1,
      stderr: 'The file holds no lines.\n',
    })
    const missing = await run(env, join(folder, 'missing.jsonl'), '--experiment', 'orders')
    expect(missing).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining('missing.jsonl cannot be read'),
    })
  })

  test('says at once that no tracking server answers, and leaves with 2', async () => {
    const result = await run({ MLFLOW_TRACKING_URI: 'http://127.0.0.1:9' }, file, '--experiment', 'orders')
    expect(result).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('Nothing answers at http://127.0.0.1:9.'),
    })
    const wrong = await run({ MLFLOW_TRACKING_URI: 'sqlite:///x' }, file, '--experiment', 'orders')
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('MLFLOW_TRACKING_URI must be a URL') })
  })
})
