// How many calls are under way at once, and how many in a minute: as many as the endpoint bears, shared between jobs.
import { AppError } from '#/pipeline/errors.ts'
import { createBudget } from './budget.ts'

export type Limiter = {
  /**
   * Runs `call` when there is a place for it; of the jobs that wait the one with the fewest calls under way goes first.
   * Throws the signal's reason when it aborts while waiting.
   */
  run: <T>(call: (meter: Meter) => Promise<T>, about: CallAbout) => Promise<T>
  /** Nothing starts before so many milliseconds have passed: the endpoint asked for it. */
  pause: (ms: number) => void
  /** What this process may have of what all processes may have together; less than is under way takes effect as calls end. */
  setShare: (share: number) => void
  /** The most calls that were under way or waiting at once since this was last asked: now is often just between two. */
  takePeak: () => number
  state: () => LimiterState
}

export type CallAbout = {
  signal: AbortSignal
  /** Whose call it is; calls of one job wait behind each other. */
  job?: string
  /** What it will probably take of the tokens of a minute. */
  tokens?: number
}

/** Tells what a call really took, once that is known. */
export type Meter = { used: (tokens: number) => void }

export type LimiterState = {
  /** Places there are now, and the most there may be. */
  places: number
  share: number
  active: number
  waiting: number
  pausedMs: number
}

export type LimiterOptions = {
  /** The most places of all processes together. */
  most: number
  /** Places at the start; grows from there. */
  start: number
  requestsPerMinute?: number | undefined
  tokensPerMinute?: number | undefined
  now?: () => number
  /** Told when somebody waits though all places of this process's share are taken. */
  onShortage?: () => void
}

export const mostPlaces = 32
const startPlaces = 3

/** The places and budgets of a configuration: a number that is set is where it starts, and is never passed. */
export function toLimiterOptions(model: {
  concurrency: number | undefined
  requestsPerMinute: number | undefined
  tokensPerMinute: number | undefined
}): LimiterOptions {
  return {
    most: model.concurrency ?? mostPlaces,
    start: model.concurrency ?? startPlaces,
    requestsPerMinute: model.requestsPerMinute,
    tokensPerMinute: model.tokensPerMinute,
  }
}

type Waiting = { job: string; tokens: number; enter: () => void }

/**
 * An adaptive number of places: it doubles with every full round of successes until the first sign of overload (429, 503 and
 * their kin, or a timeout), which halves it; after that it grows by one a round (additive increase, multiplicative decrease:
 * Chiu and Jain 1989).
 */
export function createLimiter(options: LimiterOptions): Limiter {
  const { most, onShortage, now = () => performance.now() } = options
  const requests = createBudget(options.requestsPerMinute, now)
  const tokens = createBudget(options.tokensPerMinute, now)
  let places = options.start
  let share = most
  let active = 0
  let started = 0
  let peak = 0
  let lastCut = -1
  let hasMetLimit = false
  let pausedUntil = 0
  let timer: NodeJS.Timeout | undefined
  const waiting: Waiting[] = []
  const activeOf = new Map<string, number>()
  const room = (): number => Math.min(Math.floor(places), share)

  const admit = (): void => {
    while (active < room() && waiting.length > 0) {
      const at = findNext(waiting, activeOf)
      const next = waiting[at]!
      const waitMs = Math.max(pausedUntil - now(), requests.waitMs(1), tokens.waitMs(next.tokens))
      if (waitMs > 0) {
        clearTimeout(timer)
        timer = setTimeout(admit, Math.ceil(waitMs))
        return
      }
      waiting.splice(at, 1)
      requests.take(1)
      tokens.take(next.tokens)
      active++
      activeOf.set(next.job, (activeOf.get(next.job) ?? 0) + 1)
      next.enter()
    }
    if (waiting.length > 0 && share < most && active >= share) onShortage?.()
  }
  const leave = (job: string): void => {
    active--
    const left = (activeOf.get(job) ?? 1) - 1
    if (left === 0) activeOf.delete(job)
    else activeOf.set(job, left)
    admit()
  }
  const learn = (number: number, isOverload: boolean): void => {
    if (isOverload) {
      // Calls that started before the last cut say nothing new.
      if (number > lastCut) {
        places = Math.max(1, Math.min(places, room()) / 2)
        lastCut = started
        hasMetLimit = true
      }
    } else if (active >= room()) {
      places = Math.min(most, places + (hasMetLimit ? 1 / places : 1))
    }
  }

  return {
    state: () => ({
      places: Math.floor(places),
      share,
      active,
      waiting: waiting.length,
      pausedMs: Math.max(0, pausedUntil - now()),
    }),
    takePeak: () => {
      const highest = peak
      peak = active + waiting.length
      return highest
    },
    setShare: (next) => {
      share = next
      requests.setShare(next / most)
      tokens.setShare(next / most)
      admit()
    },
    pause: (ms) => {
      pausedUntil = Math.max(pausedUntil, now() + ms)
    },
    run: async (call, { signal, job = '', tokens: expected = 0 }) => {
      signal.throwIfAborted()
      await new Promise<void>((resolve, reject) => {
        const onAbort = (): void => {
          const at = waiting.indexOf(one)
          if (at !== -1) waiting.splice(at, 1)
          reject(signal.reason)
        }
        const enter = (): void => {
          signal.removeEventListener('abort', onAbort)
          resolve()
        }
        const one: Waiting = { job, tokens: expected, enter }
        signal.addEventListener('abort', onAbort, { once: true })
        waiting.push(one)
        peak = Math.max(peak, active + waiting.length)
        admit()
      })
      const number = ++started
      try {
        const result = await call({ used: (really) => tokens.take(really - expected) })
        learn(number, false)
        return result
      } catch (error) {
        learn(number, isOverload(error))
        throw error
      } finally {
        leave(job)
      }
    },
  }
}

/** The oldest call of the job with the fewest under way. */
function findNext(waiting: readonly Waiting[], activeOf: ReadonlyMap<string, number>): number {
  let best = 0
  let fewest = Infinity
  for (const [at, { job }] of waiting.entries()) {
    const count = activeOf.get(job) ?? 0
    if (count < fewest) {
      best = at
      fewest = count
      if (count === 0) break
    }
  }
  return best
}

function isOverload(error: unknown): boolean {
  return error instanceof AppError && ['model.rate_limited', 'model.server_error', 'model.timeout'].includes(error.code)
}
