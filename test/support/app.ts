// The whole service in this process, over real HTTP, with the embedded tracking store or one that is given.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { z } from 'zod'
import { startTrackingServer } from '#/mocks/tracking/server.ts'
import { InsightAnswer } from '#/server/api/schemas/insights.ts'
import { type Problem } from '#/server/api/schemas/parts.ts'
import { parseConfig } from '#/server/config.ts'
import { type ImportOptions, importTraces } from '#/server/import/import-traces.ts'
import { startService } from '#/server/main.ts'
import { createMlflowClient, type MlflowClient } from '#/server/mlflow/client.ts'
import { createLog } from '#/server/log.ts'
import type { Database } from '#/server/db/database.ts'
import { createTestDatabase, type DatabaseKind, silentLog } from './database.ts'

export type TestApp = AsyncDisposable & {
  url: string
  trackingUri: string
  database: Database
  mlflow: MlflowClient
  /** A JSON request to `/api/v1…`; throws with the problem for anything but a success. */
  call: <T>(
    method: string,
    path: string,
    answer: z.ZodType<T>,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<T>
  /** The raw answer, for requests that are meant to fail. */
  ask: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<{ status: number; problem: Problem }>
  import: (options: Omit<ImportOptions, 'signal'>) => Promise<string>
  /** Waits for the end of an Insight and answers it. */
  finished: (id: string) => Promise<InsightAnswer>
}

export async function startApp(
  options: {
    database?: DatabaseKind
    trackingUri?: string
    env?: Record<string, string>
    uiDir?: string
    timeoutMs?: number
  } = {},
): Promise<TestApp> {
  await using stack = new AsyncDisposableStack()
  const test = stack.use(await createTestDatabase(options.database ?? 'embedded'))
  let trackingUri = options.trackingUri
  if (trackingUri === undefined) {
    const dataDir = await mkdtemp(join(tmpdir(), 'insights-tracking-'))
    stack.defer(() => rm(dataDir, { recursive: true, force: true }))
    const tracking = await startTrackingServer({ port: 0, dataDir })
    stack.defer(() => tracking.close())
    trackingUri = tracking.url
  }
  const config = parseConfig({ MLFLOW_TRACKING_URI: trackingUri, PORT: '0', ...options.env })
  const service = await startService(config, {
    log: process.env['TEST_LOG'] === undefined ? silentLog : createLog({ logLevel: 'info' }),
    database: test.database,
    ...(options.uiDir === undefined ? {} : { uiDir: options.uiDir }),
  })
  stack.defer(() => service.close())
  const mlflow = createMlflowClient({ trackingUri })

  const request = (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    fetch(`${service.url}/api/v1${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  const call: TestApp['call'] = async (method, path, answer, body, headers) => {
    const response = await request(method, path, body, headers)
    const json: unknown = await response.json()
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(json)}`)
    return answer.parse(json)
  }
  const kept = stack.move()
  return {
    url: service.url,
    trackingUri,
    database: test.database,
    mlflow,
    call,
    ask: async (method, path, body, headers) => {
      const response = await request(method, path, body, headers)
      return { status: response.status, problem: (await response.json()) as Problem }
    },
    import: async (importing) => {
      const result = await importTraces(mlflow, { ...importing, signal: new AbortController().signal })
      return result.experimentId
    },
    finished: async (id) => {
      for (const until = Date.now() + (options.timeoutMs ?? 100_000); Date.now() < until;) {
        const insight = await call('GET', `/insights/${id}`, InsightAnswer)
        if (insight.status === 'FINISHED') return insight
        if (insight.status === 'FAILED' || insight.status === 'KILLED')
          throw new Error(`${insight.status}: ${JSON.stringify(insight.error)}`)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      throw new Error('The Insight did not end in time.')
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
