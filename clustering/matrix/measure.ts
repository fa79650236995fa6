// Distances that decide: double precision, always summed in the same order, so that they are the same bytes everywhere.
import type { Matrix } from './matrix.ts'

/** `|x - y|²` of two rows. Four sums, because one would make every addition wait for the one before. */
export function squaredDistance(
  x: Float32Array,
  xStart: number,
  y: Float32Array,
  yStart: number,
  length: number,
): number {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  const whole = length - (length % 4)
  for (let k = 0; k < whole; k += 4) {
    const d0 = x[xStart + k]! - y[yStart + k]!
    const d1 = x[xStart + k + 1]! - y[yStart + k + 1]!
    const d2 = x[xStart + k + 2]! - y[yStart + k + 2]!
    const d3 = x[xStart + k + 3]! - y[yStart + k + 3]!
    s0 += d0 * d0
    s1 += d1 * d1
    s2 += d2 * d2
    s3 += d3 * d3
  }
  for (let k = whole; k < length; k++) {
    const d = x[xStart + k]! - y[yStart + k]!
    s0 += d * d
  }
  return s0 + s1 + (s2 + s3)
}

/** `<x, y>` of two rows. */
export function dot(x: Float32Array, xStart: number, y: Float32Array, yStart: number, length: number): number {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  const whole = length - (length % 4)
  for (let k = 0; k < whole; k += 4) {
    s0 += x[xStart + k]! * y[yStart + k]!
    s1 += x[xStart + k + 1]! * y[yStart + k + 1]!
    s2 += x[xStart + k + 2]! * y[yStart + k + 2]!
    s3 += x[xStart + k + 3]! * y[yStart + k + 3]!
  }
  for (let k = whole; k < length; k++) s0 += x[xStart + k]! * y[yStart + k]!
  return s0 + s1 + (s2 + s3)
}

/** `<row, row>` of every row. */
export function squaredNorms({ data, rows, cols }: Matrix): Float64Array {
  const norms = new Float64Array(rows)
  for (let row = 0; row < rows; row++) norms[row] = dot(data, row * cols, data, row * cols, cols)
  return norms
}

/** Single precision products of rows of `cols` numbers are off by at most about this share of the norms. */
export function productError(cols: number): number {
  return 2 ** -22 * Math.sqrt(cols) + 2 ** -21
}
