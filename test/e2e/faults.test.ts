// The service is killed, and the tracking server goes away, in the middle of an Insight: nobody has to do anything.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startTrackingServer, type TrackingServer } from '#/mocks/tracking/server.ts'
import { importTraces } from '#/server/import/import-traces.ts'
import { createMlflowClient } from '#/server/mlflow/client.ts'
import { createTestDatabase, type DatabaseKind, databaseKinds, whyNot } from '#/test/support/database.ts'
import { insightRecords } from '#/test/support/insight-records.ts'
import { type Program, startServiceProgram } from '#/test/support/programs.ts'
import { writeSampleFile } from '#/test/support/sample-file.ts'
import { createInsight, finishedInsight } from '#/test/support/service.ts'

const traces = 120
const timeoutMs = 120_000

/** The n-th request of a kind, from the next one on: when a fault strikes. */
type Moment = { name: string; method: string; path: RegExp; nth: number }
const moments = {
  linking: { name: 'while linking', method: 'POST', path: /\/link-to-run$/, nth: 2 },
  summarizing: { name: 'while summarizing', method: 'POST', path: /\/assessments$/, nth: 40 },
  publishing: { name: 'while publishing', method: 'PATCH', path: /\/assessments\//, nth: 60 },
  uploading: { name: 'while uploading', method: 'POST', path: /\/upload-artifact$/, nth: 3 },
} satisfies Record<string, Moment>

/** A tracking server with sample conversations that can be told to strike once at a moment. */
async function openWorld(): Promise<
  AsyncDisposable & {
    url: string
    experimentId: string
    traceIds: string[]
    /** Resolves when the moment came and `fault` was begun; the request itself goes on. */
    strikeAt: (moment: Moment, fault: () => void) => Promise<void>
    restartAfter: (ms: number) => Promise<void>
  }
> {
  const folder = await mkdtemp(join(tmpdir(), 'insights-faults-'))
  let waiting: { moment: Moment; left: number; strike: () => void } | undefined
  const intercept = (request: Request): undefined => {
    if (waiting === undefined || request.method !== waiting.moment.method) return undefined
    if (!waiting.moment.path.test(new URL(request.url).pathname)) return undefined
    if (--waiting.left > 0) return undefined
    const { strike } = waiting
    waiting = undefined
    strike()
    return undefined
  }
  const open = (port: number): Promise<TrackingServer> =>
    startTrackingServer({ port, dataDir: join(folder, 'tracking'), intercept })
  let server = await open(0)
  const { url } = server
  const path = join(folder, 'samples.jsonl')
  const traceIds = await writeSampleFile(path, { every: 2, count: traces })
  const mlflow = createMlflowClient({ trackingUri: url })
  const { signal } = new AbortController()
  const { experimentId } = await importTraces(mlflow, { path, experiment: 'samples', signal })
  return {
    url,
    experimentId,
    traceIds,
    strikeAt: (moment, fault) =>
      new Promise((resolve, reject) => {
        setTimeout(() => reject(new Error(`Nothing came to strike ${moment.name}.`)), timeoutMs).unref()
        waiting = {
          moment,
          left: moment.nth,
          strike: () => {
            fault()
            resolve()
          },
        }
      }),
    restartAfter: async (ms) => {
      await server.close()
      await new Promise((resolve) => setTimeout(resolve, ms))
      server = await open(Number(new URL(url).port))
    },
    [Symbol.asyncDispose]: async () => {
      await server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function serviceOn(
  kind: DatabaseKind,
  trackingUri: string,
): Promise<AsyncDisposable & { env: Record<string, string> }> {
  // Only its place is used: the service opens the database itself, in its own process.
  const place = await createTestDatabase(kind)
  await place.database[Symbol.asyncDispose]()
  const { databaseUrl, dataDir } = place.config
  return {
    env: {
      MLFLOW_TRACKING_URI: trackingUri,
      ...(databaseUrl === undefined ? { INSIGHTS_DATA_DIR: dataDir } : { DATABASE_URL: databaseUrl }),
    },
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  }
}

const question = (experimentId: string) => ({
  experiment_id: experimentId,
  instruction: 'What do people need help with?',
  name: 'What do people need help with?',
  scope: { filter: '' },
  options: { analyst: 'builtin' as const, seed: 3 },
})

for (const kind of databaseKinds) {
  const reason = await whyNot(kind)
  describe.skipIf(reason !== undefined)(
    `faults with the ${kind} database${reason === undefined ? '' : `: ${reason}`}`,
    () => {
      // A killed worker on PostgreSQL is noticed after up to 22 s, so fewer deaths there.
      const deaths: Moment[] =
        kind === 'embedded'
          ? [moments.linking, moments.summarizing, moments.publishing, moments.uploading]
          : [moments.summarizing, moments.publishing]

      test(
        'a service killed in the middle finishes by itself after each start, with the records of an undisturbed run',
        { timeout: 300_000 },
        async () => {
          await using world = await openWorld()
          await using place = await serviceOn(kind, world.url)
          let killNow = (): void => {}
          const start = (): Promise<Program> =>
            startServiceProgram(place.env, {
              onSpawn: (kill) => {
                killNow = kill
              },
            })
          let service = await start()
          try {
            const calm = await createInsight(service.url, question(world.experimentId))
            await finishedInsight(service.url, calm, { timeoutMs })
            const expected = await insightRecords(world.url, calm, world.traceIds)
            expect(expected.summaries).toBeGreaterThan(traces * 0.8)

            const [firstDeath, ...laterDeaths] = deaths
            let died = world.strikeAt(firstDeath!, () => killNow())
            const id = await createInsight(service.url, question(world.experimentId))
            await died
            for (const death of laterDeaths) {
              died = world.strikeAt(death, () => killNow())
              // It goes on with the Insight before it is ready to be asked, so death may come first.
              const starting = start().catch(() => undefined)
              await died
              await (await starting)?.kill()
            }
            service = await start()
            await finishedInsight(service.url, id, { timeoutMs })

            const found = await insightRecords(world.url, id, world.traceIds)
            expect(found).toEqual(expected)
          } finally {
            await service.kill()
          }
        },
      )

      test('an Insight outlives a tracking server that is gone for some seconds', { timeout: 300_000 }, async () => {
        await using world = await openWorld()
        await using place = await serviceOn(kind, world.url)
        await using service = await startServiceProgram(place.env)
        const calm = await createInsight(service.url, question(world.experimentId))
        await finishedInsight(service.url, calm, { timeoutMs })
        const expected = await insightRecords(world.url, calm, world.traceIds)

        for (const moment of [moments.summarizing, moments.publishing]) {
          let back: Promise<void> | undefined
          const gone = world.strikeAt(moment, () => {
            back = world.restartAfter(3_000)
          })
          const id = await createInsight(service.url, question(world.experimentId))
          await gone
          await back
          await finishedInsight(service.url, id, { timeoutMs })
          expect(await insightRecords(world.url, id, world.traceIds)).toEqual(expected)
        }
      })
    },
  )
}
