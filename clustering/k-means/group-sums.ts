// Sums of points by group that come out the same in whatever order, and on however many threads, they are added up.
import { createMatrix, type Matrix } from '../matrix/matrix.ts'
import { sharedFloat64 } from '../matrix/shared-memory.ts'

/**
 * Every number is first rounded to a multiple of one small step, so small that it does not matter and large enough that
 * no sum of them needs more than the 53 bits of a double: then addition is exact, and exact addition has no order
 * (Demmel & Nguyen 2013 call it pre-rounding). Taking a point out again leaves exactly what was there before.
 */
export type GroupSums = {
  groups: number
  cols: number
  /** Adding this and taking it away again rounds to the step. */
  rounder: number
  /** `cols` sums and then the weight, for every group. In memory that threads share. */
  sums: Float64Array
}

/** `reach`: no sum of weights times numbers exceeds it. */
export function createGroupSums(groups: number, cols: number, reach: number): GroupSums {
  const step = 2 ** (Math.ceil(Math.log2(Math.max(reach, 1e-30))) - 51)
  return { groups, cols, rounder: 1.5 * 2 ** 52 * step, sums: sharedFloat64(groups * (cols + 1)) }
}

/** Adds a row of a matrix to a group; with a negative weight, takes it out. */
export function addToGroup(
  { sums, cols, rounder }: GroupSums,
  group: number,
  points: Matrix,
  row: number,
  weight: number,
): void {
  const { data } = points
  const from = row * cols
  const to = group * (cols + 1)
  for (let k = 0; k < cols; k++) sums[to + k] = sums[to + k]! + (weight * data[from + k]! + rounder - rounder)
  sums[to + cols] = sums[to + cols]! + weight
}

/** Adds what another thread found, and empties it. */
export function takeOver(into: GroupSums, from: GroupSums): void {
  for (let i = 0; i < into.sums.length; i++) into.sums[i] = into.sums[i]! + from.sums[i]!
  from.sums.fill(0)
}

/** The mean of every group (brought to length one when `spherical`), groups without weight left out; `numberOf` renumbers them. */
export function toCentres(
  { groups, cols, sums }: GroupSums,
  spherical: boolean,
): { centres: Matrix; numberOf: Int32Array; weights: Float64Array } {
  const numberOf = new Int32Array(groups).fill(-1)
  let used = 0
  for (let group = 0; group < groups; group++) if (sums[group * (cols + 1) + cols]! > 0) numberOf[group] = used++
  const centres = createMatrix(used, cols)
  const weights = new Float64Array(used)
  for (let group = 0; group < groups; group++) {
    const number = numberOf[group]!
    if (number < 0) continue
    const at = group * (cols + 1)
    let square = 0
    for (let k = at; k < at + cols; k++) square += sums[k]! * sums[k]!
    weights[number] = sums[at + cols]!
    const scale = spherical ? (square > 0 ? 1 / Math.sqrt(square) : 0) : 1 / weights[number]
    for (let k = 0; k < cols; k++) centres.data[number * cols + k] = sums[at + k]! * scale
  }
  return { centres, numberOf, weights }
}

/** The sums of the groups that are left, under their new numbers. */
export function renumberGroups(own: GroupSums, numberOf: Int32Array): void {
  const width = own.cols + 1
  numberOf.forEach((number, group) => {
    if (number >= 0 && number !== group) own.sums.copyWithin(number * width, group * width, (group + 1) * width)
  })
  own.groups = numberOf.reduce((most, number) => Math.max(most, number + 1), 0)
  own.sums.fill(0, own.groups * width)
}
