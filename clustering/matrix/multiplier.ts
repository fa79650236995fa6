// Inner products of many rows with one fixed set of rows, in WebAssembly SIMD where there is any.
import { createLayout, openKernels } from '../kernels/kernels.ts'
import { panelCols, tileRows } from '../kernels/tile.ts'
import type { Matrix } from './matrix.ts'
import { multiplyRows, type RowRange } from './multiply.ts'
import { copyRows, packPanels, panelShape, roundUp } from './panels.ts'

/** `data[i * stride + j - first]` is the product of row `left.from + i` with fixed row `j`; valid until the next call. */
type Products = { data: Float32Array; stride: number; first: number }

export type Multiplier = {
  /** Products of the rows named with the fixed rows from `fromColumn` (or a few before it) to the last. */
  multiply: (a: Matrix, left: RowRange, fromColumn?: number) => Products
}

/**
 * Prepares `b` for being multiplied with blocks of at most `blockRows` rows: about 15 billion multiplications a second and
 * core with SIMD, single precision throughout; a sixth of that in plain JavaScript where WebAssembly SIMD is missing
 * (then sums are double precision, and results may differ in the last bits).
 */
export function createMultiplier(b: Matrix, blockRows: number): Multiplier {
  const { depth, panels, floats } = panelShape(b.rows, b.cols)
  const rows = roundUp(blockRows, tileRows)
  const layout = createLayout()
  const inputAt = layout.place(rows * depth * 4)
  const packedAt = layout.place(floats * 4)
  const outAt = layout.place(rows * panels * panelCols * 4)
  const opened = b.rows === 0 ? undefined : openKernels(layout.bytes())
  if (opened === undefined) return plainMultiplier(b)
  const input = opened.floats(inputAt, rows * depth)
  packPanels(b, undefined, opened.floats(packedAt, floats))
  return {
    multiply: (a, left, fromColumn = 0) => {
      copyRows(a, left, depth, input)
      const firstPanel = Math.floor(fromColumn / panelCols)
      const stride = (panels - firstPanel) * panelCols
      const packed = packedAt + firstPanel * panelCols * depth * 4
      opened.kernels.multiply(inputAt, roundUp(left.count, tileRows), depth, packed, panels - firstPanel, outAt, stride)
      return { data: opened.floats(outAt, left.count * stride), stride, first: firstPanel * panelCols }
    },
  }
}

function plainMultiplier(b: Matrix): Multiplier {
  let data = new Float32Array(0)
  return {
    multiply: (a, left, fromColumn = 0) => {
      const count = b.rows - fromColumn
      if (data.length < left.count * count) data = new Float32Array(left.count * count)
      multiplyRows(a, left, b, { from: fromColumn, count }, data)
      return { data, stride: count, first: fromColumn }
    },
  }
}
