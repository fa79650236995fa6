// A task: the nearest rows of every row, by comparing every pair.
import { takeBlocks, type Blocks } from '../threads/blocks.ts'
import type { Matrix } from './matrix.ts'
import { createMultiplier, type Multiplier } from './multiplier.ts'

/** The `k` nearest other rows of every row by inner product, nearest first; -1 where there are fewer. */
export type Neighbours = { k: number; rows: Int32Array; similarities: Float32Array }

export type FindNeighboursTask = { kind: 'find-neighbours'; points: Matrix; found: Neighbours; blocks: Blocks }

export function findNeighbourRows({ points, found, blocks }: FindNeighboursTask): void {
  const { k, rows, similarities } = found
  let multiplier: Multiplier | undefined
  takeBlocks(blocks, (block) => {
    multiplier ??= createMultiplier(points, blocks.size)
    const { data, stride } = multiplier.multiply(points, block)
    for (let i = 0; i < block.count; i++) {
      const row = block.from + i
      const first = row * k
      const last = first + k - 1
      for (let j = 0; j < points.rows; j++) {
        const similarity = data[i * stride + j]!
        if (similarity <= similarities[last]! || j === row) continue
        let place = last
        for (; place > first && similarities[place - 1]! < similarity; place--) {
          similarities[place] = similarities[place - 1]!
          rows[place] = rows[place - 1]!
        }
        similarities[place] = similarity
        rows[place] = j
      }
    }
  })
}
