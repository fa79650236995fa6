// How many calls are under way at once: as many as the endpoint bears.
import { AppError } from '#/pipeline/errors.ts'

export type Limiter = {
  /** Runs `call` when there is a place for it. Throws the signal's reason when it aborts while waiting. */
  run: <T>(call: () => Promise<T>, signal: AbortSignal) => Promise<T>
  /** Places there are now. */
  limit: () => number
}

const startPlaces = 3
const mostPlaces = 32

/**
 * A fixed number of places, or, without one, an adaptive number: it starts at 3, doubles with every full round of
 * successes until the first sign of overload (429, 503 and their kin, or a timeout), which halves it; after that it
 * grows by one a round (additive increase, multiplicative decrease: Chiu and Jain 1989). At most 32.
 */
export function createLimiter(fixed: number | undefined): Limiter {
  let places = fixed ?? startPlaces
  let active = 0
  let started = 0
  let lastCut = -1
  let hasMetLimit = false
  const waiting: (() => void)[] = []
  const admit = (): void => {
    while (active < Math.floor(places) && waiting.length > 0) {
      active++
      waiting.shift()?.()
    }
  }
  const learn = (number: number, isOverload: boolean): void => {
    if (fixed !== undefined) return
    if (isOverload) {
      // Calls that started before the last cut say nothing new.
      if (number > lastCut) {
        places = Math.max(1, places / 2)
        lastCut = started
        hasMetLimit = true
      }
    } else if (active >= Math.floor(places)) {
      places = Math.min(mostPlaces, places + (hasMetLimit ? 1 / places : 1))
    }
  }
  return {
    limit: () => Math.floor(places),
    run: async (call, signal) => {
      signal.throwIfAborted()
      await new Promise<void>((resolve, reject) => {
        const onAbort = (): void => {
          const at = waiting.indexOf(enter)
          if (at !== -1) waiting.splice(at, 1)
          reject(signal.reason)
        }
        const enter = (): void => {
          signal.removeEventListener('abort', onAbort)
          resolve()
        }
        signal.addEventListener('abort', onAbort, { once: true })
        waiting.push(enter)
        admit()
      })
      const number = ++started
      try {
        const result = await call()
        learn(number, false)
        return result
      } catch (error) {
        learn(number, isOverload(error))
        throw error
      } finally {
        active--
        admit()
      }
    },
  }
}

function isOverload(error: unknown): boolean {
  return error instanceof AppError && ['model.rate_limited', 'model.server_error', 'model.timeout'].includes(error.code)
}
