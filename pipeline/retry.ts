// When to do the same again, and how long to wait before.
import { setTimeout as wait } from 'node:timers/promises'
import { afterAttempts } from './attempts.ts'
import { AppError, type ErrorCode, isRetryable } from './errors.ts'

export type RetryPolicy = {
  /** Attempts after the first. */
  maxRetries: number
  /** Upper end of the first wait; it doubles with each retry. */
  backoffMs: number
  maxBackoffMs: number
  /** Who asks for more patience than this gets none: the error is passed on at once. */
  maxRetryAfterMs: number
  /** Fewer retries for some codes, such as answers that are wrong rather than late. */
  maxRetriesFor?: Partial<Record<ErrorCode, number>>
}

export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>

/** Waits, or throws the signal's reason as soon as it aborts. */
export const sleepFor: Sleep = async (ms, signal) => {
  try {
    await wait(ms, undefined, { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}

/**
 * Exponential backoff with full jitter: a time between 0 and `backoffMs · 2^(retry-1)`, so that callers who failed
 * together do not come back together (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015).
 */
export function toBackoffMs(
  retry: number,
  { backoffMs, maxBackoffMs, random }: { backoffMs: number; maxBackoffMs: number; random: () => number },
): number {
  return random() * Math.min(maxBackoffMs, backoffMs * 2 ** (retry - 1))
}

/**
 * Does `attempt` (told its number, from 1) until it succeeds, until it fails with something that asking again cannot
 * help, or until the retries are used up; then throws the last error. A time asked for by the other side
 * (`retryAfterMs`) is waited out in full, with a little chance on top.
 */
export async function withRetries<T>(
  attempt: (number: number) => Promise<T>,
  options: RetryPolicy & {
    signal: AbortSignal
    sleep: Sleep
    random: () => number
    onRetry?: (error: AppError, waitMs: number) => void
  },
): Promise<T> {
  const failures: Partial<Record<ErrorCode, number>> = {}
  for (let retry = 1; ; retry++) {
    options.signal.throwIfAborted()
    try {
      return await attempt(retry)
    } catch (error) {
      const giveUp = (): never => {
        throw afterAttempts(error, retry)
      }
      if (!(error instanceof AppError) || !isRetryable[error.code]) return giveUp()
      const alike = (failures[error.code] = (failures[error.code] ?? 0) + 1)
      if (retry > options.maxRetries || alike > (options.maxRetriesFor?.[error.code] ?? Infinity)) return giveUp()
      if (error.retryAfterMs !== undefined && error.retryAfterMs > options.maxRetryAfterMs) return giveUp()
      const backoffMs = toBackoffMs(retry, options)
      const waitMs =
        error.retryAfterMs === undefined ? backoffMs : error.retryAfterMs + Math.min(backoffMs, error.retryAfterMs / 10)
      options.onRetry?.(error, waitMs)
      await options.sleep(waitMs, options.signal)
    }
  }
}
