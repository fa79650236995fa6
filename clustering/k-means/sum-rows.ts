// A task: the sums of groups of points.
import { takeBlocks, type Blocks } from '../threads/blocks.ts'
import { addToGroup, type GroupSums } from './group-sums.ts'
import type { Matrix } from '../matrix/matrix.ts'

export type SumRowsTask = {
  kind: 'sum-rows'
  points: Matrix
  weights: Float64Array
  /** The group of each point; -1 where it is in none. */
  assignment: Int32Array
  /** One for every thread, added to. */
  sums: GroupSums[]
  blocks: Blocks
}

export function sumRows({ points, weights, assignment, sums, blocks }: SumRowsTask, thread: number): void {
  takeBlocks(blocks, ({ from, count }) => {
    for (let row = from; row < from + count; row++) {
      if (assignment[row]! >= 0) addToGroup(sums[thread]!, assignment[row]!, points, row, weights[row]!)
    }
  })
}
