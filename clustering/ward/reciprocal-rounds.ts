// Exact agglomeration without a distance matrix: memory grows with the number of points, not with its square.
//
// Reciprocal agglomeration (Sumengen et al. 2021, "Scaling Hierarchical Agglomerative Clustering to Billion-sized Datasets"): in every
// round all pairs that are each other's nearest are merged at once, which gives the same tree as merging the closest
// pair each time because these costs are reducible (Müllner 2011, §2.3: a merged cluster is never nearer to a third
// than the nearer of its parts was). Each cluster keeps a short list of its nearest ones and a bound below which nothing
// outside the list can lie; only when the list runs dry is the cluster compared with all others again.
import { createBlocks } from '../threads/blocks.ts'
import { toDendrogram, type Dendrogram } from './dendrogram.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { boundOfMerged, type Clusters, mergeClusters, mergingCost, type MergingRule, toClusters } from './merging.ts'
import { createListWriter, createNearestLists, isCertain, type NearestLists } from './nearest-lists.ts'
import { createFound, pairBlockRows } from './search-pairs.ts'
import { searchBlockRows } from './search-rows.ts'
import { toShared } from '../matrix/shared-memory.ts'
import { oneThread, type Threads } from '../threads/threads.ts'

const listLength = 12
const mergeBlockRows = 512

/**
 * The same dendrogram as the distance matrix gives, up to ties, in O(n d) memory: for more points than a matrix can hold.
 * About n² d multiplications. Single precision only proposes whom to measure; what is merged is decided in double
 * precision, so neither the processor nor the number of threads shows in the result.
 */
export function dendrogramByRounds(
  points: Matrix,
  weights: Float64Array,
  options: { rule: MergingRule; threads?: Threads; onProgress?: (share: number) => void },
): Dendrogram {
  const { rule, threads = oneThread, onProgress } = options
  const count = points.rows
  const clusters = toClusters(points, weights, rule)
  const lists = createNearestLists(count, listLength)
  const merges = {
    a: new Int32Array(Math.max(0, count - 1)),
    b: new Int32Array(Math.max(0, count - 1)),
    heights: new Float64Array(Math.max(0, count - 1)),
  }
  let alive = toShared(Int32Array.from({ length: count }, (_, i) => i))
  let done = 0
  /** For clusters merged in this round: the one that carries on, else -1. */
  const mergedInto = new Int32Array(count).fill(-1)
  /** What the last merge of a cluster cost: rounding must not let the next one fall below it. */
  const lastCosts = new Float64Array(count)
  /** 1 where the list ran dry: the cluster's nearest is not known. */
  const isDry = new Uint8Array(count)
  const isWanted = new Uint8Array(count)
  const refill = createRefill(clusters, lists, mergedInto)
  if (count > 1) searchAllPairs(clusters, lists, alive, threads)
  while (alive.length > 1) {
    for (let wanted; (wanted = dryOnes(lists, alive, isDry, isWanted.fill(0))).length > 0;) {
      const blocks = createBlocks(wanted.length, searchBlockRows)
      // One block is done before another thread has heard of it.
      const willing = wanted.length > searchBlockRows ? threads : oneThread
      willing.run({ kind: 'search-rows', clusters, lists, alive, wanted: toShared(wanted), blocks })
      for (const cluster of wanted) isDry[cluster] = 0
    }
    const pairs = reciprocalPairs(lists, alive, isDry)
    const updates = pairs.map((pair) => {
      const { kept, gone } = pair
      const cost = Math.max(pair.cost, lastCosts[kept]!, lastCosts[gone]!)
      lastCosts[kept] = cost
      merges.a[done] = gone
      merges.b[done] = kept
      merges.heights[done++] = rule === 'ward' ? Math.sqrt(cost) : cost
      mergedInto[kept] = kept
      mergedInto[gone] = kept
      // Bounds and candidates of the merged come from both lists as they were; only then do the centres move.
      const bound = boundOfMerged(clusters, pair, { kept: lists.bounds[kept]!, gone: lists.bounds[gone]! })
      return { kept, bound, candidates: [...membersOf(lists, kept), ...membersOf(lists, gone)] }
    })
    for (const { kept, gone } of pairs) mergeClusters(clusters, kept, gone)
    alive = toShared(alive.filter((cluster) => mergedInto[cluster] === -1 || mergedInto[cluster] === cluster))

    for (const { kept, bound, candidates } of updates) isDry[kept] = refill.merged(kept, candidates, bound) ? 0 : 1
    for (const cluster of alive) {
      if (mergedInto[cluster] === -1 && refill.isTouched(cluster)) isDry[cluster] = refill.other(cluster) ? 0 : 1
    }
    for (const { kept, gone } of pairs) mergedInto[kept] = mergedInto[gone] = -1
    onProgress?.(done / (count - 1))
  }
  return toDendrogram(count, merges)
}

