// A sparse matrix by rows (compressed sparse row), and its two products with a dense one.
import { createMatrix, type Matrix } from './matrix.ts'

/** Row `r` holds `values[i]` in column `columns[i]` for `i` from `offsets[r]` to `offsets[r + 1]`. */
export type SparseMatrix = {
  rows: number
  cols: number
  offsets: Int32Array
  columns: Int32Array
  values: Float32Array
}

/** `matrix · dense` */
export function multiplySparse(matrix: SparseMatrix, dense: Matrix): Matrix {
  const { offsets, columns, values } = matrix
  const width = dense.cols
  const product = createMatrix(matrix.rows, width)
  const out = product.data
  for (let row = 0; row < matrix.rows; row++) {
    const to = row * width
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
      const value = values[i]!
      const from = columns[i]! * width
      for (let k = 0; k < width; k++) out[to + k] = out[to + k]! + value * dense.data[from + k]!
    }
  }
  return product
}

/** `matrixᵀ · dense` */
export function multiplySparseTransposed(matrix: SparseMatrix, dense: Matrix): Matrix {
  const { offsets, columns, values } = matrix
  const width = dense.cols
  const product = createMatrix(matrix.cols, width)
  const out = product.data
  for (let row = 0; row < matrix.rows; row++) {
    const from = row * width
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
      const value = values[i]!
      const to = columns[i]! * width
      for (let k = 0; k < width; k++) out[to + k] = out[to + k]! + value * dense.data[from + k]!
    }
  }
  return product
}

/** Collects a sparse matrix row by row. */
export function createSparseBuilder(cols: number) {
  const offsets: number[] = [0]
  const columns: number[] = []
  const values: number[] = []
  return {
    add: (column: number, value: number) => {
      columns.push(column)
      values.push(value)
    },
    endRow: () => void offsets.push(columns.length),
    build: (): SparseMatrix => ({
      rows: offsets.length - 1,
      cols,
      offsets: Int32Array.from(offsets),
      columns: Int32Array.from(columns),
      values: Float32Array.from(values),
    }),
  }
}
