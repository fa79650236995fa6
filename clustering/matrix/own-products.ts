import { createBlocks } from '../threads/blocks.ts'
import type { Threads } from '../threads/threads.ts'
import type { Matrix } from './matrix.ts'
import { sharedFloat64, toShared } from './shared-memory.ts'

const blockRows = 1_024

/** The product of every point with row `ownOf[point]` of the others, in double precision; NaN where that is -1. */
export function ownProducts(points: Matrix, others: Matrix, ownOf: Int32Array, threads: Threads): Float64Array {
  const products = sharedFloat64(points.rows)
  threads.run({
    kind: 'own-products',
    points: { ...points, data: toShared(points.data) },
    others: { ...others, data: toShared(others.data) },
    ownOf: toShared(ownOf),
    products,
    blocks: createBlocks(points.rows, blockRows),
  })
  return products
}
