// Rows rounded to bytes: a quarter of the reading, and four multiplications in the place of one.
import { panelCols } from '../kernels/tile.ts'
import type { Matrix } from './matrix.ts'
import type { RowRange } from './multiply.ts'
import { roundUp } from './panels.ts'

/** The largest byte of rows, and of panels: what is added to make these positive must still leave seven bits. */
const largestInRow = 127
const largestInPanel = 63
const offset = largestInPanel + 1
/** Bytes that are multiplied at once, times the steps the kernel is unrolled by. */
const bytesStep = 16

/** `depth` in words of four bytes; the sizes of a row and of panels, in bytes. */
export function byteShape(count: number, cols: number): { depth: number; rowBytes: number; panelBytes: number } {
  const rowBytes = roundUp(cols, bytesStep)
  return { depth: rowBytes / 4, rowBytes, panelBytes: roundUp(count, panelCols) * rowBytes }
}

/** Number `k` of a row is about its scale times its byte; the row that the bytes stand for is `errors[row]` away from it. */
type Rounded = { bytes: Int8Array; scales: Float32Array; errors: Float64Array }

/** Writes all rows as panels of eight, four bytes of a row together: from -63 to 63, and 64 is added to each. */
export function writeBytePanels({ data, rows, cols }: Matrix, { bytes, scales, errors }: Rounded): void {
  const { rowBytes } = byteShape(rows, cols)
  for (let row = 0; row < rows; row++) {
    const start = row * cols
    const scale = Math.fround(largestOf(data, start, cols) / largestInPanel)
    const inverse = scale > 0 ? 1 / scale : 0
    const at = (row - (row % panelCols)) * rowBytes + (row % panelCols) * 4
    let squared = 0
    for (let k = 0; k < cols; k++) {
      const value = data[start + k]!
      // What is positive is rounded down by being made whole.
      const raised = (value * inverse + (offset + 0.5)) | 0
      squared += (value - scale * (raised - offset)) ** 2
      bytes[at + (k >> 2) * panelCols * 4 + (k & 3)] = raised
    }
    scales[row] = scale
    errors[row] = Math.sqrt(squared)
  }
}

/**
 * Writes some rows one below the other: from -127 to 127. `shifts` is by how much a product with a row of panels is too
 * large for what is added to those.
 */
export function writeByteRows(
  { data, cols }: Matrix,
  { from, count }: RowRange,
  { bytes, scales, errors, shifts }: Rounded & { shifts: Int32Array },
): void {
  const { rowBytes } = byteShape(count, cols)
  // Where rows are longer than what is in them, the rest must not count.
  if (rowBytes > cols) bytes.fill(0)
  for (let row = 0; row < count; row++) {
    const start = (from + row) * cols
    const scale = Math.fround(largestOf(data, start, cols) / largestInRow)
    const inverse = scale > 0 ? 1 / scale : 0
    let sum = 0
    let squared = 0
    for (let k = 0; k < cols; k++) {
      const value = data[start + k]!
      const byte = ((value * inverse + (largestInRow + 1.5)) | 0) - (largestInRow + 1)
      squared += (value - scale * byte) ** 2
      sum += byte
      bytes[row * rowBytes + k] = byte
    }
    scales[row] = scale
    errors[row] = Math.sqrt(squared)
    shifts[row] = offset * sum
  }
}

function largestOf(data: Float32Array, start: number, cols: number): number {
  let largest = 0
  for (let k = start; k < start + cols; k++) {
    const size = Math.abs(data[k]!)
    if (size > largest) largest = size
  }
  return largest
}
