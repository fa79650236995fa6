import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutDendrogram } from '#/clustering/dendrogram.ts'
import { wardDendrogramByRounds } from '#/clustering/ward-rounds.ts'
import { wardDendrogram } from '#/clustering/ward.ts'
import { gaussianBlobs } from './gaussian-blobs.ts'

test.each([
  [2, 3],
  [40, 5],
  [300, 24],
  [1_200, 64],
])('%i points of %i numbers give the dendrogram of the distance matrix', (rows, cols) => {
  const { vectors } = gaussianBlobs({ seed: rows, rows, cols, blobs: Math.min(rows, 12), noise: 0.7 })
  const weights = Float64Array.from({ length: rows }, (_, i) => 1 + (i % 4))
  const byMatrix = wardDendrogram(vectors, weights)
  const byRounds = wardDendrogramByRounds(vectors, weights)
  byMatrix.heights.forEach((height, i) => {
    expect(Math.abs(byRounds.heights[i]! - height)).toBeLessThanOrEqual(1e-4 * height + 1e-6)
  })
  for (const clusters of [2, 5, 12].filter((clusters) => clusters <= rows)) {
    expect(cutDendrogram(byRounds, clusters)).toEqual(cutDendrogram(byMatrix, clusters))
  }
})

test('equal points and ties end in one tree with rising heights', () => {
  const points = fc
    .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 3 }))
    .chain(([rows, cols]) =>
      fc
        .array(fc.integer({ min: -1, max: 1 }), { minLength: rows * cols, maxLength: rows * cols })
        .map((values) => ({ data: Float32Array.from(values), rows, cols })),
    )
  fc.assert(
    fc.property(points, (matrix) => {
      const { left, right, heights } = wardDendrogramByRounds(matrix, new Float64Array(matrix.rows).fill(1))
      for (let i = 1; i < heights.length; i++) expect(heights[i]).toBeGreaterThanOrEqual(heights[i - 1]!)
      const children = [...left, ...right].sort((a, b) => a - b)
      expect(children).toEqual(Array.from({ length: 2 * (matrix.rows - 1) }, (_, i) => i))
    }),
  )
})
