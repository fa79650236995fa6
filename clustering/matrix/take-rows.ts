import { createMatrix, rowOf, type Matrix } from './matrix.ts'

/** A new matrix of the rows named, in that order. */
export function takeRows(matrix: Matrix, rows: ArrayLike<number>): Matrix {
  const taken = createMatrix(rows.length, matrix.cols)
  for (let i = 0; i < rows.length; i++) taken.data.set(rowOf(matrix, rows[i]!), i * matrix.cols)
  return taken
}
