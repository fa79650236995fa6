import { sharedInt32 } from '../matrix/shared-memory.ts'

/** Blocks of rows for whoever is free. */
export type Blocks = { next: Int32Array; rows: number; size: number }

/** Blocks of the rows up to `rows`, from the first or from a later multiple of `size` on. */
export function createBlocks(rows: number, size: number, from = 0): Blocks {
  return { next: sharedInt32(1).fill(from / size), rows, size }
}

/** Calls `work` for block after block until all are taken, by this thread or another. */
export function takeBlocks({ next, rows, size }: Blocks, work: (block: { from: number; count: number }) => void): void {
  for (;;) {
    const from = Atomics.add(next, 0, 1) * size
    if (from >= rows) return
    work({ from, count: Math.min(size, rows - from) })
  }
}
