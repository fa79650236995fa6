import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startTrackingServer, type TrackingServer } from '#/mocks/tracking/server.ts'
import { AppError } from '#/pipeline/errors.ts'
import type { InsightSpec, Stage } from '#/pipeline/insight.ts'
import type { Analyst } from '#/pipeline/ports.ts'
import { redactNothing } from '#/pipeline/redact/redactor.ts'
import { listEvents } from '#/server/db/events.ts'
import { getInsight, insertInsight } from '#/server/db/insights.ts'
import { importTraces } from '#/server/import/import-traces.ts'
import { createGivenUp, createInsightRunner, type RunnerDeps } from '#/server/insights/run-job.ts'
import { createEvents, type Events } from '#/server/jobs/events.ts'
import { createJobs, type Jobs, type JobsOptions } from '#/server/jobs/jobs.ts'
import { createMlflowClient } from '#/server/mlflow/client.ts'
import { createTestDatabase, silentLog, type TestDatabase } from '#/test/support/database.ts'
import { anInsight } from '#/test/support/insight-rows.ts'
import { createPlainAnalyst, plainSpec } from '#/test/support/plain-world.ts'
import { conversations, writeTraceFile } from '#/test/support/trace-lines.ts'

let opened: TestDatabase
let tracking: TrackingServer
let folder: string
let experimentId: string
let events: Events
const client = () => createMlflowClient({ trackingUri: tracking.url })
const { signal } = new AbortController()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'insights-run-'))
  opened = await createTestDatabase('embedded')
  tracking = await startTrackingServer({ port: 0, dataDir: join(folder, 'tracking') })
  const path = join(folder, 'traces.jsonl')
  await writeTraceFile(path, conversations(12))
  experimentId = (await importTraces(client(), { path, experiment: 'run-job', signal })).experimentId
  events = createEvents({ database: opened.database, log: silentLog })
})
afterAll(async () => {
  await events?.[Symbol.asyncDispose]()
  await opened?.[Symbol.asyncDispose]()
  await tracking?.close()
  await rm(folder, { recursive: true, force: true })
})

/** An Insight that is queued and computed by this analyst. */
async function runWith(
  analyst: Partial<Analyst>,
  options: { spec?: Partial<InsightSpec>; runner?: Partial<RunnerDeps>; jobs?: Partial<JobsOptions> } = {},
): Promise<{ id: string; jobs: Jobs } & AsyncDisposable> {
  const { runId: id } = await client().createRun({ experimentId, name: 'test', startTimeMs: 1, tags: {} }, { signal })
  const runner: RunnerDeps = {
    database: opened.database,
    events,
    client: client(),
    chooseAnalyst: () => createPlainAnalyst(analyst),
    redact: redactNothing,
    meters: { observe: () => undefined },
    codeVersion: 'test',
    now: Date.now,
    log: silentLog,
    ...options.runner,
  }
  const jobs = createJobs({
    database: opened.database,
    run: createInsightRunner(runner),
    onGivenUp: createGivenUp(runner),
    concurrency: 1,
    log: silentLog,
    ...options.jobs,
  })
  await jobs.start()
  const spec = { ...plainSpec, experimentId, pinnedAtMs: Date.now(), ...options.spec }
  await jobs.enqueue(id, { within: (tx) => insertInsight(tx, anInsight(id, { spec })) })
  return { id, jobs, [Symbol.asyncDispose]: () => jobs.stop(500) }
}
const read = (id: string) => getInsight(opened.database.db, id)

test('a job that is given a time ends with it, says so, and has as much again when it is resumed', async () => {
  const hangs: Partial<Analyst> = {
    summarize: (_, { signal: ending }) =>
      new Promise((_resolve, reject) => ending.addEventListener('abort', () => reject(ending.reason as Error))),
  }
  await using job = await runWith(hangs, { spec: { maxDurationS: 2 } })
  await vi.waitFor(async () => expect((await read(job.id)).status).toBe('FAILED'), 20_000)
  expect((await read(job.id)).error).toMatchObject({ code: 'insight.deadline_passed' })
  // The run is ended after the Insight: MLflow may be what is down.
  await vi.waitFor(async () => expect((await client().getRun(job.id, { signal })).status).toBe('FAILED'), 10_000)
  const resumedAtMs = Date.now()
  await job.jobs.enqueue(job.id, { within: async () => undefined })
  expect((await read(job.id)).deadlineAt!.getTime()).toBeGreaterThan(resumedAtMs + 1_900)
})

test('a part of a job that says nothing for too long is told of and started again, even if it does not end by itself', async () => {
  const plain = createPlainAnalyst()
  let isStuck = true
  const analyst: Partial<Analyst> = {
    writeOverview: async (input, options) => {
      if (!isStuck) return plain.writeOverview(input, options)
      isStuck = false
      return await new Promise<never>(() => undefined)
    },
  }
  const patient: Record<Stage, number> = {
    load: 60_000,
    summarize: 60_000,
    embed: 60_000,
    cluster: 60_000,
    name: 60_000,
    overview: 1_000,
    publish: 60_000,
  }
  await using job = await runWith(analyst, { runner: { stallLimitsMs: patient } })
  await vi.waitFor(async () => expect((await read(job.id)).status).toBe('FINISHED'), 40_000)
  const all = (await listEvents(opened.database.db, job.id, 0)).map(({ event }) => event)
  expect(all).toContainEqual({ type: 'log', level: 'warn', message: expect.stringContaining('overview') as string })
}, 60_000)

test('an outage costs no attempts and is told while it lasts', async () => {
  const plain = createPlainAnalyst()
  let isGone = true
  const over = Promise.withResolvers<void>()
  const analyst: Partial<Analyst> = {
    summarize: async (input, options) => {
      if (isGone) throw new AppError('model.unreachable', 'No connection to the model.')
      return plain.summarize(input, options)
    },
  }
  const waitOut = async (error: unknown): Promise<boolean> => {
    expect(error).toMatchObject({ code: 'model.unreachable' })
    await over.promise
    return true
  }
  await using job = await runWith(analyst, { jobs: { waitOut } })
  await vi.waitFor(
    async () => expect((await read(job.id)).waiting).toMatchObject({ code: 'model.unreachable' }),
    15_000,
  )
  isGone = false
  over.resolve()
  await vi.waitFor(async () => expect((await read(job.id)).status).toBe('FINISHED'), 20_000)
  expect(await read(job.id)).toMatchObject({ attempts: 0, waiting: null })
})
