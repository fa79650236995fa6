// A task: every point to its nearest centre, and the sums of the groups that changed.
import { takeBlocks, type Blocks } from '../threads/blocks.ts'
import { addToGroup, type GroupSums } from './group-sums.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { type FindNearest, nearestBlockRows, prepareNearest } from './nearest-centre.ts'

export type AssignRowsTask = {
  kind: 'assign-rows'
  points: Matrix
  weights: Float64Array
  longest: number
  centres: Matrix
  /** Read and written: -1 where a point was in no group. */
  assignment: Int32Array
  /** How many points moved. */
  moved: Int32Array
  /** What is known from the round before; without it every point is compared with all centres. */
  known?: KnownLeads
  /** One for every thread, to which it adds what came and from which it takes what went; none where sums are not wanted. */
  sums: GroupSums[]
  blocks: Blocks
}

/** A point far enough ahead at its centre stays there without being looked at (Hamerly 2010). */
export type KnownLeads = {
  /** By how much at least each point's centre is nearer to it than all others are, in products. Read and written. */
  leads: Float64Array
  /** What a lead can have lost since it was measured, for each centre. */
  losses: Float64Array
}

export function assignRows(task: AssignRowsTask, thread: number): void {
  const { points, weights, centres, assignment, known } = task
  const sums = task.sums[thread]
  const waiting = new Int32Array(nearestBlockRows)
  let find: FindNearest | undefined
  let count = 0
  let moved = 0
  const assignWaiting = (nearest: FindNearest): void => {
    const { columns, leads } = nearest(points, waiting.subarray(0, count))
    for (let i = 0; i < count; i++) {
      const row = waiting[i]!
      const before = assignment[row]!
      const now = columns[i]!
      if (known !== undefined) known.leads[row] = leads[i]!
      if (now === before) continue
      moved++
      assignment[row] = now
      if (sums === undefined) continue
      addToGroup(sums, now, points, row, weights[row]!)
      if (before >= 0) addToGroup(sums, before, points, row, -weights[row]!)
    }
    count = 0
  }
  takeBlocks(task.blocks, (block) => {
    find ??= prepareNearest(centres, task.longest)
    for (let row = block.from; row < block.from + block.count; row++) {
      const group = assignment[row]!
      if (known !== undefined && group >= 0) {
        const lead = known.leads[row]! - known.losses[group]!
        known.leads[row] = lead
        if (lead > find.leastLead) continue
      }
      waiting[count++] = row
      if (count === nearestBlockRows) assignWaiting(find)
    }
  })
  if (find !== undefined && count > 0) assignWaiting(find)
  Atomics.add(task.moved, 0, moved)
}
