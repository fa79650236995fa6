// Exact Ward clustering on a condensed distance matrix.
import { distancesOfPairs } from './condensed.ts'
import { toDendrogram, type Dendrogram } from './dendrogram.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { mergeByChain } from './neighbour-chain.ts'

/** Below this share of the norms a squared distance is measured in double precision. */
const nearShare = 1e-3

/** Above this many points the matrix (2 n² bytes) stops being a good idea. */
export const maxMatrixPoints = 4_000

/**
 * The exact Ward dendrogram of weighted points: heights as SciPy's `linkage(x, 'ward')` gives them when each point is
 * repeated `weight` times (without the merges at height 0 between the repeats). O(n² d) time, 2 n² bytes.
 */
export function wardDendrogram(points: Matrix, weights: Float64Array): Dendrogram {
  // Squared Ward distances: for weights of one, plain squared distances.
  const squared = distancesOfPairs(points, nearShare, (distance, row, other) => {
    const weight = weights[row]!
    const otherWeight = weights[other]!
    return ((2 * weight * otherWeight) / (weight + otherWeight)) * distance
  })
  const merges = mergeByChain(squared, weights, 'ward')
  return toDendrogram(points.rows, { ...merges, heights: merges.heights.map(Math.sqrt) })
}
