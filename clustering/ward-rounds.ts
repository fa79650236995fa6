// Exact Ward clustering without a distance matrix: memory grows with the number of points, not with its square.
//
// Reciprocal agglomeration (Sumengen et al. 2021, "Scaling Hierarchical Agglomerative Clustering to Billion-sized Datasets"): in every
// round all pairs that are each other's nearest are merged at once, which gives the same tree as merging the closest
// pair each time because Ward's distance is reducible (Müllner 2011, §2.3: a merged cluster is never nearer to a third
// than the nearer of its parts was). Each cluster keeps a short list of its nearest ones and a bound below which nothing
// outside the list can lie; only when the list runs dry is the cluster compared with all others again.
import { toDendrogram, type Dendrogram } from './dendrogram.ts'
import type { Matrix } from './matrix.ts'
import { createMultiplier } from './multiplier.ts'
import { takeRows } from './take-rows.ts'
import { squaredNorms } from './ward.ts'

const listLength = 12
const blockRows = 60
/** Single precision products are off by at most about this share of the norms; bounds are lowered by it. */
const productError = 4e-6

/**
 * The same dendrogram as `wardDendrogram` gives, up to ties, in O(n d) memory: for more points than its matrix can hold.
 * About n² d multiplications. Points should have norms of similar size (unit vectors do): distances much smaller than
 * the norms are found by products that cannot tell them apart.
 */
export function wardDendrogramByRounds(
  points: Matrix,
  weights: Float64Array,
  onProgress?: (share: number) => void,
): Dendrogram {
  const count = points.rows
  const clusters = createClusters(points, weights)
  const lists = createLists(count)
  const merges = {
    a: new Int32Array(Math.max(0, count - 1)),
    b: new Int32Array(Math.max(0, count - 1)),
    heights: new Float64Array(Math.max(0, count - 1)),
  }
  let alive = Int32Array.from({ length: count }, (_, i) => i)
  let dry = new Int32Array(0)
  let done = 0
  /** For clusters merged in this round: the one that carries on, else -1. */
  const mergedInto = new Int32Array(count).fill(-1)
  if (count > 1) searchPairs(clusters, lists)
  while (alive.length > 1) {
    if (dry.length > 0) searchAll(clusters, lists, alive, dry)
    const pairs = reciprocalPairs(lists, alive)
    for (const { kept, gone } of pairs) {
      merges.a[done] = gone
      merges.b[done] = kept
      merges.heights[done++] = Math.sqrt(lists.nearestCost(kept))
      mergedInto[kept] = kept
      mergedInto[gone] = kept
    }
    // Bounds and candidates of the merged come from both lists as they were; only then do the centres move.
    const updates = pairs.map(({ kept, gone }) => ({
      kept,
      bound: mergedBound(clusters, lists, kept, gone),
      candidates: [...lists.members(kept), ...lists.members(gone)],
    }))
    for (const { kept, gone } of pairs) clusters.merge(kept, gone)
    alive = alive.filter((cluster) => mergedInto[cluster] === -1 || mergedInto[cluster] === cluster)

    const nextDry: number[] = []
    const refill = (cluster: number, candidates: Iterable<number>, bound: number) => {
      const found = new Set<number>()
      for (const candidate of candidates) {
        const now = mergedInto[candidate]! < 0 ? candidate : mergedInto[candidate]!
        if (now !== cluster) found.add(now)
      }
      lists.fill(
        cluster,
        Array.from(found, (other) => ({ other, cost: clusters.cost(cluster, other) })),
        bound,
      )
      if (!lists.isCertain(cluster)) nextDry.push(cluster)
    }
    for (const { kept, bound, candidates } of updates) refill(kept, candidates, bound)
    for (const cluster of alive) {
      if (mergedInto[cluster] !== -1) continue
      const members = lists.members(cluster)
      if (members.some((other) => mergedInto[other] !== -1)) refill(cluster, members, lists.bound(cluster))
    }
    for (const { kept, gone } of pairs) mergedInto[kept] = mergedInto[gone] = -1
    dry = Int32Array.from(nextDry)
    onProgress?.(done / (count - 1))
  }
  return toDendrogram(count, merges)
}

