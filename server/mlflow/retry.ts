// When to ask again, and how long to wait: as MLflow's own client (mlflow/utils/request_utils.py).
import { afterAttempts } from '#/pipeline/attempts.ts'
import { AppError, isRetryable } from '#/pipeline/errors.ts'
import { answerOf } from './answer-error.ts'

/**
 * `safe`: asking twice leaves the same state as asking once. `unsafe`: only an attempt that surely did nothing is
 * repeated (nobody listened, or the server refused it before reading).
 */
export type Replay = 'safe' | 'unsafe'

export type RetryPolicy = { maxRetries: number; backoffMs: number }

const longestBackoffMs = 120_000
/** A server that asks for more patience than this gets the error passed on instead. */
const longestRetryAfterMs = 600_000
const jitterMs = 1000

/** The wait before retry number `retry` (from 1): doubled each time, plus up to a second of chance. */
export function toBackoffMs(retry: number, { backoffMs, random }: { backoffMs: number; random: () => number }): number {
  // A small backoff (interactive use, tests) gets a small jitter.
  const jitter = Math.min(jitterMs, backoffMs) * random()
  return Math.min(longestBackoffMs, backoffMs * 2 ** (retry - 1) + jitter)
}

/** `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110 §10.2.3); `undefined` when absent or nonsense. */
export function parseRetryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined || header.trim() === '') return undefined
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Math.round(Number(header) * 1000)
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

/** Whether this failure may be met by asking again. */
export function mayRetry(error: unknown, replay: Replay): boolean {
  if (!(error instanceof AppError)) return false
  const answer = answerOf(error)
  if (answer !== undefined) return answer.retryable && (replay === 'safe' || answer.status === 429)
  if (!isRetryable[error.code]) return false
  return replay === 'safe' || neverArrived(error.cause)
}

/** True for failures before a byte of the request was sent. */
export function neverArrived(cause: unknown): boolean {
  for (let error = cause, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth++) {
    const code = 'code' in error ? error.code : undefined
    if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') return true
    if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(neverArrived)
  }
  return false
}

/**
 * Does `attempt`, again where that is safe and can help, until it succeeds or the retries are used up; then throws
 * the last error.
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  options: RetryPolicy & {
    replay: Replay
    signal: AbortSignal
    sleep: (ms: number, signal: AbortSignal) => Promise<void>
    random: () => number
  },
): Promise<T> {
  for (let retry = 1; ; retry++) {
    try {
      return await attempt()
    } catch (error) {
      if (retry > options.maxRetries || !mayRetry(error, options.replay)) throw afterAttempts(error, retry)
      const asked = error instanceof AppError ? error.retryAfterMs : undefined
      if (asked !== undefined && asked > longestRetryAfterMs) throw afterAttempts(error, retry)
      await options.sleep(asked ?? toBackoffMs(retry, options), options.signal)
    }
  }
}
