import { expect, test } from 'vitest'
import { cutDendrogram } from '#/clustering/ward/dendrogram.ts'
import { linkage, maxRowsInPairs } from '#/clustering/ward/linkage.ts'
import scipy from './scipy-linkage.json' with { type: 'json' }

type Options = Parameters<typeof linkage>[1]
const methods = ['ward', 'average', 'complete'] as const
const metrics = ['euclidean', 'cosine'] as const
const all = methods.flatMap((method) => metrics.map((metric): Options => ({ method, metric })))

test.each(scipy.cases as ((typeof scipy.cases)[number] & Options)[])(
  "SciPy's $method linkage of $metric distances is met: $rows points of $cols numbers, $kind",
  ({ method, metric, rows, cols, points, heights, cuts }) => {
    const mine = linkage({ data: Float32Array.from(points), rows, cols }, { method, metric })
    expect(mine.heights).toHaveLength(heights.length)
    heights.forEach((height, i) =>
      expect(Math.abs(mine.heights[i]! - height)).toBeLessThanOrEqual(1e-4 * height + 1e-6),
    )
    for (const [clusters, labels] of Object.entries(cuts)) {
      const cut = cutDendrogram(mine, Number(clusters))
      expect(new Set(labels.map((label, i) => `${label}-${cut[i]}`)).size).toBe(Number(clusters))
    }
  },
)

test.each(all)('$method linkage of $metric distances: the length of rows counts only for Euclidean ones', (options) => {
  const data = Float32Array.from([1, 0, 3, 0, 0, 1, 0, 1.5])
  const cut = cutDendrogram(linkage({ data, rows: 4, cols: 2 }, options), 2)
  expect([...cut]).toEqual(options.metric === 'cosine' ? [0, 0, 1, 1] : [0, 1, 0, 0])
})

test.each(all)('$method linkage of $metric distances answers for no row, one row and equal rows', (options) => {
  expect(linkage({ data: new Float32Array(0), rows: 0, cols: 3 }, options).heights).toHaveLength(0)
  expect(linkage({ data: new Float32Array([1, 2, 3]), rows: 1, cols: 3 }, options).heights).toHaveLength(0)
  const equal = linkage({ data: new Float32Array(30).fill(0.3), rows: 10, cols: 3 }, options)
  expect([...equal.heights]).toEqual(Array(9).fill(0))
})

test.each(all)('$method linkage of $metric distances refuses what is not a number, by its row', (options) => {
  const data = Float32Array.from([1, 2, 3, NaN])
  expect(() => linkage({ data, rows: 2, cols: 2 }, options)).toThrow('Row 1 holds a value that is not a finite number.')
})

test.each(methods)('%s linkage of cosine distances refuses a row of zeros, by its number', (method) => {
  const points = { data: Float32Array.from([1, 2, 0, 0]), rows: 2, cols: 2 }
  expect(() => linkage(points, { method, metric: 'cosine' })).toThrow('Row 1 is all zeros')
})

test('more rows than have room for their pairs are refused', () => {
  const rows = maxRowsInPairs + 1
  const points = { data: new Float32Array(rows), rows, cols: 1 }
  expect(() => linkage(points, { method: 'complete', metric: 'euclidean' })).toThrow(`not ${rows}`)
})
