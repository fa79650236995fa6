// The finest clusters: how many there are, and which point belongs to which.
import { cutDendrogram, type Dendrogram } from '../ward/dendrogram.ts'
import { findKnee } from './knee.ts'
import { centresOf, lloyd, lloydFromCentres, type Partition } from '../k-means/lloyd.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { toMicroClusters } from '../k-means/micro-clusters.ts'
import type { Threads } from '../threads/threads.ts'
import { wardDendrogram } from '../ward/ward.ts'

const lloydRounds = 8
/** Exact Ward over more points than this would keep people waiting; micro-clusters lose under one percent of its quality. */
const maxExactPoints = 8_000
/** A leaf of fewer than five members on average is no theme. */
const leastMembersPerLeaf = 5
/** More leaves than this nobody reads; a tree of four levels would not hold many more either. */
const mostLeaves = 1_000

/**
 * Splits weighted unit points into leaf clusters: exact Ward (over micro-clusters where there are too many points for
 * exact), the number of clusters from the knee of its heights, then Lloyd, which repairs what greedy merging got wrong.
 */
export function findLeaves(
  points: Matrix,
  weights: Float64Array,
  options: { seed: number; maxLeaves?: number; threads: Threads; onProgress?: (share: number) => void },
): Partition {
  if (points.rows === 1) return { assignment: new Int32Array(1), centres: points }
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const limit = Math.min(mostLeaves, options.maxLeaves ?? mostLeaves)
  if (points.rows <= maxExactPoints) {
    const dendrogram = wardDendrogram(points, weights, {
      threads: options.threads,
      onProgress: (share) => options.onProgress?.(0.8 * share),
    })
    options.onProgress?.(0.8)
    const groups = countLeaves(dendrogram, total, limit)
    const cut = cutDendrogram(dendrogram, groups)
    return lloyd(points, weights, cut, { groups, iterations: lloydRounds, spherical: true, threads: options.threads })
  }
  const micro = toMicroClusters(points, weights, {
    seed: options.seed,
    threads: options.threads,
    onProgress: (share) => options.onProgress?.(0.4 * share),
  })
  options.onProgress?.(0.4)
  const dendrogram = wardDendrogram(micro.centres, micro.weights, { threads: options.threads })
  options.onProgress?.(0.6)
  const groups = countLeaves(dendrogram, total, limit)
  const cut = cutDendrogram(dendrogram, groups)
  const coarse = lloyd(micro.centres, micro.weights, cut, { groups, iterations: lloydRounds, spherical: true })
  options.onProgress?.(0.7)
  return lloydFromCentres(points, weights, coarse.centres, {
    iterations: 3,
    spherical: true,
    longest: 1,
    cells: micro,
    threads: options.threads,
  })
}

/** Heights at which two unit vectors are about as far apart as unrelated texts: below it, few texts are one theme. */
const unrelatedHeight = 1

function countLeaves(dendrogram: Dendrogram, total: number, limit: number): number {
  const { points, heights } = dendrogram
  const most = Math.max(1, Math.min(limit, points, Math.floor(total / leastMembersPerLeaf)))
  if (total >= 20)
    return Math.min(
      most,
      findKnee(dendrogram, { least: 2, most: Math.min(points, Math.floor(total / leastMembersPerLeaf)) }),
    )
  // With a handful of points there is no curve to read: join what is related, at most five groups.
  let groups = 1
  while (groups < Math.min(limit, 5, points) && heights[points - 1 - groups]! > unrelatedHeight) groups++
  return groups
}

/** Joins the leaves nearest each other (Ward over their centres, by the weight behind each) until at most `count` are left. */
export function joinNearestLeaves(
  points: Matrix,
  weights: Float64Array,
  { assignment, centres }: Partition,
  count: number,
): Partition {
  if (centres.rows <= count) return { assignment, centres }
  const sizes = new Float64Array(centres.rows)
  assignment.forEach((leaf, point) => {
    if (leaf >= 0) sizes[leaf] = sizes[leaf]! + weights[point]!
  })
  const joined = cutDendrogram(wardDendrogram(centres, sizes), count)
  return centresOf(
    points,
    weights,
    assignment.map((leaf) => (leaf < 0 ? -1 : joined[leaf]!)),
    { groups: count, spherical: true },
  )
}
