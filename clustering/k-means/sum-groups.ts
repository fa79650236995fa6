import { createBlocks } from '../threads/blocks.ts'
import type { Threads } from '../threads/threads.ts'
import { type GroupSums, takeOver } from './group-sums.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { sharedFloat64, toShared } from '../matrix/shared-memory.ts'

const blockRows = 1_024

/** Adds every point to the sums of its group; those in none (-1) are left out. */
export function sumGroups(
  sums: GroupSums,
  points: Matrix,
  weights: Float64Array,
  assignment: Int32Array,
  threads: Threads,
): void {
  const others = Array.from({ length: threads.count - 1 }, () => ({ ...sums, sums: sharedFloat64(sums.sums.length) }))
  threads.run({
    kind: 'sum-rows',
    points: { ...points, data: toShared(points.data) },
    weights: toShared(weights),
    assignment: toShared(assignment),
    sums: [sums, ...others],
    blocks: createBlocks(points.rows, blockRows),
  })
  for (const other of others) takeOver(sums, other)
}
