// The compiled kernels on a memory of their own.
import { kernelsWasm } from './wasm.ts'

type Kernels = {
  multiply: (a: number, rows: number, depth: number, packed: number, panels: number, out: number, width: number) => void
  nearest: (
    a: number,
    rows: number,
    depth: number,
    packed: number,
    panels: number,
    half: number,
    state: number,
    outColumn: number,
    outLead: number,
  ) => void
  multiplySparse: (
    offsets: number,
    rows: number,
    columns: number,
    values: number,
    dense: number,
    width: number,
    out: number,
  ) => void
  searchRows: (...numbers: readonly number[]) => void
  searchPairs: (...numbers: readonly number[]) => void
}

export type OpenKernels = {
  kernels: Kernels
  floats: (at: number, length: number) => Float32Array
  ints: (at: number, length: number) => Int32Array
  bytes: (at: number, length: number) => Int8Array
}

const pageBytes = 65_536
const maxPages = 65_536

/** The kernels with `bytes` bytes of memory; undefined where there is no WebAssembly SIMD, or not that much memory. */
export function openKernels(bytes: number): OpenKernels | undefined {
  const module = compiled()
  const pages = Math.ceil(bytes / pageBytes)
  if (module === undefined || pages > maxPages) return undefined
  return instantiate(module, new WebAssembly.Memory({ initial: pages, maximum: maxPages }))
}

let own: { opened: OpenKernels; memory: WebAssembly.Memory } | undefined

/** As `openKernels`, on one memory that this thread uses again and again: what was in it is gone with the next call. */
export function borrowKernels(bytes: number): OpenKernels | undefined {
  const module = compiled()
  const pages = Math.ceil(bytes / pageBytes)
  if (module === undefined || pages > maxPages) return undefined
  if (own === undefined) {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: maxPages })
    own = { opened: instantiate(module, memory), memory }
  }
  const missing = pages - own.memory.buffer.byteLength / pageBytes
  if (missing > 0) own.memory.grow(missing)
  return own.opened
}

/** Hands out places in a memory, each on a border of 64 bytes. */
export function createLayout() {
  let used = 64
  return {
    place: (bytes: number): number => {
      const at = used
      used += Math.ceil(bytes / 64) * 64
      return at
    },
    bytes: () => used,
  }
}

function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): OpenKernels {
  const instance = new WebAssembly.Instance(module, { env: { memory } })
  return {
    kernels: instance.exports as Kernels,
    floats: (at, length) => new Float32Array(memory.buffer, at, length),
    ints: (at, length) => new Int32Array(memory.buffer, at, length),
    bytes: (at, length) => new Int8Array(memory.buffer, at, length),
  }
}

let cache: { module: WebAssembly.Module | undefined } | undefined

function compiled(): WebAssembly.Module | undefined {
  if (cache === undefined) {
    const bytes = Uint8Array.from(atob(kernelsWasm), (char) => char.charCodeAt(0))
    const isSupported = typeof WebAssembly === 'object' && WebAssembly.validate(bytes)
    cache = { module: isSupported ? new WebAssembly.Module(bytes) : undefined }
  }
  return cache.module
}