type Clusters = ReturnType<typeof createClusters>
type Lists = ReturnType<typeof createLists>

/** Centres, sizes and norms; a merged cluster keeps the place of one of its parts. */
function createClusters(points: Matrix, weights: Float64Array) {
  const { cols, rows } = points
  const centres: Matrix = { data: points.data.slice(), rows, cols }
  const sizes = Float64Array.from(weights)
  const norms = squaredNorms(centres)
  return {
    centres,
    sizes,
    norms,
    /** Squared Ward distance, in double precision, the same whichever cluster is named first. */
    cost: (a: number, b: number): number => {
      const { data } = centres
      let squared = 0
      for (let k = 0; k < cols; k++) squared += (data[a * cols + k]! - data[b * cols + k]!) ** 2
      return ((2 * sizes[a]! * sizes[b]!) / (sizes[a]! + sizes[b]!)) * squared
    },
    merge: (kept: number, gone: number): void => {
      const { data } = centres
      const total = sizes[kept]! + sizes[gone]!
      const [share, other] = [sizes[kept]! / total, sizes[gone]! / total]
      let norm = 0
      for (let k = 0; k < cols; k++) {
        const value = Math.fround(share * data[kept * cols + k]! + other * data[gone * cols + k]!)
        data[kept * cols + k] = value
        norm += value * value
      }
      sizes[kept] = total
      norms[kept] = norm
    },
  }
}

/** The nearest few of every cluster, nearest first, and the cost below which no cluster outside the list lies. */
function createLists(count: number) {
  const ids = new Int32Array(count * listLength)
  const costs = new Float64Array(count * listLength)
  const lengths = new Uint8Array(count)
  const bounds = new Float64Array(count)
  return {
    members: (cluster: number): Int32Array =>
      ids.subarray(cluster * listLength, cluster * listLength + lengths[cluster]!),
    bound: (cluster: number): number => bounds[cluster]!,
    nearest: (cluster: number): number => ids[cluster * listLength]!,
    nearestCost: (cluster: number): number => costs[cluster * listLength]!,
    isCertain: (cluster: number): boolean => lengths[cluster]! > 0 && costs[cluster * listLength]! < bounds[cluster]!,
    fill: (cluster: number, found: { other: number; cost: number }[], bound: number): void => {
      found.sort((x, y) => x.cost - y.cost || x.other - y.other)
      const kept = Math.min(found.length, listLength)
      for (let i = 0; i < kept; i++) {
        ids[cluster * listLength + i] = found[i]!.other
        costs[cluster * listLength + i] = found[i]!.cost
      }
      lengths[cluster] = kept
      // What did not fit is outside the list too.
      bounds[cluster] = found.length > kept ? Math.min(bound, found[kept]!.cost) : bound
    },
  }
}

/** Compares every point with every other, each pair once, and fills all lists. */
function searchPairs(clusters: Clusters, lists: Lists): void {
  const { sizes, norms, centres } = clusters
  const count = centres.rows
  const multiplier = createMultiplier(centres, blockRows)
  const found = createCandidates(count)
  const { worst } = found
  for (let from = 0; from < count; from += blockRows) {
    const left = { from, count: Math.min(blockRows, count - from) }
    const { data, stride, first } = multiplier.multiply(centres, left, from)
    for (let i = from; i < from + left.count; i++) {
      const size = sizes[i]!
      const norm = norms[i]!
      const at = (i - from) * stride - first
      for (let j = i + 1; j < count; j++) {
        const squared = norm + norms[j]! - 2 * data[at + j]!
        const cost = ((2 * size * sizes[j]!) / (size + sizes[j]!)) * squared
        if (cost < worst[i]!) found.offer(i, j, cost)
        if (cost < worst[j]!) found.offer(j, i, cost)
      }
    }
  }
  for (let i = 0; i < count; i++) fillList(clusters, lists, i, found.of(i), worst[i]!)
}

