// With what: everything real is plugged together here, and nowhere else.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import packageJson from '../package.json' with { type: 'json' }
import { AppError } from '#/pipeline/errors.ts'
import { createRedactor, redactNothing } from '#/pipeline/redact/redactor.ts'
import type { Caller } from './api/caller.ts'
import type { ServiceAnswer } from './api/schemas/insights.ts'
import { createApp } from './app.ts'
import { type Config, parseConfig } from './config.ts'
import { createAnswerCache } from './db/answers.ts'
import { type Database, openDatabase, pingDatabase } from './db/database.ts'
import { listInsights } from './db/insights.ts'
import type { InsightChoices } from './db/records.ts'
import { createAnalystChooser } from './insights/analysts.ts'
import { createInsight, type CreateDeps } from './insights/create.ts'
import { createEstimator } from './insights/estimate.ts'
import { housekeeping } from './insights/housekeeping.ts'
import { createPromptChooser } from './insights/prompts.ts'
import { createGivenUp, createInsightRunner, type RunnerDeps } from './insights/run-job.ts'
import { createEvents } from './jobs/events.ts'
import { createBreakers, endpoints } from './jobs/breaker.ts'
import { joinFleet } from './jobs/fleet.ts'
import { createJobs } from './jobs/jobs.ts'
import { createLog, type Log } from './log.ts'
import { createMeters } from './meters.ts'
import { createLimiter, mostPlaces, toLimiterOptions } from './model/limiter.ts'
import { probeModel } from './model/probe.ts'
import { openTracking, type TrackingServer } from './tracking.ts'

/** Insights computed at once by one process; each does many traces at once. */
const jobsAtOnce = 2
const shortJobsAtOnce = 2
/** How long a stopping process waits for what is under way. */
const stopGraceMs = 10_000

export type Service = { url: string; trackingUri: string; close: () => Promise<void> }

/**
 * Starts the service as configured and answers once it can be used. A `database` that is open already stays the caller's to
 * close. Throws an AppError that says what to mend.
 */
export async function startService(
  config: Config,
  options: { log?: Log; uiDir?: string; database?: Database } = {},
): Promise<Service> {
  const log = options.log ?? createLog(config)
  const now = Date.now
  await using stack = new AsyncDisposableStack()
  const [database, tracking] = await openBoth(config, { log, database: options.database }, stack)
  const events = stack.use(createEvents({ database, log }))
  const cache = config.cacheDays === 0 ? undefined : createAnswerCache(database.db, { days: config.cacheDays })
  const meters = stack.use(createMeters())
  const limits = toLimiterOptions(config.model)
  const limiter = createLimiter({ ...limits, onShortage: () => fleet.hurry() })
  const fleet = stack.use(
    await joinFleet({ database, mode: config.mode, limiter, most: limits.most, report: meters.report, log }),
  )
  meters.gauge('trace_insights_model_places', () => Math.min(limiter.state().places, limiter.state().share))
  meters.gauge('trace_insights_model_calls_active', () => limiter.state().active)
  meters.gauge('trace_insights_model_calls_waiting', () => limiter.state().waiting)
  meters.gauge('trace_insights_model_paused_seconds', () => limiter.state().pausedMs / 1_000)
  const chooseAnalyst = createAnalystChooser(config.model, {
    limiter,
    cache,
    onCall: (outcome, seconds) => meters.observe('trace_insights_model_call_seconds', { outcome }, seconds),
  })
  const runner: RunnerDeps = {
    database,
    events,
    client: tracking.client,
    chooseAnalyst,
    meters,
    redact: config.redaction.isOn ? createRedactor(config.redaction) : redactNothing,
    codeVersion: packageJson.version,
    now,
    log,
  }
  const breakers = createBreakers({
    probes: {
      model: (signal) => probeModel(config.model, signal),
      mlflow: async (signal) => void (await tracking.quickClient.searchExperiments({ maxResults: 1 }, { signal })),
      database: () => pingDatabase(database),
    },
    log,
  })
  for (const endpoint of endpoints)
    meters.gauge(`trace_insights_breaker_open{endpoint="${endpoint}"}`, () =>
      Number(breakers.open().includes(endpoint)),
    )
  const jobs = createJobs({
    database,
    waitOut: breakers.waitOut,
    run: createInsightRunner(runner),
    onGivenUp: createGivenUp(runner),
    concurrency: jobsAtOnce,
    shortConcurrency: shortJobsAtOnce,
    chores: [housekeeping({ database, client: tracking.client, now })],
    mode: config.mode,
    log,
  })
  await jobs.start()
  stack.defer(() => jobs.stop(stopGraceMs))

  const concurrencyOf = (choices: InsightChoices): number =>
    config.model.concurrency ??
    ((choices.analyst ?? (config.model.isConfigured ? 'model' : 'builtin')) === 'builtin' ? 4 : mostPlaces)
  const places = (): number => limiter.state().places
  const estimate = createEstimator({ database, model: config.model, redact: runner.redact, cache, places, now })

  const create: CreateDeps = {
    db: database.db,
    jobs,
    chooseAnalyst,
    choosePrompts: createPromptChooser(config.model, tracking.quickClient),
    redaction: config.redaction,
    codeVersion: packageJson.version,
    concurrencyOf,
    estimate,
    log,
    now,
    newId: () => crypto.randomUUID(),
  }
  const describeService = async (caller: Caller, signal: AbortSignal): Promise<ServiceAnswer> => {
    const defaultExperiment = await findDefaultExperiment(tracking, caller, { database, signal })
    return {
      version: packageJson.version,
      tracking_uri: tracking.uri,
      tracking: tracking.kind,
      database: database.kind,
      analyst: config.model.isConfigured ? 'model' : 'builtin',
      models: chooseAnalyst({}).models,
      ...(defaultExperiment === undefined ? {} : { default_experiment_id: defaultExperiment }),
      ...(tracking.samplesExperimentId === undefined ? {} : { samples_experiment_id: tracking.samplesExperimentId }),
    }
  }
  const uiDir = options.uiDir ?? join(import.meta.dirname, '../ui/dist')
  const app = createApp({
    auth: config.auth,
    database,
    tracking,
    jobs,
    fleet,
    events,
    create,
    end: runner,
    service: describeService,
    uiDir: existsSync(join(uiDir, 'index.html')) ? uiDir : undefined,
    now,
    log,
  })
  const url = config.mode === 'worker' ? '' : await listen(app.fetch, config, stack)
  const close = stack.move()
  if (tracking.samplesExperimentId !== undefined && config.mode === 'all') {
    // Without it the service is as good; somebody may have deleted the samples.
    await startFirstInsight(tracking, tracking.samplesExperimentId, { database, create }).catch((error: unknown) =>
      log.warn({ err: error }, 'first insight not started'),
    )
  }
  log.info(
    { url, tracking: tracking.kind, trackingUri: tracking.uri, database: database.kind, mode: config.mode },
    'service started',
  )
  return { url, trackingUri: tracking.uri, close: () => close.disposeAsync() }
}

