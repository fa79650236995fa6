// Lloyd's iteration (Lloyd 1982), on the sphere where the centres are kept at length one (Dhillon & Modha 2001).
import { createMatrix, type Matrix } from './matrix.ts'
import { createMultiplier } from './multiplier.ts'
import { squaredNorms } from './ward.ts'

export type Partition = {
  /** The centre each point belongs to. */
  assignment: Int32Array
  centres: Matrix
}

const blockRows = 128

/** The nearest centre of every point; the lower number wins ties. */
export function assignToNearest(points: Matrix, centres: Matrix): Int32Array {
  const assignment = new Int32Array(points.rows)
  const half = squaredNorms(centres).map((square) => square / 2)
  const multiplier = createMultiplier(centres, blockRows)
  for (let from = 0; from < points.rows; from += blockRows) {
    const left = { from, count: Math.min(blockRows, points.rows - from) }
    const { data, stride } = multiplier.multiply(points, left)
    for (let i = 0; i < left.count; i++) {
      let best = -Infinity
      let nearest = 0
      for (let j = 0; j < centres.rows; j++) {
        // |x - c|² = |x|² - 2 (<x, c> - |c|²/2): the nearest centre has the largest bracket.
        const closeness = data[i * stride + j]! - half[j]!
        if (closeness > best) [best, nearest] = [closeness, j]
      }
      assignment[from + i] = nearest
    }
  }
  return assignment
}

/** Weighted mean of each group's points, brought to length one when `spherical`; empty groups are left out and the rest renumbered. */
export function centresOf(
  points: Matrix,
  weights: Float64Array,
  assignment: Int32Array,
  options: { groups: number; spherical: boolean },
): Partition {
  const { data, cols } = points
  const sums = new Float64Array(options.groups * cols)
  const totals = new Float64Array(options.groups)
  for (let point = 0; point < points.rows; point++) {
    const group = assignment[point]!
    if (group < 0) continue
    const weight = weights[point]!
    totals[group] = totals[group]! + weight
    const to = group * cols
    const from = point * cols
    for (let k = 0; k < cols; k++) sums[to + k] = sums[to + k]! + weight * data[from + k]!
  }
  const numberOf = new Int32Array(options.groups).fill(-1)
  let used = 0
  for (let group = 0; group < options.groups; group++) if (totals[group]! > 0) numberOf[group] = used++
  const centres = createMatrix(used, cols)
  for (let group = 0; group < options.groups; group++) {
    if (numberOf[group]! < 0) continue
    let square = 0
    for (let k = group * cols; k < (group + 1) * cols; k++) square += sums[k]! * sums[k]!
    const scale = options.spherical ? (square > 0 ? 1 / Math.sqrt(square) : 0) : 1 / totals[group]!
    for (let k = 0; k < cols; k++) centres.data[numberOf[group]! * cols + k] = sums[group * cols + k]! * scale
  }
  return { assignment: assignment.map((group) => (group < 0 ? -1 : numberOf[group]!)), centres }
}

/** Improves a partition by at most `iterations` rounds of reassignment; groups that run empty disappear. */
export function lloyd(
  points: Matrix,
  weights: Float64Array,
  start: Int32Array,
  options: { groups: number; iterations: number; spherical: boolean },
): Partition {
  let current = centresOf(points, weights, start, options)
  for (let round = 0; round < options.iterations; round++) {
    const assignment = assignToNearest(points, current.centres)
    const changed = assignment.some((group, point) => group !== current.assignment[point])
    if (!changed) break
    current = centresOf(points, weights, assignment, { groups: current.centres.rows, spherical: options.spherical })
  }
  return current
}
