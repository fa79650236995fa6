import * as fc from 'fast-check'
import { agnes, type Cluster } from 'ml-hclust'
import { expect, test } from 'vitest'
import { cutDendrogram } from '#/clustering/ward/dendrogram.ts'
import { createMatrix, type Matrix } from '#/clustering/matrix/matrix.ts'
import { wardDendrogram } from '#/clustering/ward/ward.ts'
import { gaussianBlobs } from './gaussian-blobs.ts'
import scipy from './scipy-ward.json' with { type: 'json' }

const ones = (count: number) => new Float64Array(count).fill(1)
const rowsOf = (matrix: Matrix) =>
  Array.from({ length: matrix.rows }, (_, i) =>
    Array.from(matrix.data.subarray(i * matrix.cols, (i + 1) * matrix.cols)),
  )

test('heights equal those of ml-hclust with ward2', () => {
  for (const seed of [1, 2, 3]) {
    const { vectors } = gaussianBlobs({ seed, rows: 60, cols: 7, blobs: 5 })
    const mine = wardDendrogram(vectors, ones(60)).heights
    const theirs: number[] = []
    agnes(rowsOf(vectors), { method: 'ward2' }).traverse((cluster: Cluster) => {
      if (!cluster.isLeaf) theirs.push(cluster.height)
    })
    theirs.sort((a, b) => a - b)
    theirs.forEach((height, i) => expect(mine[i]).toBeCloseTo(height, 5))
  }
})

test('well separated groups are found again when the tree is cut', () => {
  const { vectors, labels } = gaussianBlobs({ seed: 4, rows: 120, cols: 16, blobs: 6, noise: 0.2 })
  const cut = cutDendrogram(wardDendrogram(vectors, ones(120)), 6)
  const pairs = new Set(labels.map((label, i) => `${label}-${cut[i]}`))
  expect(pairs.size).toBe(6)
})

test('a point of weight three stands for three equal points', () => {
  const { vectors } = gaussianBlobs({ seed: 5, rows: 20, cols: 5, blobs: 3 })
  const weights = Float64Array.from({ length: 20 }, (_, i) => 1 + (i % 3))
  const repeated = createMatrix(
    weights.reduce((a, b) => a + b),
    5,
  )
  let to = 0
  rowsOf(vectors).forEach((row, i) => {
    for (let copy = 0; copy < weights[i]!; copy++) repeated.data.set(row, 5 * to++)
  })
  const weighted = wardDendrogram(vectors, weights).heights
  const plain = wardDendrogram(repeated, ones(repeated.rows)).heights.slice(-19)
  weighted.forEach((height, i) => expect(height).toBeCloseTo(plain[i]!, 5))
})

test('heights never fall towards the root, and every point is merged exactly once', () => {
  const points = fc
    .tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 4 }))
    .chain(([rows, cols]) =>
      fc
        .array(fc.integer({ min: -3, max: 3 }), { minLength: rows * cols, maxLength: rows * cols })
        .map((values) => ({ data: Float32Array.from(values), rows, cols })),
    )
  fc.assert(
    fc.property(points, (matrix) => {
      const { left, right, heights } = wardDendrogram(matrix, ones(matrix.rows))
      for (let i = 1; i < heights.length; i++) expect(heights[i]).toBeGreaterThanOrEqual(heights[i - 1]!)
      const children = [...left, ...right].sort((a, b) => a - b)
      expect(children).toEqual(Array.from({ length: 2 * (matrix.rows - 1) }, (_, i) => i))
    }),
  )
})

test.each(scipy.cases.map((known, i) => ({ ...known, number: i + 1 })))(
  "SciPy's answer $number is met: $rows points of $cols numbers, $kind",
  ({ rows, cols, points, heights, cuts }) => {
    const mine = wardDendrogram({ data: Float32Array.from(points), rows, cols }, ones(rows))
    // The matrix is single precision: heights near zero are differences of much larger squares.
    heights.forEach((height, i) =>
      expect(Math.abs(mine.heights[i]! - height)).toBeLessThanOrEqual(1e-4 * height + 1e-6),
    )
    for (const [clusters, labels] of Object.entries(cuts)) {
      const cut = cutDendrogram(mine, Number(clusters))
      const pairs = new Set(labels.map((label, i) => `${label}-${cut[i]}`))
      expect(pairs.size).toBe(Number(clusters))
    }
  },
)