/** Both take seconds at a first start, so they start together. */
async function openBoth(
  config: Config,
  { log, database: given }: { log: Log; database: Database | undefined },
  stack: AsyncDisposableStack,
): Promise<readonly [Database, TrackingServer]> {
  const opening = [
    given === undefined ? openDatabase(config, { log }) : Promise.resolve(given),
    openTracking(config),
  ] as const
  const [database, tracking] = await Promise.allSettled(opening)
  if (database.status === 'fulfilled' && given === undefined) stack.use(database.value)
  if (tracking.status === 'fulfilled') stack.use(tracking.value)
  if (database.status === 'rejected') throw database.reason
  if (tracking.status === 'rejected') throw tracking.reason
  return [database.value, tracking.value]
}

function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  config: Config,
  stack: AsyncDisposableStack,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, port: config.port, hostname: config.host }, ({ port }) => {
      const host = config.host.includes(':') ? `[${config.host}]` : config.host
      resolve(`http://${host}:${port}`)
    })
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new AppError(
              'config.invalid',
              `Port ${config.port} is taken. Stop the other program, or set PORT to another number.`,
            )
          : error,
      ),
    )
    stack.defer(
      () =>
        new Promise<void>((done) => {
          server.close(() => done())
          if ('closeAllConnections' in server) server.closeAllConnections()
        }),
    )
  })
}

/** Where a newcomer lands: the samples, or the experiment with the newest Insight. */
async function findDefaultExperiment(
  tracking: TrackingServer,
  caller: Caller,
  { database, signal }: { database: Database; signal: AbortSignal },
): Promise<string | undefined> {
  const { items } = await listInsights(database.db, { sort: 'created_at', order: 'desc', pageSize: 10 })
  for (const { experimentId } of items) if (await caller.canRead(experimentId, signal)) return experimentId
  return tracking.samplesExperimentId
}

/** Something to look at in the first minute: computed live, like any other. */
async function startFirstInsight(
  tracking: TrackingServer,
  experimentId: string,
  deps: { database: Database; create: CreateDeps },
): Promise<void> {
  const { total } = await listInsights(deps.database.db, { sort: 'created_at', order: 'desc', pageSize: 1 })
  if (total > 0) return
  const caller: Caller = {
    client: tracking.client,
    getExperiment: (id, signal) => tracking.client.getExperiment(id, { signal }),
    canRead: async () => true,
  }
  await createInsight(
    {
      experiment_id: experimentId,
      instruction: 'What do customers need help with?',
      name: 'What do customers need help with?',
      description: 'Made at the first start, from the sample conversations.',
      scope: { filter: '' },
      options: { analyst: 'builtin' },
    },
    caller,
    deps.create,
    { signal: new AbortController().signal },
  )
}

/** The command behind `npm start`: runs until it is told to stop. */
async function main(): Promise<void> {
  try {
    const config = parseConfig(process.env)
    const service = await startService(config)
    if (service.url !== '') process.stdout.write(`\n  Trace Insights is ready: ${service.url}\n\n`)
    const stop = (): void => {
      void service.close().then(() => process.exit(0))
    }
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
}

if (import.meta.main) await main()
