// How the conversations of a group end, counted, and how that differs from the whole.
import { outcomes, type ClusterMetrics, type Outcome } from '../insight.ts'

/** How the traces of a group end, as shares between 0 and 1. */
export type Shares = { size: number; outcomes: Record<Outcome, number> }

/** From the numbers of a group of this size. What has no outcome at all counts for nothing. */
export function toShares(counts: ClusterMetrics['outcomes'], size: number): Shares {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const share = (outcome: Outcome): number => (counts[outcome] ?? 0) / Math.max(1, total)
  return {
    size,
    outcomes: Object.fromEntries(outcomes.map((outcome) => [outcome, share(outcome)])) as Shares['outcomes'],
  }
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
