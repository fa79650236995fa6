// The numbers a cluster can be compared by: how each is read, said, and which way is worse.
import type { ClusterAnswer } from '#/server/api/schemas/clusters.ts'
import type { ClusterMetrics } from '../answer-parts.ts'
import { toCompact, toMilliseconds, toShare, toUsd } from '../figures.ts'

export type Measure = {
  /** As a column says it. */
  label: string
  /** As a legend says it, after "Colour:". */
  words: string
  read: (metrics: ClusterMetrics, size: number) => number | undefined
  write: (value: number) => string
  /** Which end is the worse one; none where more is only more. */
  worse: 'high' | 'low' | undefined
}

export const measureKeys = ['errors', 'unresolved', 'p50', 'p95', 'tokens', 'cost', 'feedback'] as const
export type MeasureKey = (typeof measureKeys)[number]

export const measures: Record<MeasureKey, Measure> = {
  errors: {
    label: 'Error rate',
    words: 'share of traces with the state Error',
    read: ({ error_rate }) => error_rate,
    write: toShare,
    worse: 'high',
  },
  unresolved: {
    label: 'Went wrong',
    words: 'share of traces that ended unresolved or in an error',
    read: ({ outcomes }) => {
      const total = Object.values(outcomes).reduce((sum, count) => sum + count, 0)
      // Where no trace tells how it ended, none of them resolved is no good news.
      if (total === (outcomes.unclear ?? 0)) return undefined
      return ((outcomes.unresolved ?? 0) + (outcomes.error ?? 0)) / total
    },
    write: toShare,
    worse: 'high',
  },
  p50: {
    label: 'Time p50',
    words: 'median execution time',
    read: ({ latency_ms_p50 }) => latency_ms_p50,
    write: toMilliseconds,
    worse: 'high',
  },
  p95: {
    label: 'Time p95',
    words: 'execution time that 95% of the traces stay under',
    read: ({ latency_ms_p95 }) => latency_ms_p95,
    write: toMilliseconds,
    worse: 'high',
  },
  tokens: {
    label: 'Tokens',
    words: 'tokens of a trace, on average',
    read: ({ mean_tokens }) => mean_tokens,
    write: toCompact,
    worse: 'high',
  },
  cost: {
    label: 'Cost a trace',
    words: 'cost of a trace, on average',
    read: ({ cost_usd }, size) => (cost_usd === undefined || size === 0 ? undefined : cost_usd / size),
    write: toUsd,
    worse: 'high',
  },
  feedback: {
    label: 'Good feedback',
    words: 'share of good feedback',
    read: ({ feedback_positive }) => feedback_positive,
    write: toShare,
    worse: 'low',
  },
}

/** A cluster's number; none where only its size is told, since its metrics are emptied and would read as zeros. */
export function readMeasure(measure: Measure, cluster: ClusterAnswer): number | undefined {
  return cluster.hidden === true ? undefined : measure.read(cluster.metrics, cluster.size)
}

/** True when a cluster stands out for the worse: a quarter beyond the whole, by more than a trifle, and to the eye. */
export function isWorse(measure: Measure, value: number, whole: number | undefined): boolean {
  if (whole === undefined || measure.worse === undefined || measure.write(value) === measure.write(whole)) return false
  if (measure.worse === 'low') return value < whole - 0.1
  return value > whole * 1.25 && value - whole > 0.005
}
