// A task: k-means inside each of many cells, one cell after the other.
import { takeBlocks, type Blocks } from '../threads/blocks.ts'
import { addToGroup, createGroupSums, type GroupSums, toCentres } from './group-sums.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { nearestBlockRows, prepareNearest } from './nearest-centre.ts'
import { takeRows } from '../matrix/take-rows.ts'

const rounds = 5

export type TrainCellsTask = {
  kind: 'train-cells'
  points: Matrix
  weights: Float64Array
  /** The rows of cell `c`, from `offsets[c]` to `offsets[c + 1]`. */
  members: Int32Array
  offsets: Int32Array
  /** The rows of each cell to learn from; the first of them are the first centres. */
  samples: Int32Array[]
  /** The groups of cell `c` are numbered from `firstGroup[c]` to `firstGroup[c + 1]`. */
  firstGroup: Int32Array
  assignment: Int32Array
  /** Of all groups: a cell's are touched by nobody else. */
  sums: GroupSums
  blocks: Blocks
}

export function trainCells(task: TrainCellsTask): void {
  takeBlocks(task.blocks, ({ from, count }) => {
    for (let cell = from; cell < from + count; cell++) trainCell(task, cell)
  })
}

function trainCell(
  { points, weights, members, offsets, samples, firstGroup, assignment, sums }: TrainCellsTask,
  cell: number,
): void {
  const own = members.subarray(offsets[cell], offsets[cell + 1])
  if (own.length === 0) return
  const wanted = firstGroup[cell + 1]! - firstGroup[cell]!
  const sampled = samples[cell]!
  let centres = takeRows(points, sampled.subarray(0, wanted))
  for (let round = 0; round < rounds; round++) {
    const find = prepareNearest(centres, 1)
    const means = createGroupSums(
      centres.rows,
      points.cols,
      sampled.reduce((sum, row) => sum + weights[row]!, 1),
    )
    for (let from = 0; from < sampled.length; from += nearestBlockRows) {
      const rows = sampled.subarray(from, from + nearestBlockRows)
      const { columns } = find(points, rows)
      rows.forEach((row, i) => addToGroup(means, columns[i]!, points, row, weights[row]!))
    }
    centres = toCentres(means, false).centres
  }
  const find = prepareNearest(centres, 1)
  for (let from = 0; from < own.length; from += nearestBlockRows) {
    const rows = own.subarray(from, from + nearestBlockRows)
    const { columns } = find(points, rows)
    rows.forEach((row, i) => {
      const group = firstGroup[cell]! + columns[i]!
      assignment[row] = group
      addToGroup(sums, group, points, row, weights[row]!)
    })
  }
}
