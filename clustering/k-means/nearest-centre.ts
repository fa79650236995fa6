// The nearest centre of points: single precision proposes, and where two centres are too close for it double precision decides.
import { createLayout, borrowKernels } from '../kernels/kernels.ts'
import { nearestStateBytes } from '../kernels/nearest-source.ts'
import { panelCols, tileRows } from '../kernels/tile.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { productError, squaredDistance, squaredNorms } from '../matrix/measure.ts'
import { multiplyRows } from '../matrix/multiply.ts'
import { copyRows, packPanels, panelShape, roundUp } from '../matrix/panels.ts'
import { takeRows } from '../matrix/take-rows.ts'

/** Rows that are compared at once. */
export const nearestBlockRows = 96

/**
 * Answers, for rows of a matrix (at most 96 of them), the numbers of their nearest centres (the lower number wins ties), and
 * by how much at least these are nearer than all others: `<x, c> - |c|²/2` is that much larger. Valid until the next
 * call, and, as all of them share this thread's kernels, until another search is prepared.
 */
export type FindNearest = (points: Matrix, rows: Int32Array) => { columns: Int32Array; leads: Float32Array }

/**
 * Prepares some of the centres only (ascending); `room` is for a copy of them. Columns are numbers of all centres.
 */
export function prepareNearestAmong(all: Matrix, longest: number, among: Int32Array, room: Float32Array): FindNearest {
  const find = prepareNearest(takeRows(all, among, room), longest)
  return (points, rows) => {
    const { columns, leads } = find(points, rows)
    for (let i = 0; i < rows.length; i++) columns[i] = among[columns[i]!]!
    return { columns, leads }
  }
}

/** Prepares centres for many searches. `longest` is the squared length of the longest point (1 for unit rows). */
export function prepareNearest(centres: Matrix, longest: number): FindNearest {
  const norms = squaredNorms(centres)
  const { depth, panels, floats } = panelShape(centres.rows, centres.cols)
  const layout = createLayout()
  const rowsAt = layout.place(nearestBlockRows * depth * 4)
  const packedAt = layout.place(floats * 4)
  const halfAt = layout.place(panels * panelCols * 4)
  const stateAt = layout.place(nearestBlockRows * nearestStateBytes)
  const columnsAt = layout.place(nearestBlockRows * 4)
  const leadsAt = layout.place(nearestBlockRows * 4)
  const opened = centres.rows === 0 ? undefined : borrowKernels(layout.bytes())
  if (opened === undefined) return plainNearest(centres, norms, longest)
  packPanels(centres, undefined, opened.floats(packedAt, floats))
  const half = opened.floats(halfAt, panels * panelCols).fill(Infinity)
  norms.forEach((norm, centre) => (half[centre] = norm / 2))
  const largestNorm = norms.reduce((largest, norm) => Math.max(largest, norm), 0)
  const input = opened.floats(rowsAt, nearestBlockRows * depth)
  const columns = opened.ints(columnsAt, nearestBlockRows)
  const leads = opened.floats(leadsAt, nearestBlockRows)
  const leastLead = productError(centres.cols) * (longest + largestNorm)
  input.fill(0)
  return (points, rows) => {
    const { data, cols } = points
    const from = rows[0]!
    if (rows.every((row, i) => row === from + i)) copyRows(points, { from, count: rows.length }, depth, input)
    else
      for (let i = 0; i < rows.length; i++) input.set(data.subarray(rows[i]! * cols, (rows[i]! + 1) * cols), i * depth)
    const padded = roundUp(rows.length, tileRows)
    opened.kernels.nearest(rowsAt, padded, depth, packedAt, panels, halfAt, stateAt, columnsAt, leadsAt)
    decide(points, rows, centres, { columns, leads }, leastLead)
    return { columns, leads }
  }
}

/** A lead that is not larger than the least may be nothing but rounding: then the centres are measured. */
function decide(
  points: Matrix,
  rows: Int32Array,
  centres: Matrix,
  { columns, leads }: { columns: Int32Array; leads: Float32Array },
  leastLead: number,
): void {
  for (let i = 0; i < rows.length; i++) {
    if (leads[i]! <= leastLead) columns[i] = measureNearest(points, rows[i]!, centres)
    leads[i] = Math.max(0, leads[i]! - leastLead)
  }
}

function plainNearest(centres: Matrix, norms: Float64Array, longest: number): FindNearest {
  const products = new Float64Array(nearestBlockRows * centres.rows)
  const columns = new Int32Array(nearestBlockRows)
  const leads = new Float32Array(nearestBlockRows)
  const leastLead = 1e-6 * (longest + norms.reduce((largest, norm) => Math.max(largest, norm), 0))
  return (points, rows) => {
    const block = takeRows(points, rows)
    multiplyRows(block, { from: 0, count: rows.length }, centres, { from: 0, count: centres.rows }, products)
    for (let i = 0; i < rows.length; i++) {
      let best = -Infinity
      let second = -Infinity
      for (let j = 0; j < centres.rows; j++) {
        // |x - c|² = |x|² - 2 (<x, c> - |c|²/2): the nearest centre has the largest bracket.
        const closeness = products[i * centres.rows + j]! - norms[j]! / 2
        if (closeness > best) {
          second = best
          best = closeness
          columns[i] = j
        } else if (closeness > second) second = closeness
      }
      leads[i] = best - second
    }
    decide(points, rows, centres, { columns, leads }, leastLead)
    return { columns, leads }
  }
}

function measureNearest(points: Matrix, row: number, centres: Matrix): number {
  const { cols } = points
  let best = Infinity
  let nearest = 0
  for (let j = 0; j < centres.rows; j++) {
    const distance = squaredDistance(points.data, row * cols, centres.data, j * cols, cols)
    if (distance < best) {
      best = distance
      nearest = j
    }
  }
  return nearest
}
