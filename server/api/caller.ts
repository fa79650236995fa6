// Who asks, and what MLflow lets them see.
import { createMiddleware } from 'hono/factory'
import { AppError } from '#/pipeline/errors.ts'
import { isLoopback } from '#/server/config.ts'
import type { MlflowClient } from '#/server/mlflow/client.ts'
import type { Experiment } from '#/server/mlflow/schemas.ts'

/** The tracking server through one caller's eyes. */
export type Caller = {
  client: MlflowClient
  /** The experiment, if the caller may read it; throws `experiment.not_found`, `mlflow.forbidden` or `auth.required`. */
  getExperiment: (experimentId: string, signal: AbortSignal) => Promise<Experiment>
  /** Whether the caller may read the experiment. */
  canRead: (experimentId: string, signal: AbortSignal) => Promise<boolean>
}
export type CallerEnv = { Variables: { caller: Caller } }

/** How long an answer of MLflow about an experiment is believed, and how long while MLflow does not answer at all. */
const trustMs = 30_000
const staleMs = 60 * 60_000
/** What is shown without asking MLflow must not wait for it with every request. */
const askAgainMs = 5_000
const maxCallers = 200

/**
 * Gives every request its caller. With `none` that is the service's own account; with `mlflow` it is whoever the
 * `Authorization` header says, and MLflow decides what they may see.
 */
export function identifyCaller(options: {
  auth: 'none' | 'mlflow'
  own: MlflowClient
  clientFor: (authorization: string) => MlflowClient
  now: () => number
}) {
  const own = createCaller(options.own, options.now)
  const callers = new Map<string, Caller>()
  const find = (authorization: string): Caller => {
    const known = callers.get(authorization)
    if (known !== undefined) return known
    const [oldest] = callers.keys()
    if (callers.size >= maxCallers && oldest !== undefined) callers.delete(oldest)
    const caller = createCaller(options.clientFor(authorization), options.now)
    callers.set(authorization, caller)
    return caller
  }
  return createMiddleware<CallerEnv>(async (c, next) => {
    const authorization = c.req.header('authorization')
    if (options.auth === 'none') c.set('caller', own)
    else if (authorization === undefined || authorization === '') throw needCredentials()
    else c.set('caller', find(authorization))
    await next()
    if (options.auth === 'mlflow' && c.error instanceof AppError && c.error.code === 'mlflow.unauthorized') {
      throw needCredentials(c.error)
    }
  })
}

function needCredentials(cause?: unknown): AppError {
  return new AppError('auth.required', 'Sign in with your MLflow credentials.', { cause })
}

function createCaller(client: MlflowClient, now: () => number): Caller {
  const known = new Map<string, { experiment: Experiment; atMs: number; failedMs: number }>()
  const getExperiment: Caller['getExperiment'] = async (experimentId, signal) => {
    const cached = known.get(experimentId)
    if (cached !== undefined && now() - cached.atMs < trustMs) return cached.experiment
    if (cached !== undefined && now() - cached.failedMs < askAgainMs) return cached.experiment
    try {
      const experiment = await client.getExperiment(experimentId, { signal })
      known.set(experimentId, { experiment, atMs: now(), failedMs: -Infinity })
      return experiment
    } catch (error) {
      // An Insight is kept here, and tells what it waits for: whoever could read it still can while MLflow is gone.
      const isGone = error instanceof AppError && error.code === 'mlflow.unreachable'
      if (!isGone || cached === undefined || now() - cached.atMs > staleMs) throw error
      cached.failedMs = now()
      return cached.experiment
    }
  }
  return {
    client,
    getExperiment,
    canRead: async (experimentId, signal) => {
      try {
        await getExperiment(experimentId, signal)
        return true
      } catch (error) {
        if (error instanceof AppError && (error.code === 'mlflow.forbidden' || error.code === 'experiment.not_found'))
          return false
        throw error
      }
    },
  }
}

/**
 * Without authentication only this machine's own pages may ask: a foreign name that was made to point here (DNS
 * rebinding) is refused by its Host, and a foreign page by its Origin.
 */
export function guardOrigin(options: { auth: 'none' | 'mlflow' }) {
  return createMiddleware(async (c, next) => {
    const host = c.req.header('host') ?? ''
    if (options.auth === 'none' && !isLoopback(hostnameOf(`http://${host}`))) {
      throw new AppError(
        'auth.forbidden',
        'Without authentication this service answers on loopback names only, such as http://127.0.0.1:5055.',
      )
    }
    const origin = c.req.header('origin')
    const changes = c.req.method !== 'GET' && c.req.method !== 'HEAD'
    // A sandboxed page sends `null`.
    if (changes && origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)) {
      throw new AppError('auth.forbidden', 'Another site may not make changes here.')
    }
    await next()
  })
}

function hostnameOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : ''
}
