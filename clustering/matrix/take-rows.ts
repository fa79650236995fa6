import type { Matrix } from './matrix.ts'
import { sharedFloat32 } from './shared-memory.ts'

/** A new matrix of the rows named, in that order; in `data`, where memory for it is at hand. */
export function takeRows(
  { data: from, cols }: Matrix,
  rows: ArrayLike<number>,
  data = sharedFloat32(rows.length * cols),
): Matrix {
  for (let i = 0; i < rows.length; i++) data.set(from.subarray(rows[i]! * cols, (rows[i]! + 1) * cols), i * cols)
  return { data, rows: rows.length, cols }
}
