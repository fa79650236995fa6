import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { kernelSource } from '#/clustering/kernels/source.ts'
import { sourceSha256 } from '#/clustering/kernels/wasm.ts'
import { createMultiplier } from '#/clustering/matrix/multiplier.ts'
import { multiplyRows } from '#/clustering/matrix/multiply.ts'
import { gaussianBlobs } from './gaussian-blobs.ts'

test('the compiled kernel was made from the source beside it', () => {
  expect(createHash('sha256').update(kernelSource()).digest('hex')).toBe(sourceSha256)
})

test.each([
  [1, 1, 1],
  [7, 3, 5],
  [60, 17, 9],
  [64, 100, 256],
])('%i rows times %i rows of %i numbers are as in double precision', (count, others, cols) => {
  const { vectors: a } = gaussianBlobs({ seed: 1, rows: count + 3, cols, blobs: 4 })
  const { vectors: b } = gaussianBlobs({ seed: 2, rows: others, cols, blobs: 4 })
  const multiplier = createMultiplier(b, 64)
  for (const fromColumn of [0, Math.floor(others / 2)]) {
    const { data, stride, first } = multiplier.multiply(a, { from: 3, count }, fromColumn)
    const exact = new Float64Array(count * others)
    multiplyRows(a, { from: 3, count }, b, { from: 0, count: others }, exact)
    for (let i = 0; i < count; i++) {
      for (let j = fromColumn; j < others; j++) {
        expect(data[i * stride + j - first]).toBeCloseTo(exact[i * others + j]!, 5)
      }
    }
  }
})