function membersOf({ ids, counts, length }: NearestLists, cluster: number): Int32Array {
  return ids.subarray(cluster * length, cluster * length + counts[cluster]!)
}

function searchAllPairs(clusters: Clusters, lists: NearestLists, alive: Int32Array, threads: Threads): void {
  const found = Array.from({ length: threads.count }, () => createFound(alive.length, lists.length))
  const blocks = createBlocks(alive.length, pairBlockRows)
  threads.run({ kind: 'search-pairs', clusters, alive, length: lists.length, blocks, found })
  if (found.every(({ isUsed }) => isUsed[0] === 0)) {
    const all = createBlocks(alive.length, searchBlockRows)
    threads.run({ kind: 'search-rows', clusters, lists, alive, wanted: alive, blocks: all })
    return
  }
  threads.run({
    kind: 'merge-lists',
    clusters,
    lists,
    alive,
    found,
    largestNorm: clusters.norms.reduce((largest, norm) => Math.max(largest, norm), 0),
    blocks: createBlocks(alive.length, mergeBlockRows),
  })
}

/** Brings lists up to date after a round; answers whether the cluster's nearest is certain. */
function createRefill(clusters: Clusters, lists: NearestLists, mergedInto: Int32Array) {
  const writer = createListWriter(lists)
  const seenBy = new Int32Array(mergedInto.length).fill(-1)
  const offer = (cluster: number, other: number): void => {
    if (other === cluster || seenBy[other] === cluster) return
    seenBy[other] = cluster
    writer.offer(other, mergingCost(clusters, cluster, other))
  }
  return {
    merged: (cluster: number, candidates: readonly number[], bound: number): boolean => {
      for (const candidate of candidates)
        offer(cluster, mergedInto[candidate]! < 0 ? candidate : mergedInto[candidate]!)
      writer.write(cluster, bound)
      // The next cluster of this number must not find these marks.
      for (const candidate of candidates) seenBy[mergedInto[candidate]! < 0 ? candidate : mergedInto[candidate]!] = -1
      return isCertain(lists, cluster)
    },
    isTouched: (cluster: number): boolean => membersOf(lists, cluster).some((other) => mergedInto[other]! >= 0),
    other: (cluster: number): boolean => {
      const { ids, costs, counts, length } = lists
      const start = cluster * length
      const end = start + counts[cluster]!
      for (let i = start; i < end; i++) {
        const root = mergedInto[ids[i]!]!
        if (root < 0) writer.offer(ids[i]!, costs[i]!)
        else offer(cluster, root)
      }
      for (let i = start; i < end; i++) if (mergedInto[ids[i]!]! >= 0) seenBy[mergedInto[ids[i]!]!] = -1
      writer.write(cluster, lists.bounds[cluster]!)
      return isCertain(lists, cluster)
    },
  }
}

/**
 * The clusters to compare with all others now. One that no other takes for its nearest cannot be merged in this round:
 * it waits, and by the time its turn comes there are fewer to compare it with. `isWanted` comes empty.
 */
function dryOnes(
  { ids, length }: NearestLists,
  alive: Int32Array,
  isDry: Uint8Array,
  isWanted: Uint8Array,
): Int32Array {
  let canMerge = false
  for (const cluster of alive) {
    if (isDry[cluster] === 1) continue
    const nearest = ids[cluster * length]!
    if (isDry[nearest] === 1) isWanted[nearest] = 1
    else if (ids[nearest * length] === cluster) canMerge = true
  }
  const wanted = alive.filter((cluster) => isWanted[cluster] === 1)
  return wanted.length > 0 || canMerge ? wanted : alive.filter((cluster) => isDry[cluster] === 1)
}

/** All pairs known to be each other's nearest; where rounding left none, the closest pair there is. */
function reciprocalPairs(
  { ids, costs, length }: NearestLists,
  alive: Int32Array,
  isDry: Uint8Array,
): { kept: number; gone: number; cost: number }[] {
  const pairs: { kept: number; gone: number; cost: number }[] = []
  let closest = -1
  for (const cluster of alive) {
    if (isDry[cluster] === 1) continue
    const nearest = ids[cluster * length]!
    const cost = costs[cluster * length]!
    if (cluster < nearest && isDry[nearest] === 0 && ids[nearest * length] === cluster) {
      pairs.push({ kept: cluster, gone: nearest, cost })
    }
    if (closest < 0 || cost < costs[closest * length]!) closest = cluster
  }
  if (pairs.length === 0) pairs.push({ kept: closest, gone: ids[closest * length]!, cost: costs[closest * length]! })
  return pairs
}
