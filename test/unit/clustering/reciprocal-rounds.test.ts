import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutDendrogram } from '#/clustering/ward/dendrogram.ts'
import { dendrogramByRounds } from '#/clustering/ward/reciprocal-rounds.ts'
import { wardDendrogram } from '#/clustering/ward/ward.ts'
import { gaussianBlobs } from './gaussian-blobs.ts'
import scipy from './scipy-average.json' with { type: 'json' }

test.each([
  [2, 3],
  [40, 5],
  [300, 24],
  [1_200, 64],
])('%i points of %i numbers give the dendrogram of the distance matrix', (rows, cols) => {
  const { vectors } = gaussianBlobs({ seed: rows, rows, cols, blobs: Math.min(rows, 12), noise: 0.7 })
  const weights = Float64Array.from({ length: rows }, (_, i) => 1 + (i % 4))
  const byMatrix = wardDendrogram(vectors, weights)
  const byRounds = dendrogramByRounds(vectors, weights, { rule: 'ward' })
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
      const { left, right, heights } = dendrogramByRounds(matrix, new Float64Array(matrix.rows).fill(1), {
        rule: 'ward',
      })
      for (let i = 1; i < heights.length; i++) expect(heights[i]).toBeGreaterThanOrEqual(heights[i - 1]!)
      const children = [...left, ...right].sort((a, b) => a - b)
      expect(children).toEqual(Array.from({ length: 2 * (matrix.rows - 1) }, (_, i) => i))
    }),
  )
})

test('groups far from the origin and close together are told apart all the same', () => {
  // Single precision products of such points are off by more than their distances.
  const rows = 60
  const points = { data: new Float32Array(rows * 2), rows, cols: 2 }
  for (let i = 0; i < rows; i++) points.data.set([4_000 + (i % 3) * 8 + (i % 7) / 16, i / 4], i * 2)
  const weights = new Float64Array(rows).fill(1)
  const byRounds = dendrogramByRounds(points, weights, { rule: 'ward' })
  wardDendrogram(points, weights).heights.forEach((height, i) => {
    expect(Math.abs(byRounds.heights[i]! - height)).toBeLessThanOrEqual(1e-4 * height + 1e-6)
  })
})

test('many copies of one point, and nothing but copies, end in one tree', () => {
  const { vectors } = gaussianBlobs({ seed: 8, rows: 3, cols: 5, blobs: 3 })
  for (const distinct of [1, 3]) {
    const rows = 90
    const data = Float32Array.from(
      { length: rows * 5 },
      (_, i) => vectors.data[(Math.floor(i / 5) % distinct) * 5 + (i % 5)]!,
    )
    const { heights } = dendrogramByRounds({ data, rows, cols: 5 }, new Float64Array(rows).fill(1), { rule: 'ward' })
    expect(heights.filter((height) => height > 0)).toHaveLength(distinct - 1)
  }
})

test.each(scipy.cases.map((known, i) => ({ ...known, number: i + 1 })))(
  "SciPy's average linkage of cosine distances $number is met: $rows points of $cols numbers, $kind",
  ({ rows, cols, points, heights, cuts }) => {
    const matrix = { data: Float32Array.from(points), rows, cols }
    const mine = dendrogramByRounds(matrix, new Float64Array(rows).fill(1), { rule: 'average' })
    // Rows in single precision are of length one to seven digits.
    heights.forEach((height, i) =>
      expect(Math.abs(mine.heights[i]! - height)).toBeLessThanOrEqual(1e-4 * height + 1e-6),
    )
    for (const [clusters, labels] of Object.entries(cuts)) {
      const cut = cutDendrogram(mine, Number(clusters))
      expect(new Set(labels.map((label, i) => `${label}-${cut[i]}`)).size).toBe(Number(clusters))
    }
  },
)
