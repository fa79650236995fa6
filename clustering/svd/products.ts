// The three products that a truncated SVD is made of, on all threads.
import { createMatrix, type Matrix } from '../matrix/matrix.ts'
import { sharedFloat64 } from '../matrix/shared-memory.ts'
import { createBlocks } from '../threads/blocks.ts'
import type { Threads } from '../threads/threads.ts'
import { gramBlockRows } from './gram-rows.ts'
import type { SparseMatrix } from './sparse.ts'

const sparseBlockRows = 64
const denseBlockRows = 240

/** `matrix · dense` */
export function multiplySparse(matrix: SparseMatrix, dense: Matrix, threads: Threads): Matrix {
  const product = createMatrix(matrix.rows, dense.cols)
  const blocks = createBlocks(matrix.rows, sparseBlockRows)
  threads.run({ kind: 'multiply-sparse', matrix, dense, product, blocks })
  return product
}

/** `matrix · small`; `columns` are those of the small one, each a row. */
export function multiplyDense(matrix: Matrix, columns: Matrix, threads: Threads): Matrix {
  const product = createMatrix(matrix.rows, columns.rows)
  const blocks = createBlocks(matrix.rows, denseBlockRows)
  threads.run({ kind: 'multiply-dense', matrix, columns, product, blocks })
  return product
}

/** `matrixᵀ · matrix`, row-major. */
export function gram(matrix: Matrix, threads: Threads): Float64Array {
  const { rows, cols } = matrix
  const size = cols * cols
  const squares = sharedFloat64(Math.ceil(rows / gramBlockRows) * size)
  threads.run({ kind: 'gram-rows', matrix, squares, blocks: createBlocks(rows, gramBlockRows) })
  const product = new Float64Array(size)
  for (let at = 0; at < squares.length; at++) product[at % size] = product[at % size]! + squares[at]!
  for (let i = 0; i < cols; i++) for (let j = 0; j < i; j++) product[i * cols + j] = product[j * cols + i]!
  return product
}