/** Compares some clusters with all others and fills their lists. */
function searchAll(clusters: Clusters, lists: Lists, alive: Int32Array, wanted: Int32Array): void {
  const { sizes, norms, centres } = clusters
  const multiplier = createMultiplier(takeRows(centres, alive), blockRows)
  const own = takeRows(centres, wanted)
  const aliveSizes = Float64Array.from(alive, (cluster) => sizes[cluster]!)
  const aliveNorms = Float64Array.from(alive, (cluster) => norms[cluster]!)
  const found = createCandidates(wanted.length)
  const { worst } = found
  for (let from = 0; from < wanted.length; from += blockRows) {
    const left = { from, count: Math.min(blockRows, wanted.length - from) }
    const { data, stride } = multiplier.multiply(own, left)
    for (let i = from; i < from + left.count; i++) {
      const cluster = wanted[i]!
      const size = sizes[cluster]!
      const norm = norms[cluster]!
      const at = (i - from) * stride
      for (let j = 0; j < alive.length; j++) {
        const squared = norm + aliveNorms[j]! - 2 * data[at + j]!
        const cost = ((2 * size * aliveSizes[j]!) / (size + aliveSizes[j]!)) * squared
        if (cost < worst[i]! && alive[j] !== cluster) found.offer(i, alive[j]!, cost)
      }
      fillList(clusters, lists, cluster, found.of(i), worst[i]!)
    }
  }
}

/** The few best of each row by the quick but coarse cost; `worst` is what a newcomer must beat. */
function createCandidates(rows: number) {
  const costs = new Float64Array(rows * listLength).fill(Infinity)
  const ids = new Int32Array(rows * listLength).fill(-1)
  const worst = new Float64Array(rows).fill(Infinity)
  return {
    worst,
    offer: (row: number, other: number, cost: number): void => {
      const start = row * listLength
      let place = start + listLength - 1
      for (; place > start && costs[place - 1]! > cost; place--) {
        costs[place] = costs[place - 1]!
        ids[place] = ids[place - 1]!
      }
      costs[place] = cost
      ids[place] = other
      worst[row] = costs[start + listLength - 1]!
    },
    of: (row: number): Int32Array => ids.subarray(row * listLength, (row + 1) * listLength).filter((id) => id >= 0),
  }
}

/** Measures the candidates exactly; what was not among them is no nearer than the worst of them, less the coarse cost's error. */
function fillList(clusters: Clusters, lists: Lists, cluster: number, candidates: Int32Array, worst: number): void {
  const found = Array.from(candidates, (other) => ({ other, cost: clusters.cost(cluster, other) }))
  const slack = productError * 2 * clusters.sizes[cluster]! * (clusters.norms[cluster]! + 1)
  lists.fill(cluster, found, worst === Infinity ? Infinity : worst - slack)
}

/** All pairs that are each other's nearest; where rounding left none, the closest pair there is. */
function reciprocalPairs(lists: Lists, alive: Int32Array): { kept: number; gone: number }[] {
  const pairs: { kept: number; gone: number }[] = []
  let closest = alive[0]!
  for (const cluster of alive) {
    const nearest = lists.nearest(cluster)
    if (cluster < nearest && lists.nearest(nearest) === cluster) pairs.push({ kept: cluster, gone: nearest })
    if (lists.nearestCost(cluster) < lists.nearestCost(closest)) closest = cluster
  }
  if (pairs.length === 0) pairs.push({ kept: closest, gone: lists.nearest(closest) })
  return pairs
}

/**
 * No cluster outside both lists is nearer to the merged one than this. By Lance–Williams its cost is a weighted sum of
 * the costs to the parts that moves steadily from the first expression to the second as the other's size grows.
 */
function mergedBound(clusters: Clusters, lists: Lists, a: number, b: number): number {
  const [sizeA, sizeB] = [clusters.sizes[a]!, clusters.sizes[b]!]
  const [boundA, boundB] = [lists.bound(a), lists.bound(b)]
  const small = (sizeA * boundA + sizeB * boundB) / (sizeA + sizeB)
  return Math.min(small, boundA + boundB - lists.nearestCost(a))
}
