// Distances that decide: double precision, always summed in the same order, so that they are the same bytes everywhere.

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

/** `<row, row>` of every row. */
export function squaredNorms(points: { data: Float32Array; rows: number; cols: number }): Float64Array {
  const { data, cols } = points
  return Float64Array.from({ length: points.rows }, (_, row) => {
    let sum = 0
    for (let k = row * cols; k < (row + 1) * cols; k++) sum += data[k]! * data[k]!
    return sum
  })
}

/** Single precision products of rows of `cols` numbers are off by at most about this share of the norms. */
export function productError(cols: number): number {
  return 2 ** -22 * Math.sqrt(cols) + 2 ** -21
}
