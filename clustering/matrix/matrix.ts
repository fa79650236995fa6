import { sharedFloat32 } from './shared-memory.ts'

/** Row-major float32 matrix: row `i` is `data.subarray(i * cols, (i + 1) * cols)`. */
export type Matrix = { data: Float32Array; rows: number; cols: number }

/** An all-zero matrix, in memory that threads share. */
export function createMatrix(rows: number, cols: number): Matrix {
  return { data: sharedFloat32(rows * cols), rows, cols }
}

/** A view (not a copy) of one row. */
export function rowOf(matrix: Matrix, row: number): Float32Array {
  return matrix.data.subarray(row * matrix.cols, (row + 1) * matrix.cols)
}
