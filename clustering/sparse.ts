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

/**
 * Collects a sparse matrix row by row, in typed arrays from the start: plain arrays of five million entries (10,000
 * texts by n-grams) took 250 MB more at their last growth.
 */
export function createSparseBuilder(cols: number) {
  const offsets: number[] = [0]
  let columns = new Int32Array(1024)
  let values = new Float32Array(1024)
  let size = 0
  return {
    add: (column: number, value: number) => {
      if (size === columns.length) {
        const room = Math.ceil(size * 1.5)
        const moreColumns = new Int32Array(room)
        moreColumns.set(columns)
        columns = moreColumns
        const moreValues = new Float32Array(room)
        moreValues.set(values)
        values = moreValues
      }
      columns[size] = column
      values[size++] = value
    },
    endRow: () => void offsets.push(size),
    build: (): SparseMatrix => ({
      rows: offsets.length - 1,
      cols,
      offsets: Int32Array.from(offsets),
      columns: columns.subarray(0, size),
      values: values.subarray(0, size),
    }),
  }
}
