import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { startTrackingServer } from '#/mocks/tracking/server.ts'
import { trackingSuite } from './tracking-suite.ts'

let dataDir: string
let server: { url: string; close: () => Promise<void> }

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'insights-embedded-'))
  server = await startTrackingServer({ port: 0, dataDir })
})
afterAll(async () => {
  await server.close()
  await rm(dataDir, { recursive: true, force: true })
})

trackingSuite('the embedded tracking store', () => server)
