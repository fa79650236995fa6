// Exact Ward clustering, by whichever way is quicker for as many points.
import { distancesOfPairs } from './condensed.ts'
import { toDendrogram, type Dendrogram } from './dendrogram.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { mergeByChain } from './neighbour-chain.ts'
import { dendrogramByRounds } from './reciprocal-rounds.ts'
import { oneThread, type Threads } from '../threads/threads.ts'

/** Below this share of the norms a squared distance is measured in double precision. */
const nearShare = 1e-3

/** Above this many points rounds are quicker than the matrix, and they do not need its 2 n² bytes. */
const maxMatrixPoints = 1_500

/**
 * The exact Ward dendrogram of weighted points: heights as SciPy's `linkage(x, 'ward')` gives them when each point is
 * repeated `weight` times (without the merges at height 0 between the repeats). O(n² d) time.
 */
export function wardDendrogram(
  points: Matrix,
  weights: Float64Array,
  { threads = oneThread, onProgress }: { threads?: Threads; onProgress?: (share: number) => void } = {},
): Dendrogram {
  if (points.rows > maxMatrixPoints) {
    return dendrogramByRounds(points, weights, { rule: 'ward', threads, ...(onProgress && { onProgress }) })
  }
  // Squared Ward distances: for weights of one, plain squared distances.
  const squared = distancesOfPairs(points, nearShare, (distance, row, other) => {
    const weight = weights[row]!
    const otherWeight = weights[other]!
    return ((2 * weight * otherWeight) / (weight + otherWeight)) * distance
  })
  const merges = mergeByChain(squared, weights, 'ward')
  return toDendrogram(points.rows, { ...merges, heights: merges.heights.map(Math.sqrt) })
}
