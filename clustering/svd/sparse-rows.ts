// A task: rows of a sparse matrix times a dense one.
import type { Matrix } from '../matrix/matrix.ts'
import { copyRows } from '../matrix/panels.ts'
import { takeBlocks, type Blocks } from '../threads/blocks.ts'
import { openSparseProduct, type SparseProduct } from './sparse-product.ts'
import type { SparseMatrix } from './sparse.ts'

export type MultiplySparseTask = {
  kind: 'multiply-sparse'
  matrix: SparseMatrix
  dense: Matrix
  product: Matrix
  blocks: Blocks
}

export function multiplySparseRows({ matrix, dense, product, blocks }: MultiplySparseTask): void {
  const { offsets, columns, values } = matrix
  const width = dense.cols
  let room: SparseProduct | undefined
  takeBlocks(blocks, ({ from, count }) => {
    room ??= prepare(matrix, dense, blocks.size)
    const first = offsets[from]!
    const end = offsets[from + count]!
    for (let i = 0; i <= count; i++) room.offsets[i] = offsets[from + i]! - first
    room.columns.set(columns.subarray(first, end))
    room.values.set(values.subarray(first, end))
    const rows = room.multiply(count)
    for (let i = 0; i < count; i++) {
      const at = i * room.depth
      product.data.set(rows.subarray(at, at + width), (from + i) * width)
    }
  })
}

function prepare({ rows, offsets }: SparseMatrix, dense: Matrix, blockRows: number): SparseProduct {
  let entries = 0
  for (let from = 0; from < rows; from += blockRows) {
    entries = Math.max(entries, offsets[Math.min(rows, from + blockRows)]! - offsets[from]!)
  }
  const room = openSparseProduct({ rows: blockRows, entries, denseRows: dense.rows, width: dense.cols })
  copyRows(dense, { from: 0, count: dense.rows }, room.depth, room.dense)
  return room
}
