// A sparse matrix by rows (compressed sparse row), in memory that threads share.
import { sharedFloat32, sharedInt32 } from '../matrix/shared-memory.ts'

/** Row `r` holds `values[i]` in column `columns[i]` for `i` from `offsets[r]` to `offsets[r + 1]`. */
export type SparseMatrix = {
  rows: number
  cols: number
  offsets: Int32Array
  columns: Int32Array
  values: Float32Array
}

/** The same numbers by columns: a product with the transposed matrix is then one by rows, in which no two threads write one row. */
export function transposed({ rows, cols, offsets, columns, values }: SparseMatrix): SparseMatrix {
  const starts = sharedInt32(cols + 1)
  for (const column of columns) starts[column + 1] = starts[column + 1]! + 1
  for (let column = 0; column < cols; column++) starts[column + 1] = starts[column + 1]! + starts[column]!
  const next = starts.slice()
  const turned = { columns: sharedInt32(columns.length), values: sharedFloat32(columns.length) }
  for (let row = 0; row < rows; row++) {
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
      const at = next[columns[i]!]!
      next[columns[i]!] = at + 1
      turned.columns[at] = row
      turned.values[at] = values[i]!
    }
  }
  return { rows: cols, cols: rows, offsets: starts, ...turned }
}

/**
 * Collects a sparse matrix row by row, in typed arrays from the start: plain arrays of five million entries (10,000
 * texts by n-grams) took 250 MB more at their last growth.
 */
export function createSparseBuilder(cols: number) {
  const offsets: number[] = [0]
  let columns = sharedInt32(1024)
  let values = sharedFloat32(1024)
  let size = 0
  return {
    add: (column: number, value: number) => {
      if (size === columns.length) {
        const room = Math.ceil(size * 1.5)
        const moreColumns = sharedInt32(room)
        moreColumns.set(columns)
        columns = moreColumns
        const moreValues = sharedFloat32(room)
        moreValues.set(values)
        values = moreValues
      }
      columns[size] = column
      values[size++] = value
    },
    endRow: () => void offsets.push(size),
    build: (): SparseMatrix => {
      const starts = sharedInt32(offsets.length)
      starts.set(offsets)
      return {
        rows: offsets.length - 1,
        cols,
        offsets: starts,
        columns: columns.subarray(0, size),
        values: values.subarray(0, size),
      }
    },
  }
}
