// What happens to the vectors before any clustering: checked, brought to length one, equal ones merged, order made canonical.
import { createMatrix, type Matrix } from './matrix.ts'
import { squaredNorms } from './measure.ts'
import { sharedFloat64 } from './shared-memory.ts'
import { takeRows } from './take-rows.ts'

/** Distinct unit vectors with the number of rows that share each. Their order depends on their values, never on the input's order. */
export type DistinctPoints = {
  points: Matrix
  /** 0 for rows that are not to be used, where the points are the rows themselves. */
  weights: Float64Array
  /** The rows behind point `p`, ascending, from `offsets[p]` to `offsets[p + 1]`. */
  members: Int32Array
  offsets: Int32Array
}

/** The rows behind a point. */
export function rowsBehind({ members, offsets }: DistinctPoints, point: number): Int32Array {
  return members.subarray(offsets[point], offsets[point + 1])
}

/** Beyond this size the rows are not copied for the sake of their order: a million rows of 256 numbers take a gigabyte. */
const maxFloatsToCopy = 2 ** 26
/** Rows this near to length one are as they should be. */
const lengthError = 1e-6

/**
 * Rows brought to length 1; a row without direction (all zeros) stays zero. The matrix itself where all rows have that length
 * already. Throws RangeError on NaN and infinity.
 */
export function toUnitRows(vectors: Matrix): { unit: Matrix; isZero: Uint8Array } {
  if (vectors.data.length !== vectors.rows * vectors.cols) {
    throw new RangeError(
      `The matrix claims ${vectors.rows} rows of ${vectors.cols} numbers but holds ${vectors.data.length}.`,
    )
  }
  const { rows, cols } = vectors
  const squares = squaredNorms(vectors)
  const isZero = new Uint8Array(rows)
  let isUnit = true
  for (let row = 0; row < rows; row++) {
    const sum = squares[row]!
    if (!Number.isFinite(sum)) throw new RangeError(`Row ${row} holds a value that is not a finite number.`)
    if (sum === 0) isZero[row] = 1
    else if (Math.abs(sum - 1) > lengthError) isUnit = false
  }
  if (isUnit) return { unit: vectors, isZero }
  const unit = createMatrix(rows, cols)
  for (let row = 0; row < rows; row++) {
    const scale = isZero[row] === 1 ? 0 : 1 / Math.sqrt(squares[row]!)
    for (let k = row * cols; k < (row + 1) * cols; k++) unit.data[k] = vectors.data[k]! * scale
  }
  return { unit, isZero }
}

/**
 * Merges exactly equal rows into weighted points, ordered by their values: everything downstream is then independent
 * of the order of the input, and ten copies of a text cost no more than one. Where that would take too much memory every
 * row is a point of its own, in place; the order of the input may then show in which of equal rows comes first.
 */
export function toDistinctPoints(unit: Matrix, rowsToUse: Int32Array): DistinctPoints {
  const { data, cols } = unit
  if (data.length > maxFloatsToCopy) return inPlace(unit, rowsToUse)
  const compare = (a: number, b: number): number => {
    const x = a * cols
    const y = b * cols
    for (let k = 0; k < cols; k++) {
      const difference = data[x + k]! - data[y + k]!
      if (difference !== 0) return difference
    }
    return 0
  }
  const members = rowsToUse.toSorted((a, b) => compare(a, b) || a - b)
  const starts: number[] = []
  members.forEach((row, i) => {
    if (i === 0 || compare(members[i - 1]!, row) !== 0) starts.push(i)
  })
  const offsets = Int32Array.from([...starts, members.length])
  return {
    points: takeRows(
      unit,
      starts.map((start) => members[start]!),
    ),
    weights: Float64Array.from(starts, (start, i) => offsets[i + 1]! - start),
    members,
    offsets,
  }
}

function inPlace(unit: Matrix, rowsToUse: Int32Array): DistinctPoints {
  const weights = sharedFloat64(unit.rows)
  for (const row of rowsToUse) weights[row] = 1
  // Row, point and place are the same.
  const offsets = new Int32Array(unit.rows + 1)
  for (let row = 0; row < offsets.length; row++) offsets[row] = row
  return { points: unit, weights, members: offsets.subarray(0, unit.rows), offsets }
}
