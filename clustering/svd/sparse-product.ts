// A few rows of a sparse matrix times a dense one, in WebAssembly SIMD where there is any.
import { borrowKernels, createLayout } from '../kernels/kernels.ts'
import { depthStep } from '../kernels/tile.ts'
import { roundUp } from '../matrix/panels.ts'

/** What the caller fills: entries as in a sparse matrix, of which the first row begins at entry 0; rows of `dense` are `depth` apart. */
export type SparseProduct = {
  offsets: Int32Array
  columns: Int32Array
  values: Float32Array
  dense: Float32Array
  depth: number
  /** The products of the first `rows` rows, `depth` apart; valid until the next call. */
  multiply: (rows: number) => Float32Array
}

/** Room for products of so many rows and entries at most. It is this thread's kernel memory, until another borrows that. */
export function openSparseProduct(most: {
  rows: number
  entries: number
  denseRows: number
  width: number
}): SparseProduct {
  const depth = roundUp(most.width, depthStep)
  const layout = createLayout()
  const denseAt = layout.place(most.denseRows * depth * 4)
  const offsetsAt = layout.place((most.rows + 1) * 4)
  const columnsAt = layout.place(most.entries * 4)
  const valuesAt = layout.place(most.entries * 4)
  const outAt = layout.place(most.rows * depth * 4)
  const opened = borrowKernels(layout.bytes())
  if (opened === undefined) return plainProduct(most, depth)
  const { floats, ints, kernels } = opened
  const out = floats(outAt, most.rows * depth)
  const offsets = ints(offsetsAt, most.rows + 1)
  // The memory holds whatever was there last.
  offsets[0] = 0
  return {
    offsets,
    columns: ints(columnsAt, most.entries),
    values: floats(valuesAt, most.entries),
    dense: floats(denseAt, most.denseRows * depth),
    depth,
    multiply: (rows) => {
      kernels.multiplySparse(offsetsAt, rows, columnsAt, valuesAt, denseAt, depth, outAt)
      return out
    },
  }
}

function plainProduct(most: { rows: number; entries: number; denseRows: number }, depth: number): SparseProduct {
  const offsets = new Int32Array(most.rows + 1)
  const columns = new Int32Array(most.entries)
  const values = new Float32Array(most.entries)
  const dense = new Float32Array(most.denseRows * depth)
  const out = new Float32Array(most.rows * depth)
  const multiply = (rows: number): Float32Array => {
    out.fill(0, 0, rows * depth)
    for (let row = 0; row < rows; row++) {
      const to = row * depth
      for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
        const value = values[i]!
        const from = columns[i]! * depth
        for (let k = 0; k < depth; k++) out[to + k] = out[to + k]! + value * dense[from + k]!
      }
    }
    return out
  }
  return { offsets, columns, values, dense, depth, multiply }
}
