// Lloyd's iteration (Lloyd 1982), on the sphere where the centres are kept at length one (Dhillon & Modha 2001).
import { createBlocks } from '../threads/blocks.ts'
import type { Cells } from './cells.ts'
import { createGroupSums, type GroupSums, renumberGroups, takeOver, toCentres } from './group-sums.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { squaredNorms } from '../matrix/measure.ts'
import { sharedFloat64, sharedInt32, toShared } from '../matrix/shared-memory.ts'
import { sumGroups } from './sum-groups.ts'
import { oneThread, type Threads } from '../threads/threads.ts'

export type Partition = {
  /** The centre each point belongs to. */
  assignment: Int32Array
  centres: Matrix
}

const blockRows = 384
const blockCells = 24

/** The nearest centre of every point; the lower number wins ties. */
export function assignToNearest(
  points: Matrix,
  centres: Matrix,
  { threads = oneThread, longest = longestOf(points) }: { threads?: Threads; longest?: number } = {},
): Int32Array {
  const assignment = sharedInt32(points.rows).fill(-1)
  const shared = { ...points, data: toShared(points.data) }
  threads.run({ ...taskOf(shared, new Float64Array(0), centres, assignment), longest, sums: [] })
  return assignment
}

/** Weighted mean of each group's points, brought to length one when `spherical`; empty groups are left out and the rest renumbered. */
export function centresOf(
  points: Matrix,
  weights: Float64Array,
  assignment: Int32Array,
  options: { groups: number; spherical: boolean; threads?: Threads; longest?: number },
): Partition {
  const { threads = oneThread, longest = longestOf(points) } = options
  const sums = createGroupSums(options.groups, points.cols, reachOf(weights, longest))
  sumGroups(sums, points, weights, assignment, threads)
  const { centres, numberOf } = toCentres(sums, options.spherical)
  return { assignment: assignment.map((group) => (group < 0 ? -1 : numberOf[group]!)), centres }
}

type LloydOptions = {
  iterations: number
  spherical: boolean
  /** Stop when all centres together have moved no farther than this, squared. */
  tolerance?: number
  threads?: Threads
  /** The squared length of the longest point, where it is known (1 for unit rows). */
  longest?: number
  /** Points in cells are compared with the centres around their cell only. */
  cells?: Cells
}

/** Improves a partition by at most `iterations` rounds of reassignment; groups that run empty disappear. */
export function lloyd(
  points: Matrix,
  weights: Float64Array,
  start: Int32Array,
  options: LloydOptions & { groups: number },
): Partition {
  const { longest = longestOf(points), threads = oneThread } = options
  const sums = createGroupSums(options.groups, points.cols, reachOf(weights, longest))
  sumGroups(sums, points, weights, start, threads)
  return iterate(points, weights, { assignment: toShared(start.slice()), sums, longest }, options)
}

/** The same from centres instead of groups. */
export function lloydFromCentres(
  points: Matrix,
  weights: Float64Array,
  centres: Matrix,
  options: LloydOptions,
): Partition {
  const { longest = longestOf(points) } = options
  const sums = createGroupSums(centres.rows, points.cols, reachOf(weights, longest))
  const assignment = sharedInt32(points.rows).fill(-1)
  return iterate(points, weights, { assignment, sums, longest, centres }, options)
}

function iterate(
  points: Matrix,
  weights: Float64Array,
  state: { assignment: Int32Array; sums: GroupSums; longest: number; centres?: Matrix },
  options: LloydOptions,
): Partition {
  const { assignment, sums, longest } = state
  const { threads = oneThread, tolerance = 0, cells } = options
  const shared = { ...points, data: toShared(points.data) }
  const sharedWeights = toShared(weights)
  const found = Array.from({ length: threads.count }, () => ({ ...sums, sums: sharedFloat64(sums.sums.length) }))
  let centres = state.centres ?? nextCentres(sums, assignment, options.spherical)
  const leads = sharedFloat64(points.rows)
  let losses = sharedFloat64(centres.rows)
  for (let round = 0; round < options.iterations; round++) {
    const task = taskOf(shared, sharedWeights, centres, assignment)
    const inCells = cells && { cells, blocks: createBlocks(cells.centres.rows, blockCells) }
    threads.run({ ...task, ...inCells, longest, known: { leads, losses }, sums: found })
    if (task.moved[0] === 0) break
    for (const own of found) takeOver(sums, own)
    const before = centres
    centres = nextCentres(sums, assignment, options.spherical)
    for (const own of found) own.groups = sums.groups
    if (before.rows === centres.rows) losses = lossesOf(before, centres, longest)
    else {
      losses = sharedFloat64(centres.rows)
      leads.fill(0)
    }
    if (tolerance > 0 && before.rows === centres.rows && movement(before, centres) <= tolerance) break
  }
  return { assignment, centres }
}

/** The centres of the sums as they are; where groups ran empty, sums and assignment are renumbered. */
function nextCentres(sums: GroupSums, assignment: Int32Array, spherical: boolean): Matrix {
  const { centres, numberOf } = toCentres(sums, spherical)
  if (centres.rows < sums.groups) {
    renumberGroups(sums, numberOf)
    for (let row = 0; row < assignment.length; row++) {
      if (assignment[row]! >= 0) assignment[row] = numberOf[assignment[row]!]!
    }
  }
  return centres
}

function taskOf(points: Matrix, weights: Float64Array, centres: Matrix, assignment: Int32Array) {
  return {
    kind: 'assign-rows',
    points,
    weights,
    centres,
    assignment,
    moved: sharedInt32(1),
    blocks: createBlocks(points.rows, blockRows),
  } as const
}

/**
 * By how much at most the lead of each centre at a point shrinks when the centres move: by what its own `<x, c> - |c|²/2`
 * and that of any other can change.
 */
function lossesOf(before: Matrix, after: Matrix, longest: number): Float64Array {
  const { rows, cols } = after
  const losses = sharedFloat64(rows)
  let most = 0
  for (let centre = 0; centre < rows; centre++) {
    let moved = 0
    let grown = 0
    for (let k = centre * cols; k < (centre + 1) * cols; k++) {
      moved += (after.data[k]! - before.data[k]!) ** 2
      grown += after.data[k]! ** 2 - before.data[k]! ** 2
    }
    losses[centre] = Math.sqrt(longest * moved) + Math.abs(grown) / 2
    most = Math.max(most, losses[centre]!)
  }
  for (let centre = 0; centre < rows; centre++) losses[centre] = losses[centre]! + most
  return losses
}

function movement(before: Matrix, after: Matrix): number {
  let sum = 0
  for (let i = 0; i < after.data.length; i++) sum += (after.data[i]! - before.data[i]!) ** 2
  return sum
}

/** No sum of weighted numbers is larger. */
function reachOf(weights: Float64Array, longest: number): number {
  return weights.reduce((sum, weight) => sum + weight, 0) * Math.sqrt(longest)
}

/** The squared length of the longest row. */
function longestOf(points: Matrix): number {
  return squaredNorms(points).reduce((longest, norm) => Math.max(longest, norm), 0)
}
