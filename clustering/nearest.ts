import type { Matrix } from './matrix.ts'
import { createMultiplier } from './multiplier.ts'

/** The `k` nearest other rows of every row by inner product, nearest first; -1 where there are fewer. */
export type Neighbours = { k: number; rows: Int32Array; similarities: Float32Array }

/** Exact nearest neighbours by comparing every pair of rows: n² d multiplications. The lower row wins ties. */
export function findNeighbours(points: Matrix, k: number, onProgress?: (share: number) => void): Neighbours {
  const count = points.rows
  const rows = new Int32Array(count * k).fill(-1)
  const similarities = new Float32Array(count * k).fill(-Infinity)
  const blockRows = 64
  const multiplier = createMultiplier(points, blockRows)
  for (let from = 0; from < count; from += blockRows) {
    const left = { from, count: Math.min(blockRows, count - from) }
    const { data, stride } = multiplier.multiply(points, left)
    for (let i = 0; i < left.count; i++) {
      const first = (from + i) * k
      const last = first + k - 1
      for (let j = 0; j < count; j++) {
        const similarity = data[i * stride + j]!
        if (similarity <= similarities[last]! || j === from + i) continue
        let place = last
        for (; place > first && similarities[place - 1]! < similarity; place--) {
          similarities[place] = similarities[place - 1]!
          rows[place] = rows[place - 1]!
        }
        similarities[place] = similarity
        rows[place] = j
      }
    }
    onProgress?.((from + left.count) / count)
  }
  return { k, rows, similarities }
}
