// A task: the inner products of a tall matrix's columns, in double precision.
import { createMatrix, type Matrix } from '../matrix/matrix.ts'
import { multiplyRows } from '../matrix/multiply.ts'
import { takeBlocks, type Blocks } from '../threads/blocks.ts'

export type GramRowsTask = {
  kind: 'gram-rows'
  matrix: Matrix
  /** An upper triangle for every block: sums of doubles depend on their order, and so it is always the same. */
  squares: Float64Array
  blocks: Blocks
}

export const gramBlockRows = 1024
/** Rows that stay in the cache while all their columns are compared. */
const nearRows = 256
const stripCols = 16

export function gramRows({ matrix, squares, blocks }: GramRowsTask): void {
  const { data, cols } = matrix
  const turned = createMatrix(cols, nearRows)
  const products = new Float64Array(stripCols * cols)
  takeBlocks(blocks, (block) => {
    const at = (block.from / gramBlockRows) * cols * cols
    const end = block.from + block.count
    for (let from = block.from; from < end; from += nearRows) {
      const count = Math.min(nearRows, end - from)
      if (count < nearRows) turned.data.fill(0)
      for (let row = 0; row < count; row++) {
        for (let k = 0; k < cols; k++) turned.data[k * nearRows + row] = data[(from + row) * cols + k]!
      }
      for (let strip = 0; strip < cols; strip += stripCols) {
        const left = { from: strip, count: Math.min(stripCols, cols - strip) }
        const right = { from: strip, count: cols - strip }
        multiplyRows(turned, left, turned, right, products)
        for (let i = 0; i < left.count; i++) {
          const to = at + (strip + i) * cols + strip
          for (let j = i; j < right.count; j++) squares[to + j] = squares[to + j]! + products[i * right.count + j]!
        }
      }
    }
  })
}
