// Rows in the form the kernels read.
import { depthStep, panelCols } from '../kernels/tile.ts'
import type { Matrix } from './matrix.ts'

export function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step
}

/** The sizes of `count` rows of `cols` numbers in panels: the depth is padded with zeros, and so is the last panel. */
export function panelShape(count: number, cols: number): { depth: number; panels: number; floats: number } {
  const depth = roundUp(cols, depthStep)
  const panels = Math.ceil(count / panelCols)
  return { depth, panels, floats: panels * panelCols * depth }
}

/** Writes rows as panels of eight, turned so that the eight numbers of one column stand together. */
export function packPanels(from: Matrix, rows: ArrayLike<number> | undefined, packed: Float32Array): void {
  const { data, cols } = from
  const { depth } = panelShape(1, cols)
  const count = rows?.length ?? from.rows
  const isPadded = depth !== cols || count % panelCols !== 0
  if (isPadded) packed.fill(0)
  const startOf = (place: number): number => (rows === undefined ? place : rows[place]!) * cols
  const whole = count - (count % panelCols)
  // Eight rows at a time: what is written next to each other is written one after the other.
  for (let place = 0; place < whole; place += panelCols) {
    const [r0, r1, r2, r3] = [startOf(place), startOf(place + 1), startOf(place + 2), startOf(place + 3)]
    const [r4, r5, r6, r7] = [startOf(place + 4), startOf(place + 5), startOf(place + 6), startOf(place + 7)]
    let at = place * depth
    for (let k = 0; k < cols; k++) {
      packed[at] = data[r0 + k]!
      packed[at + 1] = data[r1 + k]!
      packed[at + 2] = data[r2 + k]!
      packed[at + 3] = data[r3 + k]!
      packed[at + 4] = data[r4 + k]!
      packed[at + 5] = data[r5 + k]!
      packed[at + 6] = data[r6 + k]!
      packed[at + 7] = data[r7 + k]!
      at += panelCols
    }
  }
  for (let place = whole; place < count; place++) {
    const at = whole * depth + (place - whole)
    const row = startOf(place)
    for (let k = 0; k < cols; k++) packed[at + k * panelCols] = data[row + k]!
  }
}

/** Copies rows one below the other, each padded with zeros to the depth. */
export function copyRows(from: Matrix, rows: { from: number; count: number }, depth: number, to: Float32Array): void {
  const { data, cols } = from
  if (depth === cols) {
    to.set(data.subarray(rows.from * cols, (rows.from + rows.count) * cols))
    return
  }
  for (let i = 0; i < rows.count; i++) {
    to.set(data.subarray((rows.from + i) * cols, (rows.from + i + 1) * cols), i * depth)
    to.fill(0, i * depth + cols, (i + 1) * depth)
  }
}
