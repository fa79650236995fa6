// The finest clusters: how many there are, and which point belongs to which.
import { cutDendrogram, type Dendrogram } from './dendrogram.ts'
import { findKnee } from './knee.ts'
import { assignToNearest, lloyd, type Partition } from './lloyd.ts'
import type { Matrix } from './matrix.ts'
import { toMicroClusters } from './micro-clusters.ts'
import { wardDendrogramByRounds } from './ward-rounds.ts'
import { maxMatrixPoints, wardDendrogram } from './ward.ts'

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
  options: { seed: number; maxLeaves?: number; onProgress?: (share: number) => void },
): Partition {
  if (points.rows === 1) return { assignment: new Int32Array(1), centres: points }
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const limit = Math.min(mostLeaves, options.maxLeaves ?? mostLeaves)
  if (points.rows <= maxExactPoints) {
    const dendrogram =
      points.rows <= maxMatrixPoints
        ? wardDendrogram(points, weights)
        : wardDendrogramByRounds(points, weights, (share) => options.onProgress?.(0.8 * share))
    options.onProgress?.(0.8)
    const groups = countLeaves(dendrogram, total, limit)
    const cut = cutDendrogram(dendrogram, groups)
    return lloyd(points, weights, cut, { groups, iterations: lloydRounds, spherical: true })
  }
  const micro = toMicroClusters(points, weights, options.seed)
  options.onProgress?.(0.4)
  const dendrogram = wardDendrogram(micro.centres, micro.weights)
  options.onProgress?.(0.6)
  const groups = countLeaves(dendrogram, total, limit)
  const cut = cutDendrogram(dendrogram, groups)
  const coarse = lloyd(micro.centres, micro.weights, cut, { groups, iterations: lloydRounds, spherical: true })
  options.onProgress?.(0.7)
  const start = assignToNearest(points, coarse.centres)
  return lloyd(points, weights, start, { groups: coarse.centres.rows, iterations: 2, spherical: true })
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
