// The distances of all pairs of points, condensed: (0, 1), (0, 2), …, (1, 2), …, each pair once.
import type { Matrix } from '../matrix/matrix.ts'
import { squaredDistance, squaredNorms } from '../matrix/measure.ts'
import { createMultiplier } from '../matrix/multiplier.ts'

const blockRows = 60

/**
 * `toDistance` of the squared Euclidean distance of every pair. Those below `nearShare` of the pair's squared norms are
 * measured in double precision: single precision products leave nothing of the difference of two near points.
 */
export function distancesOfPairs(
  points: Matrix,
  nearShare: number,
  toDistance: (squared: number, row: number, other: number) => number,
): Float32Array {
  const { data, cols, rows: count } = points
  const distances = new Float32Array((count * (count - 1)) / 2)
  const squares = squaredNorms(points)
  const multiplier = createMultiplier(points, blockRows)
  let next = 0
  for (let from = 0; from < count; from += blockRows) {
    const left = { from, count: Math.min(blockRows, count - from) }
    const { data: products, stride, first } = multiplier.multiply(points, left, from)
    for (let row = from; row < from + left.count; row++) {
      const at = (row - from) * stride - first
      for (let other = row + 1; other < count; other++) {
        const norms = squares[row]! + squares[other]!
        let squared = norms - 2 * products[at + other]!
        if (squared < nearShare * norms) squared = squaredDistance(data, row * cols, data, other * cols, cols)
        distances[next++] = toDistance(squared, row, other)
      }
    }
  }
  return distances
}
