// A task: rows of a tall matrix times a small one.
import type { Matrix } from '../matrix/matrix.ts'
import { createMultiplier, type Multiplier } from '../matrix/multiplier.ts'
import { takeBlocks, type Blocks } from '../threads/blocks.ts'

export type MultiplyDenseTask = {
  kind: 'multiply-dense'
  matrix: Matrix
  /** The columns of the small matrix, each a row. */
  columns: Matrix
  product: Matrix
  blocks: Blocks
}

export function multiplyDenseRows({ matrix, columns, product, blocks }: MultiplyDenseTask): void {
  const width = columns.rows
  let multiplier: Multiplier | undefined
  takeBlocks(blocks, ({ from, count }) => {
    multiplier ??= createMultiplier(columns, blocks.size)
    const { data, stride } = multiplier.multiply(matrix, { from, count })
    for (let i = 0; i < count; i++) product.data.set(data.subarray(i * stride, i * stride + width), (from + i) * width)
  })
}
