// A task: the product of every row with the one other row that it belongs to.
import { takeBlocks, type Blocks } from '../threads/blocks.ts'
import type { Matrix } from './matrix.ts'
import { dot } from './measure.ts'

export type OwnProductsTask = {
  kind: 'own-products'
  points: Matrix
  others: Matrix
  /** The other row of each point; -1 where it has none. */
  ownOf: Int32Array
  /** Written; NaN where there is none. */
  products: Float64Array
  blocks: Blocks
}

export function findOwnProducts({ points, others, ownOf, products, blocks }: OwnProductsTask): void {
  const { data, cols } = points
  takeBlocks(blocks, ({ from, count }) => {
    for (let row = from; row < from + count; row++) {
      const own = ownOf[row]!
      products[row] = own < 0 ? NaN : dot(data, row * cols, others.data, own * cols, cols)
    }
  })
}
