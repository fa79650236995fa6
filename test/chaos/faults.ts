// Everything a job depends on fails it: the model in every way in turn, the tracking server gone for a while, the database's
// connections cut. The job must end by itself, and what it left must add up.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import type { FaultKind } from '#/mocks/model/faults.ts'
import { startModelServer } from '#/mocks/model/server.ts'
import { startTrackingServer, type TrackingServer } from '#/mocks/tracking/server.ts'
import type { InsightAnswer } from '#/server/api/schemas/insights.ts'
import { importTraces } from '#/server/import/import-traces.ts'
import { createMlflowClient } from '#/server/mlflow/client.ts'
import { createTestDatabase, type DatabaseKind } from '#/test/support/database.ts'
import { insightRecords } from '#/test/support/insight-records.ts'
import { startServiceProgram, startWorkerProgram } from '#/test/support/programs.ts'
import { writeSampleFile } from '#/test/support/sample-file.ts'
import { createInsight, finishedInsight } from '#/test/support/service.ts'

export type FaultOptions = {
  database: DatabaseKind
  traces: number
  /** Each has its turn, again and again, of so many calls; in its turn it strikes this share of them. */
  kinds: readonly FaultKind[]
  rate: number
  callsPerTurn: number
  /** A command that restarts the PostgreSQL of this run; without one all connections are cut, as a restart would. */
  restart?: string | undefined
  /** How long the tracking server is gone when half of the traces are summarized. */
  mlflowGoneMs: number
  timeoutMs: number
}

export type FaultReport = {
  database: DatabaseKind
  counts: NonNullable<InsightAnswer['counts']>
  calls: number
  /** How often each fault struck. */
  struck: Partial<Record<FaultKind, number>>
  /** Times all connections of the database were cut. */
  cuts: number
  /** What does not add up. */
  problems: string[]
  seconds: number
}

const concurrency = 8
const workers = 2
/** Shares of the traces at which PostgreSQL cuts everybody off. */
const cutsAt = [0.25, 0.5, 0.75]

const { signal } = new AbortController()

