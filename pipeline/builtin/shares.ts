// How the conversations of a group end, counted, and how that differs from the whole.
import { outcomes, type ClusterMetrics, type Outcome, type SummaryRecord } from '../insight.ts'
import type { NodeToName } from '../ports.ts'

/** Shares of a group between 0 and 1. `isExact`: every trace was counted, not only the most typical of some leaf. */
export type Shares = { size: number; outcomes: Record<Outcome, number>; errors: number; isExact: boolean }

/** Of leaves by their sizes: each leaf speaks through the members that are known of it. */
export function sharesOfLeaves(leaves: readonly NodeToName[]): Shares {
  const size = leaves.reduce((sum, leaf) => sum + leaf.size, 0)
  const share = (holds: (record: SummaryRecord) => boolean) =>
    leaves.reduce(
      (sum, leaf) => sum + (leaf.size * leaf.members.filter(holds).length) / Math.max(1, leaf.members.length),
      0,
    ) / Math.max(1, size)
  return {
    size,
    outcomes: byOutcome((outcome) => share(({ summary }) => summary.outcome === outcome)),
    errors: share(({ facts }) => facts.state === 'ERROR'),
    isExact: leaves.every((leaf) => leaf.members.length >= leaf.size),
  }
}

/** Of a published cluster, from its metrics. */
export function sharesOfMetrics(metrics: ClusterMetrics, size: number): Shares {
  return {
    size,
    outcomes: byOutcome((outcome) => (metrics.outcomes[outcome] ?? 0) / Math.max(1, size)),
    errors: metrics.errorRate,
    isExact: true,
  }
}

/** Of records, all counted. */
export function sharesOfRecords(records: readonly SummaryRecord[]): Shares {
  const total = Math.max(1, records.length)
  return {
    size: records.length,
    outcomes: byOutcome((outcome) => records.filter(({ summary }) => summary.outcome === outcome).length / total),
    errors: records.filter(({ facts }) => facts.state === 'ERROR').length / total,
    isExact: true,
  }
}

function byOutcome(share: (outcome: Outcome) => number): Record<Outcome, number> {
  return Object.fromEntries(outcomes.map((outcome) => [outcome, share(outcome)])) as Record<Outcome, number>
}

const leastCases = 3
const leastFactor = 1.5

/** An ending that is far more frequent in a group than in the whole; `excess` counts the traces too many. */
export type Contrast = { outcome: Outcome; share: number; whole: number; excess: number }

/** The bad endings by which a group stands out, worst first. */
export function contrastsOf(group: Shares, whole: Shares): Contrast[] {
  return (['unresolved', 'handed_off', 'error'] as const)
    .map((outcome) => {
      const share = group.outcomes[outcome]
      const average = whole.outcomes[outcome]
      return { outcome, share, whole: average, excess: (share - average) * group.size }
    })
    .filter(
      ({ share, whole: average }) =>
        share * group.size >= leastCases && share >= 0.1 && share >= average * leastFactor && share - average >= 0.06,
    )
    .sort((a, b) => b.excess - a.excess)
}

/** Endings that are known at all, largest first, from a twentieth on. */
export function endingsOf({ outcomes: shares }: Shares): [Outcome, number][] {
  if (shares.unclear >= 0.999) return []
  return outcomes
    .map((outcome): [Outcome, number] => [outcome, shares[outcome]])
    .filter(([, share]) => share >= 0.05)
    .sort((a, b) => b[1] - a[1])
}

export function percent(share: number): string {
  const value = share * 100
  return value > 0 && value < 1 ? '<1%' : `${Math.round(value)}%`
}
