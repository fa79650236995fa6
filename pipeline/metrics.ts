import { toFacetMetrics } from './facet-metrics.ts'
import type { ClusterMetrics, SummaryRecord } from './insight.ts'

/** The numbers of a set of traces: rates are shares (0 to 1), latencies milliseconds, cost US dollars. */
export function toMetrics(records: readonly SummaryRecord[]): ClusterMetrics {
  const latencies = definedNumbers(records.map(({ facts }) => facts.executionMs)).sort((a, b) => a - b)
  const tokens = definedNumbers(records.map(({ facts }) => facts.totalTokens))
  const costs = definedNumbers(records.map(({ facts }) => facts.costUsd))
  const positive = sum(records.map(({ facts }) => facts.feedback.positive))
  const negative = sum(records.map(({ facts }) => facts.feedback.negative))
  const facets = records.flatMap(({ summary }) => (summary.facets === undefined ? [] : [summary.facets]))
  const p50 = percentile(latencies, 0.5)
  const p95 = percentile(latencies, 0.95)
  return {
    errorRate:
      records.length === 0 ? 0 : records.filter(({ facts }) => facts.state === 'ERROR').length / records.length,
    ...(p50 === undefined ? {} : { latencyMsP50: p50 }),
    ...(p95 === undefined ? {} : { latencyMsP95: p95 }),
    ...(tokens.length === 0 ? {} : { meanTokens: sum(tokens) / tokens.length }),
    ...(costs.length === 0 ? {} : { costUsd: sum(costs) }),
    ...(positive + negative === 0 ? {} : { feedbackPositive: positive / (positive + negative) }),
    outcomes: countOutcomes(records),
    languages: countBy(records.map(({ summary }) => summary.language)),
    ...(facets.length === 0 ? {} : { facets: toFacetMetrics(facets) }),
  }
}

/** How traces end: outcomes that occur, with their number. */
export function countOutcomes(records: readonly SummaryRecord[]): ClusterMetrics['outcomes'] {
  return countBy(records.map(({ summary }) => summary.outcome))
}

/** Nearest-rank percentile of ascending values; `undefined` for none. */
function percentile(ascending: readonly number[], share: number): number | undefined {
  return ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)]
}

function definedNumbers(values: readonly (number | undefined)[]): number[] {
  return values.filter((value) => value !== undefined)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** How often each word occurs, most frequent first and ties in alphabetical order, so that the bytes never vary. */
function countBy<K extends string>(words: readonly K[]): Record<K, number> {
  const counts = new Map<K, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return Object.fromEntries([...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))) as Record<K, number>
}

/** The metrics of no traces at all. */
export const noMetrics: ClusterMetrics = { errorRate: 0, outcomes: {}, languages: {} }
