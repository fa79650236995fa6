// The order in which traces are read: whoever looks after a while sees what the whole will look like.
import { samplingRank } from './ids.ts'

/** What the order looks at. */
export type Orderable = {
  traceId: string
  rank: number
  stratum: string
  requestTimeMs?: number
  state?: string
  session?: string
}

const periods = 10

/**
 * An order of which every beginning is representative of the whole: each period of time, state and stratum has its share of
 * the first 5 % as of all, and one session's traces do not stand together. Decided by the seed and the traces alone.
 */
export function toReadingOrder<T extends Orderable>(traces: readonly T[], seed: number): T[] {
  const byTime = [...traces].sort(
    (a, b) => (a.requestTimeMs ?? 0) - (b.requestTimeMs ?? 0) || (a.traceId < b.traceId ? -1 : 1),
  )
  const periodOf = new Map(byTime.map(({ traceId }, at) => [traceId, Math.floor((at * periods) / byTime.length)]))
  const byChance = byTime.sort((a, b) => a.rank - b.rank || (a.traceId < b.traceId ? -1 : 1))
  const apart = spread(byChance, ({ session, traceId }) => session ?? `\n${traceId}`, seed)
  return spread(apart, ({ traceId, state, stratum }) => `${periodOf.get(traceId)}\n${state}\n${stratum}`, seed)
}

/**
 * Systematic sampling with a random start in each group (Madow & Madow 1944): the i-th of a group's n items is placed at
 * (i + u) / n with u in [0, 1) drawn for the group, so a beginning of length p holds p·n of it, give or take one.
 */
function spread<T extends { rank: number }>(items: readonly T[], groupOf: (item: T) => string, seed: number): T[] {
  const groups = Map.groupBy(items, groupOf)
  const placed = [...groups].flatMap(([group, members]) => {
    const start = samplingRank(seed, group)
    return members.map((item, at) => ({ item, place: (at + start) / members.length }))
  })
  return placed.sort((a, b) => a.place - b.place || a.item.rank - b.item.rank).map(({ item }) => item)
}
