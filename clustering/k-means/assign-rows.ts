// A task: every point to its nearest centre, and the sums of the groups that changed.
import { takeBlocks, type Blocks } from '../threads/blocks.ts'
import { centresAround, prepareAround } from './centres-around.ts'
import type { Cells } from './cells.ts'
import { addToGroup, type GroupSums } from './group-sums.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { type FindNearest, nearestBlockRows, prepareNearest, prepareNearestAmong } from './nearest-centre.ts'

export type AssignRowsTask = {
  kind: 'assign-rows'
  points: Matrix
  weights: Float64Array
  longest: number
  centres: Matrix
  /** Where there are cells, the blocks are of cells, and a point is compared with the centres around its cell only. */
  cells?: Cells
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
  const { centres, cells, longest } = task
  const assigner = createAssigner(task, thread)
  if (cells === undefined) {
    let find: FindNearest | undefined
    const prepared = () => (find ??= prepareNearest(centres, longest))
    takeBlocks(task.blocks, ({ from, count }) => {
      for (let row = from; row < from + count; row++) assigner.offer(row, prepared)
    })
    assigner.finish(prepared)
  } else {
    const { members, offsets } = cells
    let around: ReturnType<typeof prepareAround> | undefined
    const room = new Float32Array(Math.min(centresAround, centres.rows) * centres.cols)
    takeBlocks(task.blocks, (block) => {
      around ??= prepareAround(centres, task.blocks.size)
      const near = around(cells.centres, block)
      for (let i = 0; i < block.count; i++) {
        let find: FindNearest | undefined
        const prepared = () => (find ??= prepareNearestAmong(centres, longest, near[i]!, room))
        const end = offsets[block.from + i + 1]!
        for (let m = offsets[block.from + i]!; m < end; m++) assigner.offer(members[m]!, prepared)
        assigner.finish(prepared)
      }
    })
  }
  Atomics.add(task.moved, 0, assigner.moved())
}

/** Collects the points that have to be looked at, and looks at many at once. */
function createAssigner({ points, weights, assignment, known, sums }: AssignRowsTask, thread: number) {
  const own = sums[thread]
  const waiting = new Int32Array(nearestBlockRows)
  let count = 0
  let moved = 0
  const finish = (prepared: () => FindNearest): void => {
    if (count === 0) return
    const { columns, leads } = prepared()(points, waiting.subarray(0, count))
    for (let i = 0; i < count; i++) {
      const row = waiting[i]!
      const before = assignment[row]!
      const now = columns[i]!
      if (known !== undefined) known.leads[row] = leads[i]!
      if (now === before) continue
      moved++
      assignment[row] = now
      if (own === undefined) continue
      addToGroup(own, now, points, row, weights[row]!)
      if (before >= 0) addToGroup(own, before, points, row, -weights[row]!)
    }
    count = 0
  }
  return {
    offer: (row: number, prepared: () => FindNearest): void => {
      const group = assignment[row]!
      if (known !== undefined && group >= 0) {
        const lead = known.leads[row]! - known.losses[group]!
        known.leads[row] = lead
        if (lead > 0) return
      }
      waiting[count++] = row
      if (count === nearestBlockRows) finish(prepared)
    },
    finish,
    moved: () => moved,
  }
}
