import type { Matrix } from '../matrix/matrix.ts'
import { squaredNorms } from '../matrix/measure.ts'
import { createMultiplier } from '../matrix/multiplier.ts'

/**
 * The nearest centre of a point is hardly ever farther down the list of its cell: never with fewer centres, three times in ten
 * thousand where there are themes within themes, three times in a hundred where all are about as far from each other.
 */
export const centresAround = 192

/** Answers, for the cells of a block (at most `blockCells`), the numbers of the centres nearest to each, ascending. */
export function prepareAround(centres: Matrix, blockCells: number) {
  const norms = squaredNorms(centres)
  const wanted = Math.min(centres.rows, centresAround)
  const multiplier = createMultiplier(centres, blockCells)
  const closeness = new Float32Array(centres.rows)
  return (cells: Matrix, block: { from: number; count: number }): Int32Array[] => {
    const { data, stride } = multiplier.multiply(cells, block)
    return Array.from({ length: block.count }, (_, i) => {
      for (let c = 0; c < centres.rows; c++) closeness[c] = data[i * stride + c]! - norms[c]! / 2
      const least = closeness.toSorted()[centres.rows - wanted]!
      const nearest = new Int32Array(wanted)
      let count = 0
      for (let c = 0; c < centres.rows && count < wanted; c++) if (closeness[c]! >= least) nearest[count++] = c
      return nearest
    })
  }
}
