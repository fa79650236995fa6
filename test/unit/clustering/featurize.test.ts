import { expect, test } from 'vitest'
import { featurize } from '#/clustering/text/featurize.ts'
import { rowOf, type Matrix } from '#/clustering/matrix/matrix.ts'

const similarity = (vectors: Matrix, a: number, b: number) =>
  rowOf(vectors, a).reduce((sum, value, k) => sum + value * rowOf(vectors, b)[k]!, 0)

test('texts about the same thing are nearer each other than texts about another', () => {
  const vectors = featurize(
    [
      'refund for my broken lamp',
      'the lamp came broken, refund please',
      'change my delivery address',
      'new delivery address',
    ],
    { seed: 1 },
  )
  expect(similarity(vectors, 0, 1)).toBeGreaterThan(similarity(vectors, 0, 2))
  expect(similarity(vectors, 2, 3)).toBeGreaterThan(similarity(vectors, 1, 3))
})

test('rows have length one, rows of empty texts are zero', () => {
  const vectors = featurize(['hello there', '', '?!', 'goodbye'], { seed: 1 })
  expect([0, 1, 2, 3].map((row) => Math.round(1e6 * similarity(vectors, row, row)) / 1e6)).toEqual([1, 0, 0, 1])
})

test('one text, and none, are no special case', () => {
  expect(similarity(featurize(['only this one'], { seed: 1 }), 0, 0)).toBeCloseTo(1)
  expect(featurize([], { seed: 1 }).rows).toBe(0)
})

test('the number of columns is as asked', () => {
  expect(featurize(['a text', 'another text'], { seed: 1, dims: 32 }).cols).toBe(32)
})

test('the same texts and seed give the same bytes', () => {
  const texts = Array.from({ length: 60 }, (_, i) => `question ${i % 7} about order ${i} and parcel ${i % 5}`)
  expect(featurize(texts, { seed: 3 }).data).toEqual(featurize(texts, { seed: 3 }).data)
})

test('a text of a million characters is read in bounded time', () => {
  const started = performance.now()
  const vectors = featurize(['word '.repeat(200_000), 'x'.repeat(1_000_000), 'a short word'], { seed: 1 })
  expect(similarity(vectors, 0, 0)).toBeCloseTo(1)
  expect(performance.now() - started).toBeLessThan(5_000)
})

test('languages without spaces are cut into words', () => {
  const vectors = featurize(['我想退款，订单还没到', '请给我退款，订单丢了', '如何更改密码', '忘记密码怎么办'], {
    seed: 1,
  })
  expect(similarity(vectors, 0, 1)).toBeGreaterThan(similarity(vectors, 0, 2))
  expect(similarity(vectors, 2, 3)).toBeGreaterThan(similarity(vectors, 1, 3))
})
