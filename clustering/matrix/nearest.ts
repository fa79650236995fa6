import { createBlocks } from '../threads/blocks.ts'
import type { Threads } from '../threads/threads.ts'
import type { Matrix } from './matrix.ts'
import type { Neighbours } from './neighbour-rows.ts'
import { sharedFloat32, sharedInt32 } from './shared-memory.ts'

const blockRows = 60
/** Progress is told after so many blocks. */
const blocksAtOnce = 32

/** Exact nearest neighbours by comparing every pair of rows: n² d multiplications. The lower row wins ties. */
export function findNeighbours(
  points: Matrix,
  k: number,
  { threads, onProgress }: { threads: Threads; onProgress: (share: number) => void },
): Neighbours {
  const size = points.rows * k
  const found = { k, rows: sharedInt32(size).fill(-1), similarities: sharedFloat32(size).fill(-Infinity) }
  for (let from = 0; from < points.rows; from += blockRows * blocksAtOnce) {
    const to = Math.min(points.rows, from + blockRows * blocksAtOnce)
    threads.run({ kind: 'find-neighbours', points, found, blocks: createBlocks(to, blockRows, from) })
    onProgress(to / points.rows)
  }
  return found
}
