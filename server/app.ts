// How to ask: the HTTP surface, put together.
import { serveStatic } from '@hono/node-server/serve-static'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { secureHeaders } from 'hono/secure-headers'
import { generateSpecs } from 'hono-openapi'
import { AppError } from '#/pipeline/errors.ts'
import { type Caller, type CallerEnv, guardOrigin, identifyCaller } from './api/caller.ts'
import { eventRoutes } from './api/events.ts'
import { experimentRoutes } from './api/experiments.ts'
import { lensRoutes } from './api/lens.ts'
import { insightRoutes } from './api/insights.ts'
import { renderMetrics } from './api/metrics.ts'
import { lifecycleRoutes } from './api/lifecycle.ts'
import { answerProblem } from './api/problem.ts'
import { readingRoutes } from './api/reading.ts'
import { ServiceAnswer } from './api/schemas/insights.ts'
import { route } from './api/validate.ts'
import { type Database, pingDatabase } from './db/database.ts'
import { type CreateDeps } from './insights/create.ts'
import { type RunnerDeps } from './insights/run-job.ts'
import type { Events } from './jobs/events.ts'
import type { Fleet } from './jobs/fleet.ts'
import type { Jobs } from './jobs/jobs.ts'
import type { Log } from './log.ts'
import type { TrackingServer } from './tracking.ts'

/** 100,000 trace ids with room to spare. */
const maxBodyBytes = 16 * 1024 * 1024

export type AppDeps = {
  auth: 'none' | 'mlflow'
  database: Database
  tracking: TrackingServer
  jobs: Jobs
  fleet: Fleet
  events: Events
  create: CreateDeps
  end: RunnerDeps
  service: (caller: Caller, signal: AbortSignal) => Promise<ServiceAnswer>
  /** The built UI; `undefined` serves the API only. */
  uiDir: string | undefined
  now: () => number
  log: Log
}

export function createApp(deps: AppDeps) {
  const api = new Hono<CallerEnv>()
    .use(
      identifyCaller({
        auth: deps.auth,
        own: deps.tracking.quickClient,
        clientFor: deps.tracking.clientFor,
        now: deps.now,
      }),
    )
    .get(
      '/service',
      route({ summary: 'What this service is and works with', tag: 'Service', answer: ServiceAnswer }),
      async (c) => c.json(await deps.service(c.var.caller, c.req.raw.signal)),
    )
    .route('/', experimentRoutes({ db: deps.database.db }))
    .route('/', lensRoutes({ auth: deps.auth, ...deps.create }))
    .route('/', insightRoutes(deps))
    .route('/', lifecycleRoutes(deps))
    .route('/', readingRoutes(deps))
    .route('/', eventRoutes(deps))

  const app = new Hono()
  app.onError(answerProblem(deps.log))
  app.use(logRequest(deps.log))
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        // Positions of virtual rows are inline styles; scripts and images never are.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        frameAncestors: ["'self'"],
        objectSrc: ["'none'"],
      },
      crossOriginEmbedderPolicy: false,
    }),
  )
  app.get('/healthz', (c) => c.text('ok'))
  app.get('/readyz', async (c) => {
    await pingDatabase(deps.database)
    // Asked anew each time, unlike its capabilities.
    await deps.tracking.quickClient.searchExperiments({ maxResults: 1 }, { signal: c.req.raw.signal })
    return c.text('ready')
  })
  app.get('/metrics', async (c) =>
    c.text(await renderMetrics(deps.jobs, deps.fleet), 200, { 'content-type': 'text/plain; version=0.0.4' }),
  )
  app.use('/api/*', guardOrigin({ auth: deps.auth }))
  app.use('/api/*', bodyLimit({ maxSize: maxBodyBytes, onError: refuseBody }))

  const served = app.route('/api/v1', api)
  let openapi: Promise<unknown> | undefined
  served.get('/api/v1/openapi.json', async (c) => {
    openapi ??= generateSpecs(served, {
      documentation: {
        info: {
          title: 'Trace Insights',
          version: '1',
          description: 'Learn what is going on in thousands of LLM traces.',
        },
        servers: [{ url: '/' }],
      },
    })
    return c.json((await openapi) as Record<string, unknown>)
  })
  app.all('/api/*', (c) => notFound(c))
  if (deps.uiDir !== undefined) serveUi(app, deps.uiDir)
  app.notFound((c) => notFound(c))
  return served
}

function notFound(c: Context): never {
  throw new AppError('request.not_found', `There is nothing at ${c.req.method} ${c.req.path.slice(0, 200)}.`)
}

function refuseBody(): never {
  throw new AppError(
    'request.too_large',
    `The body is larger than ${maxBodyBytes / 1024 / 1024} MiB. Use a filter instead of trace ids.`,
  )
}

/** Hashed files for ever, and the page itself for every other address: the app reads the URL. */
function serveUi(app: Hono, uiDir: string): void {
  app.use(
    '/assets/*',
    serveStatic({
      root: uiDir,
      onFound: (_path, c) => c.header('cache-control', 'public, max-age=31536000, immutable'),
    }),
  )
  app.get('*', serveStatic({ root: uiDir }))
  app.get(
    '*',
    serveStatic({ root: uiDir, path: 'index.html', onFound: (_path, c) => c.header('cache-control', 'no-cache') }),
  )
}

/** One line a request, written at its end. */
function logRequest(log: Log) {
  return async (c: Context, next: () => Promise<void>): Promise<void> => {
    const startedAt = performance.now()
    await next()
    const level = c.res.status >= 500 ? 'warn' : 'debug'
    log[level](
      { method: c.req.method, path: c.req.path, status: c.res.status, ms: Math.round(performance.now() - startedAt) },
      'request',
    )
  }
}
