// What happens to the vectors before any clustering: checked, brought to length one, equal ones merged, order made canonical.
import { createMatrix, type Matrix } from './matrix.ts'

/** Distinct unit vectors with the number of rows that share each. Their order depends on their values, never on the input's order. */
export type DistinctPoints = {
  points: Matrix
  weights: Float64Array
  /** The rows behind each point, ascending. */
  rows: Int32Array[]
}

/** Rows brought to length 1; a row without direction (all zeros) stays zero. Throws RangeError on NaN and infinity. */
export function toUnitRows(vectors: Matrix): { unit: Matrix; isZero: Uint8Array } {
  if (vectors.data.length !== vectors.rows * vectors.cols) {
    throw new RangeError(
      `The matrix claims ${vectors.rows} rows of ${vectors.cols} numbers but holds ${vectors.data.length}.`,
    )
  }
  const { rows, cols } = vectors
  const unit = createMatrix(rows, cols)
  const isZero = new Uint8Array(rows)
  for (let row = 0; row < rows; row++) {
    let sum = 0
    for (let k = row * cols; k < (row + 1) * cols; k++) sum += vectors.data[k]! * vectors.data[k]!
    if (!Number.isFinite(sum)) throw new RangeError(`Row ${row} holds a value that is not a finite number.`)
    if (sum === 0) isZero[row] = 1
    const scale = sum === 0 ? 0 : 1 / Math.sqrt(sum)
    for (let k = row * cols; k < (row + 1) * cols; k++) unit.data[k] = vectors.data[k]! * scale
  }
  return { unit, isZero }
}

/**
 * Merges exactly equal rows into weighted points, ordered by their values: everything downstream is then independent
 * of the order of the input, and ten copies of a text cost no more than one.
 */
export function toDistinctPoints(unit: Matrix, rowsToUse: readonly number[]): DistinctPoints {
  const { data, cols } = unit
  const compare = (a: number, b: number): number => {
    const x = a * cols
    const y = b * cols
    for (let k = 0; k < cols; k++) {
      const difference = data[x + k]! - data[y + k]!
      if (difference !== 0) return difference
    }
    return 0
  }
  const sorted = rowsToUse.toSorted((a, b) => compare(a, b) || a - b)
  const groups: number[][] = []
  for (const row of sorted) {
    const group = groups.at(-1)
    if (group !== undefined && compare(group[0]!, row) === 0) group.push(row)
    else groups.push([row])
  }
  const points = createMatrix(groups.length, cols)
  groups.forEach((group, i) => points.data.set(data.subarray(group[0]! * cols, (group[0]! + 1) * cols), i * cols))
  return {
    points,
    weights: Float64Array.from(groups, (group) => group.length),
    rows: groups.map((group) => Int32Array.from(group)),
  }
}
