// Inner products of many rows with one fixed set of rows, in WebAssembly SIMD where there is any.
import { depthStep, panelCols, tileRows } from './kernels/multiply-source.ts'
import { multiplyWasm } from './kernels/multiply-wasm.ts'
import type { Matrix } from './matrix.ts'
import { multiplyRows, type RowRange } from './multiply.ts'

/** `data[i * stride + j - first]` is the product of row `left.from + i` with fixed row `j`; valid until the next call. */
type Products = { data: Float32Array; stride: number; first: number }

export type Multiplier = {
  /** Products of the rows named with the fixed rows from `fromColumn` (or a few before it) to the last. */
  multiply: (a: Matrix, left: RowRange, fromColumn?: number) => Products
}

type Kernel = (
  a: number,
  rows: number,
  depth: number,
  packed: number,
  panels: number,
  out: number,
  width: number,
) => void

const pageBytes = 65_536
const maxBytes = 65_536 * pageBytes

/**
 * Prepares `b` for being multiplied with blocks of at most `blockRows` rows: about 15 billion multiplications a second and
 * core with SIMD, single precision throughout; a sixth of that in plain JavaScript where WebAssembly SIMD is missing
 * (then sums are double precision, and results may differ in the last bits).
 */
export function createMultiplier(b: Matrix, blockRows: number): Multiplier {
  const module = compiled()
  const depth = roundUp(b.cols, depthStep)
  const panels = Math.ceil(b.rows / panelCols)
  const rows = roundUp(blockRows, tileRows)
  const packedAt = 16 + rows * depth * 4
  const outAt = packedAt + panels * panelCols * depth * 4
  const bytes = outAt + rows * panels * panelCols * 4
  if (module === undefined || bytes > maxBytes || b.rows === 0) return plainMultiplier(b)

  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / pageBytes), maximum: 65_536 })
  const instance = new WebAssembly.Instance(module, { env: { memory } })
  const kernel = instance.exports['multiply'] as Kernel
  const input = new Float32Array(memory.buffer, 16, rows * depth)
  pack(b, new Float32Array(memory.buffer, packedAt, panels * panelCols * depth), depth)
  return {
    multiply: (a, left, fromColumn = 0) => {
      for (let i = 0; i < left.count; i++) {
        input.set(a.data.subarray((left.from + i) * a.cols, (left.from + i + 1) * a.cols), i * depth)
      }
      const firstPanel = Math.floor(fromColumn / panelCols)
      const stride = (panels - firstPanel) * panelCols
      const packed = packedAt + firstPanel * panelCols * depth * 4
      kernel(16, roundUp(left.count, tileRows), depth, packed, panels - firstPanel, outAt, stride)
      return {
        data: new Float32Array(memory.buffer, outAt, left.count * stride),
        stride,
        first: firstPanel * panelCols,
      }
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

/** Panels of eight rows, turned so that the eight numbers of one column stand together; missing rows are zero. */
function pack(b: Matrix, packed: Float32Array, depth: number): void {
  for (let row = 0; row < b.rows; row++) {
    const at = Math.floor(row / panelCols) * panelCols * depth + (row % panelCols)
    for (let k = 0; k < b.cols; k++) packed[at + k * panelCols] = b.data[row * b.cols + k]!
  }
}

let cache: { module: WebAssembly.Module | undefined } | undefined

function compiled(): WebAssembly.Module | undefined {
  if (cache === undefined) {
    const bytes = Uint8Array.from(atob(multiplyWasm), (char) => char.charCodeAt(0))
    const isSupported = typeof WebAssembly === 'object' && WebAssembly.validate(bytes)
    cache = { module: isSupported ? new WebAssembly.Module(bytes) : undefined }
  }
  return cache.module
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step
}
