import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTrackingServer, type TrackingServer } from '#/mocks/tracking/server.ts'
import { prompts } from '#/pipeline/model/analyst.ts'
import { createTestWorld, runInWorld } from './cli-world.ts'

let folder: string
let store: TrackingServer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-prompts-'))
  store = await startTrackingServer({ port: 0, dataDir: folder })
})
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

const run = (...args: string[]) => {
  const env = { MLFLOW_TRACKING_URI: store.url }
  return runInWorld(createTestWorld({ env, fetch: (input, init) => fetch(input, init) }), 'prompts', ...args)
}

test('registers every built-in prompt once, and moves an alias when it is told to', async () => {
  const first = await run('register')
  expect(first.exitCode).toBe(0)
  expect(first.stdout.trim().split('\n')).toEqual(prompts.map(({ name }) => `trace-insights-${name} version 1 (new)`))
  const second = await run('register', '--alias', 'production')
  expect(second.stdout).toContain('trace-insights-overview version 1 (unchanged, production)\n')
  const third = await run('register', '--alias', 'production', '--json')
  expect(JSON.parse(third.stdout)).toContainEqual({
    name: 'trace-insights-overview',
    version: '1',
    is_new: false,
    alias: 'production',
    alias_before: '1',
  })
})
