// What goes wrong, how often, and for which request: decided by seed and content, never by the order of arrival.
import { hash } from 'node:crypto'

export const faultKinds = [
  'rate_limit',
  'rate_limit_after',
  'error_500',
  'error_503',
  'malformed',
  'truncated',
  'refusal',
  'content_filter',
  'wrong_schema',
  'reset',
  'hang',
] as const
export type FaultKind = (typeof faultKinds)[number]

/** The share of requests, 0 to 1, that each fault hits; together at most 1. */
export type FaultRates = Partial<Record<FaultKind, number>>

/** Faults that an endpoint without an answer in words (embeddings) can have as well. */
const httpFaults: ReadonlySet<FaultKind> = new Set([
  'rate_limit',
  'rate_limit_after',
  'error_500',
  'error_503',
  'malformed',
  'reset',
  'hang',
])

/** One rate spread evenly over all faults. */
export function spreadEvenly(rate: number): FaultRates {
  return Object.fromEntries(faultKinds.map((kind) => [kind, rate / faultKinds.length]))
}

/**
 * The fault of a request, if any. The same request sent again is another draw, so that retries can succeed; the same run
 * with the same seed has the same faults whatever its concurrency.
 */
export function pickFault(
  request: { body: string; attempt: number; hasWords: boolean },
  { seed, rates }: { seed: number; rates: FaultRates },
): FaultKind | undefined {
  const drawn = hash('sha256', JSON.stringify([seed, request.attempt, request.body])).slice(0, 12)
  let left = Number.parseInt(drawn, 16) / 16 ** 12
  for (const kind of faultKinds) {
    left -= rates[kind] ?? 0
    if (left < 0) return request.hasWords || httpFaults.has(kind) ? kind : undefined
  }
  return undefined
}
