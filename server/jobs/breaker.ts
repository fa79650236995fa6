// Servers we depend on and that go away: while one is gone its jobs wait, instead of failing again and again.
import { AppError, isRetryable } from '#/pipeline/errors.ts'
import { sleepFor } from '#/pipeline/retry.ts'
import { isDatabaseGone } from '../db/is-gone.ts'
import type { Log } from '../log.ts'

export const endpoints = ['model', 'mlflow', 'database'] as const
export type Endpoint = (typeof endpoints)[number]

/** Asks for something small; throws while the server is gone. */
export type Probe = (signal: AbortSignal) => Promise<void>

export type Breakers = {
  /**
   * Resolves to `false` at once for an error that speaks of no outage, and to `true` when the outage it speaks of is over.
   * Throws the signal's reason.
   */
  waitOut: (error: unknown, signal: AbortSignal) => Promise<boolean>
  /** The endpoints that jobs wait for right now. */
  open: () => Endpoint[]
}

const firstProbeMs = 500
const longestProbeMs = 15_000
const probePatienceMs = 5_000

/**
 * A circuit breaker per endpoint (Nygard, Release It!, 2007): an error that may pass opens it when a probe fails too; probes at
 * growing intervals close it. All who wait share the probes.
 */
export function createBreakers(options: {
  probes: Record<Endpoint, Probe>
  log: Log
  firstProbeMs?: number
}): Breakers {
  const { probes, log } = options
  const outages = new Map<Endpoint, Promise<void>>()

  const isThere = async (endpoint: Endpoint): Promise<boolean> => {
    try {
      await probes[endpoint](AbortSignal.timeout(probePatienceMs))
      return true
    } catch {
      return false
    }
  }
  const probeUntilThere = async (endpoint: Endpoint): Promise<void> => {
    const since = performance.now()
    log.warn({ endpoint }, 'endpoint gone, its jobs wait')
    const never = new AbortController().signal
    for (let waitMs = options.firstProbeMs ?? firstProbeMs; ; waitMs = Math.min(longestProbeMs, waitMs * 2)) {
      await sleepFor(waitMs, never)
      if (await isThere(endpoint)) break
    }
    outages.delete(endpoint)
    log.info({ endpoint, ms: Math.round(performance.now() - since) }, 'endpoint back')
  }

  return {
    open: () => [...outages.keys()],
    waitOut: async (cause, signal) => {
      const endpoint = endpointOf(cause)
      if (endpoint === undefined) return false
      if (!outages.has(endpoint)) {
        if (await isThere(endpoint)) return false
        // Somebody else may have been faster meanwhile.
        if (!outages.has(endpoint)) outages.set(endpoint, probeUntilThere(endpoint))
      }
      await Promise.race([outages.get(endpoint), untilAborted(signal)])
      signal.throwIfAborted()
      return true
    },
  }
}

/** Which server an error speaks of, if one that may come back. */
export function endpointOf(error: unknown): Endpoint | undefined {
  if (!(error instanceof AppError)) return isDatabaseGone(error) ? 'database' : undefined
  if (!isRetryable[error.code]) return undefined
  return endpoints.find((endpoint) => error.code.startsWith(`${endpoint}.`))
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
