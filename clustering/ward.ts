// Exact Ward clustering on a condensed distance matrix.
// Nearest-neighbour chain: Murtagh 1983; Müllner, "Modern hierarchical, agglomerative clustering algorithms", 2011, §3.2.
// Lance–Williams update of squared Ward distances: Müllner 2011, table 1.
import { toDendrogram, type Dendrogram } from './dendrogram.ts'
import type { Matrix } from './matrix.ts'
import { createMultiplier } from './multiplier.ts'

/** Below this share of the norms a squared distance is measured in double precision. */
const nearShare = 1e-3

/** Above this many points the matrix (2 n² bytes) stops being a good idea. */
export const maxMatrixPoints = 4_000

/**
 * The exact Ward dendrogram of weighted points: heights as SciPy's `linkage(x, 'ward')` gives them when each point is
 * repeated `weight` times (without the merges at height 0 between the repeats). O(n² d) time, 2 n² bytes.
 */
export function wardDendrogram(points: Matrix, weights: Float64Array): Dendrogram {
  const count = points.rows
  const distances = squaredWardDistances(points, weights)
  const merges = {
    a: new Int32Array(Math.max(0, count - 1)),
    b: new Int32Array(Math.max(0, count - 1)),
    heights: new Float64Array(Math.max(0, count - 1)),
  }
  const sizes = Float64Array.from(weights)
  const alive = createAliveList(count)
  // Entry of the pair (i, j), i < j, in the condensed matrix.
  const rowStart = Float64Array.from({ length: count }, (_, i) => (i * (2 * count - i - 1)) / 2 - i - 1)
  const at = (i: number, j: number) => (i < j ? rowStart[i]! + j : rowStart[j]! + i)

  const chain: number[] = []
  for (let merge = 0; merge < count - 1; merge++) {
    // Follow nearest neighbours until two clusters are each other's nearest: those two are merged.
    if (chain.length === 0) chain.push(alive.first())
    let nearest: number
    for (;;) {
      const end = chain[chain.length - 1]!
      const before = chain.length > 1 ? chain[chain.length - 2]! : -1
      nearest = before
      // The previous link wins ties; otherwise the chain could go round in circles.
      let best = before < 0 ? Infinity : distances[at(before, end)]!
      for (let j = alive.first(); j < end; j = alive.next(j)) {
        const distance = distances[rowStart[j]! + end]!
        if (distance < best) [best, nearest] = [distance, j]
      }
      const start = rowStart[end]!
      for (let j = alive.next(end); j < count; j = alive.next(j)) {
        const distance = distances[start + j]!
        if (distance < best) [best, nearest] = [distance, j]
      }
      if (nearest === before) break
      chain.push(nearest)
    }
    const last = chain.pop()!
    chain.pop()
    const gone = Math.min(last, nearest)
    const kept = Math.max(last, nearest)
    const squared = distances[at(gone, kept)]!
    merges.a[merge] = gone
    merges.b[merge] = kept
    merges.heights[merge] = Math.sqrt(squared)
    alive.remove(gone)
    const goneSize = sizes[gone]!
    const keptSize = sizes[kept]!
    for (let j = alive.first(); j < count; j = alive.next(j)) {
      if (j === kept) continue
      const size = sizes[j]!
      const index = at(j, kept)
      const updated =
        ((goneSize + size) * distances[at(gone, j)]! + (keptSize + size) * distances[index]! - size * squared) /
        (goneSize + keptSize + size)
      // Rounding must not let a later merge fall below this one.
      distances[index] = updated > squared ? updated : squared
    }
    sizes[kept] = goneSize + keptSize
  }
  return toDendrogram(count, merges)
}

/** Condensed squared Ward distances `2 wᵢ wⱼ / (wᵢ + wⱼ) · |xᵢ - xⱼ|²`: for weights of one, plain squared distances. */
function squaredWardDistances(points: Matrix, weights: Float64Array): Float32Array {
  const count = points.rows
  const distances = new Float32Array((count * (count - 1)) / 2)
  const squares = squaredNorms(points)
  const blockRows = 60
  const multiplier = createMultiplier(points, blockRows)
  let next = 0
  for (let from = 0; from < count; from += blockRows) {
    const left = { from, count: Math.min(blockRows, count - from) }
    const { data, stride, first } = multiplier.multiply(points, left, from)
    for (let row = from; row < from + left.count; row++) {
      const weight = weights[row]!
      const at = (row - from) * stride - first
      for (let other = row + 1; other < count; other++) {
        const norms = squares[row]! + squares[other]!
        let squared = norms - 2 * data[at + other]!
        // Single precision products leave nothing of the difference of two near points: those are measured again.
        if (squared < nearShare * norms) squared = squaredDistance(points, row, other)
        const otherWeight = weights[other]!
        distances[next++] = ((2 * weight * otherWeight) / (weight + otherWeight)) * squared
      }
    }
  }
  return distances
}

function squaredDistance(points: Matrix, a: number, b: number): number {
  const { data, cols } = points
  let sum = 0
  for (let k = 0; k < cols; k++) sum += (data[a * cols + k]! - data[b * cols + k]!) ** 2
  return sum
}

/** `<row, row>` of every row. */
export function squaredNorms(points: Matrix): Float64Array {
  const { data, cols } = points
  return Float64Array.from({ length: points.rows }, (_, row) => {
    let sum = 0
    for (let k = row * cols; k < (row + 1) * cols; k++) sum += data[k]! * data[k]!
    return sum
  })
}

/** The clusters still to be merged, ascending, as a linked list: removing one is O(1). */
function createAliveList(count: number) {
  const next = Int32Array.from({ length: count + 1 }, (_, i) => i + 1)
  const previous = Int32Array.from({ length: count + 2 }, (_, i) => i - 1)
  let first = 0
  return {
    first: () => first,
    next: (i: number) => next[i]!,
    remove: (i: number) => {
      if (i === first) first = next[i]!
      else next[previous[i]!] = next[i]!
      previous[next[i]!] = previous[i]!
    },
  }
}
