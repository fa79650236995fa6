// The AssemblyScript source of the kernels. It is text because it is compiled by hand, once, when it changes:
//
//   node -e "import('./clustering/kernels/source.ts').then((m) => process.stdout.write(m.kernelSource()))" > kernels.ts
//   npx assemblyscript@0.28 asc kernels.ts -O3 --noAssert --runtime stub --enable simd,relaxed-simd --importMemory \
//     --initialMemory 1 --maximumMemory 65536 -o kernels.wasm && base64 -w0 kernels.wasm
//
// and the result goes into wasm.ts together with the source's hash, which a test compares.
import { multiplySource } from './multiply-source.ts'
import { nearestSource } from './nearest-source.ts'
import { searchSource } from './search-source.ts'
import { sparseSource } from './sparse-source.ts'

/** All kernels: one module. */
export function kernelSource(): string {
  return [multiplySource(), nearestSource(), searchSource(), sparseSource()].join('')
}