/** Runs one job through all of it. Throws when the job does not end FINISHED in time. */
export async function runFaults(options: FaultOptions): Promise<FaultReport> {
  const { database, traces, kinds, rate, restart } = options
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'insights-faults-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const model = await startModelServer({ latencyMs: 50, retryAfterMs: 500 })
  stack.defer(() => model.close())
  const openTracking = (port: number) => startTrackingServer({ port, dataDir: join(folder, 'tracking') })
  let tracking: TrackingServer | undefined = await openTracking(0)
  stack.defer(() => tracking?.close())
  const { url: trackingUri } = tracking
  const path = join(folder, 'traces.jsonl')
  const traceIds = await writeSampleFile(path, { every: 1, count: traces })
  const mlflow = createMlflowClient({ trackingUri })
  const { experimentId } = await importTraces(mlflow, { path, experiment: 'faults', signal })

  const place = stack.use(await createTestDatabase(database))
  await place.database[Symbol.asyncDispose]()
  const { databaseUrl, dataDir } = place.config
  const env = {
    MLFLOW_TRACKING_URI: trackingUri,
    OPENAI_BASE_URL: model.url,
    INSIGHTS_CONCURRENCY: String(concurrency),
    ...(databaseUrl === undefined ? { INSIGHTS_DATA_DIR: dataDir } : { DATABASE_URL: databaseUrl }),
  }
  const service = stack.use(
    await startServiceProgram({ ...env, ...(databaseUrl === undefined ? {} : { INSIGHTS_MODE: 'web' }) }),
  )
  if (databaseUrl !== undefined)
    for (let worker = 0; worker < workers; worker++) stack.use(await startWorkerProgram(env))

  // By calls and not by time, so that each fault has its turn however fast the machine is.
  const turning = setInterval(() => {
    const turn = Math.floor(model.calls().length / options.callsPerTurn)
    model.change({ faults: { [kinds[turn % kinds.length]!]: rate } })
  }, 20)
  stack.defer(() => clearInterval(turning))

  const startedAt = performance.now()
  let cuts = 0
  let outage: Promise<void> | undefined
  const goAway = async (): Promise<void> => {
    const gone = tracking
    tracking = undefined
    await gone?.close()
    await wait(options.mlflowGoneMs)
    tracking = await openTracking(Number(new URL(trackingUri).port))
  }
  const cutting: Promise<void>[] = []
  const id = await createInsight(service.url, {
    experiment_id: experimentId,
    instruction: 'What do people need help with?',
    scope: { filter: '' },
    options: { seed: 3, concurrency },
  })
  const insight = await finishedInsight(service.url, id, {
    timeoutMs: options.timeoutMs,
    everyMs: 50,
    onLook: ({ stage, progress }) => {
      const share = stage === 'load' ? 0 : stage === 'summarize' ? (progress?.done ?? 0) / traces : 1
      if (share >= 0.5) outage ??= goAway()
      if (databaseUrl === undefined || share < (cutsAt[cuts] ?? Infinity)) return
      cuts++
      cutting.push(restart === undefined ? cutConnections(databaseUrl) : run(restart))
    },
  })
  await Promise.all([outage, ...cutting])

  const calls = model.calls()
  const struck = Object.fromEntries(
    kinds.map((kind) => [kind, calls.filter(({ fault }) => fault === kind).length]),
  ) as FaultReport['struck']
  const problems = kinds.flatMap((kind) => (struck[kind] === 0 ? [`${kind} never struck`] : []))
  if (outage === undefined) problems.push('the tracking server never went away')
  if (databaseUrl !== undefined && cuts < cutsAt.length) problems.push(`connections were cut ${cuts} times only`)
  problems.push(...(await findContradictions(insight, { trackingUri, traceIds })))
  return {
    database,
    counts: insight.counts,
    calls: calls.length,
    struck,
    cuts,
    problems,
    seconds: (performance.now() - startedAt) / 1_000,
  }
}

/** Runs a command of the shell; throws when it fails. */
async function run(command: string): Promise<void> {
  const [code] = (await once(spawn(command, { shell: true, stdio: 'ignore' }), 'close')) as [number | null]
  if (code !== 0) throw new Error(`${command} ended with ${code}.`)
}

/** Ends every connection to the database but the one that does it, as a restart would. */
async function cutConnections(url: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    )
  } finally {
    await client.end()
  }
}

/** Where what the service says, what stands in MLflow and what was asked for do not come to the same. */
async function findContradictions(
  { id, counts }: InsightAnswer,
  { trackingUri, traceIds }: { trackingUri: string; traceIds: readonly string[] },
): Promise<string[]> {
  const { selected, summarized, skipped, failed, clustered, unassigned } = counts
  const records = await insightRecords(trackingUri, id, traceIds)
  const { failures, skipped: left } = JSON.parse(String(records['failuresFile'])) as Record<string, unknown[]>
  const metrics = records['metrics'] as Record<string, number>
  const tagged = (records['traces'] as { tag: string | null }[]).filter(({ tag }) => tag !== null).length
  const must: Record<string, [number | undefined, number]> = {
    'traces selected': [selected, traceIds.length],
    'summarized, skipped and failed': [summarized + skipped + failed, selected],
    'clustered and unassigned': [clustered + unassigned, summarized],
    'links in MLflow': [records['linked'] as number, selected],
    'traces with one summary in MLflow': [records.summaries, summarized],
    'traces with a place in MLflow': [tagged, summarized],
    'summarized in the metrics': [metrics['traces_summarized'], summarized],
    'failed in the metrics': [metrics['traces_failed'], failed],
    'failures listed': [failures?.length, failed],
    'skipped listed': [left?.length, skipped],
  }
  return Object.entries(must).flatMap(([what, [found, expected]]) =>
    found === expected ? [] : [`${what}: ${found} instead of ${expected}`],
  )
}
