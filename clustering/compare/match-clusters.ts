// What became of the clusters of one partition in another: last month's themes in this month's.
// MONIC (Spiliopoulou, Ntoutsi, Theodoridis & Schult 2006): transitions told from the members both have in common.

/** One thing that happened between two partitions. `overlap`: share of the common members of the clusters left that went this way. */
export type Transition =
  | { kind: 'kept' | 'grown' | 'shrunk'; from: string; to: string; overlap: number }
  | { kind: 'split'; from: string; to: string[]; overlap: number }
  | { kind: 'merged'; from: string[]; to: string; overlap: number }
  | { kind: 'new'; to: string }
  | { kind: 'gone'; from: string }

/** A cluster lives on where at least half of its members are. */
const survival = 0.5
/** Its share of all rows may change by a quarter before it counts as grown or shrunk. */
const sameSize = 1.25

/**
 * Tells what became of each cluster. Both lists name the cluster of the same rows, in the same order; `null` for a row
 * that is in no cluster there, or was not there at all. Two trees over different rows are compared by placing the rows
 * of one in the other first (`assignToTree`). Every cluster is in exactly one transition.
 */
export function matchClusters(before: readonly (string | null)[], after: readonly (string | null)[]): Transition[] {
  if (before.length !== after.length) {
    throw new RangeError(`There are ${before.length} rows before but ${after.length} after.`)
  }
  const old = countBy(before)
  const now = countBy(after)
  const shared = new Map<string, Map<string, number>>([...old.keys()].map((from) => [from, new Map()]))
  const leaving = new Map<string, number>()
  const arriving = new Map<string, number>()
  before.forEach((from, row) => {
    const to = after[row]!
    if (from === null || to === null) return
    const targets = shared.get(from)!
    targets.set(to, (targets.get(to) ?? 0) + 1)
    leaving.set(from, (leaving.get(from) ?? 0) + 1)
    arriving.set(to, (arriving.get(to) ?? 0) + 1)
  })

  // Where most of an old cluster went, and where most of a new one came from.
  const heirs = new Map<string, string[]>([...now.keys()].map((to) => [to, []]))
  const parts = new Map<string, string[]>([...old.keys()].map((from) => [from, []]))
  const sources = new Map<string, Map<string, number>>([...now.keys()].map((to) => [to, new Map()]))
  for (const [from, targets] of shared) for (const [to, count] of targets) sources.get(to)!.set(from, count)
  for (const [from, targets] of shared) {
    const heir = majority(targets, leaving.get(from))
    if (heir !== undefined) heirs.get(heir)!.push(from)
  }
  for (const [to, own] of sources) {
    const origin = majority(own, arriving.get(to))
    if (origin !== undefined) parts.get(origin)!.push(to)
  }
  const overlapOf = (froms: readonly string[], tos: readonly string[]) => {
    const together = froms.flatMap((from) => tos.map((to) => shared.get(from)!.get(to) ?? 0))
    return sum(together) / Math.max(1, sum(froms.map((from) => leaving.get(from) ?? 0)))
  }

  const transitions: Transition[] = []
  const told = { from: new Set<string>(), to: new Set<string>() }
  const tell = (transition: Transition, froms: readonly string[], tos: readonly string[]) => {
    transitions.push(transition)
    for (const from of froms) told.from.add(from)
    for (const to of tos) told.to.add(to)
  }
  for (const [to, ancestors] of heirs) {
    if (ancestors.length > 1)
      tell({ kind: 'merged', from: ancestors, to, overlap: overlapOf(ancestors, [to]) }, ancestors, [to])
  }
  for (const [from, own] of parts) {
    const free = own.filter((to) => !told.to.has(to))
    if (told.from.has(from) || free.length < 2) continue
    tell({ kind: 'split', from, to: free, overlap: overlapOf([from], free) }, [from], free)
  }
  for (const [to, ancestors] of heirs) {
    const from = ancestors.find((source) => !told.from.has(source))
    if (from === undefined || told.to.has(to)) continue
    const growth = now.get(to)! / sum(now.values()) / (old.get(from)! / sum(old.values()))
    const kind = growth > sameSize ? 'grown' : growth < 1 / sameSize ? 'shrunk' : 'kept'
    tell({ kind, from, to, overlap: overlapOf([from], [to]) }, [from], [to])
  }
  for (const from of old.keys()) if (!told.from.has(from)) transitions.push({ kind: 'gone', from })
  for (const to of now.keys()) if (!told.to.has(to)) transitions.push({ kind: 'new', to })
  return transitions
}

/** Who has at least half of the total; of two equal halves the first by name. */
function majority(counts: ReadonlyMap<string, number>, total = 0): string | undefined {
  const [best] = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  return best !== undefined && best[1] >= survival * total ? best[0] : undefined
}

/** How many rows each cluster has, clusters in the order of their names. */
function countBy(clusters: readonly (string | null)[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const cluster of clusters) if (cluster !== null) counts.set(cluster, (counts.get(cluster) ?? 0) + 1)
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}
