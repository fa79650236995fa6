import { expect, test } from 'vitest'
import { rowOf } from '#/clustering/matrix/matrix.ts'
import { AppError } from '#/pipeline/errors.ts'
import type { EmbedTexts } from '#/pipeline/model/complete.ts'
import { embedAll } from '#/pipeline/model/embed.ts'
import { oneCall, signal } from './model-parts.ts'

/** A vector that tells a text by its length; keeps the batches. */
function scriptedEmbedding(limit = Infinity) {
  const batches: string[][] = []
  const embedTexts: EmbedTexts = async (texts) => {
    if (texts.join('').length > limit) throw new AppError('model.too_long', 'Too long.')
    batches.push([...texts])
    return { vectors: texts.map((text) => [3 * text.length, 4 * text.length]), usage: oneCall }
  }
  return { batches, embedTexts }
}

const options = { signal, concurrency: 3 }

test('rows come in the order of the texts, at length one', async () => {
  const { vectors, usage } = await embedAll(['a', 'bb', 'ccc'], scriptedEmbedding().embedTexts, options)
  expect(vectors).toMatchObject({ rows: 3, cols: 2 })
  for (const row of [0, 1, 2]) expect([...rowOf(vectors, row)]).toEqual([expect.closeTo(0.6), expect.closeTo(0.8)])
  expect(usage).toEqual(oneCall)
})

test('a text is paid for once however often it comes, and an empty one never', async () => {
  const model = scriptedEmbedding()
  const seen: number[] = []
  const { vectors } = await embedAll(['same', '', 'other', 'same ', '  '], model.embedTexts, {
    ...options,
    onProgress: (done) => seen.push(done),
  })
  expect(model.batches).toEqual([['same', 'other']])
  expect([...rowOf(vectors, 3)]).toEqual([...rowOf(vectors, 0)])
  expect([...rowOf(vectors, 1), ...rowOf(vectors, 4)]).toEqual([0, 0, 0, 0])
  expect(seen).toEqual([5])
})

test('batches hold at most 256 texts and a bounded number of characters', async () => {
  const model = scriptedEmbedding()
  await embedAll(
    Array.from({ length: 600 }, (_, index) => `text ${index}`),
    model.embedTexts,
    options,
  )
  expect(model.batches.map((batch) => batch.length)).toEqual([256, 256, 88])
  const long = scriptedEmbedding()
  await embedAll(
    Array.from({ length: 20 }, (_, index) => `${index} ${'x'.repeat(15_000)}`),
    long.embedTexts,
    options,
  )
  for (const batch of long.batches) expect(batch.join('').length).toBeLessThanOrEqual(120_000)
})

test('what a server finds too long is halved, first the batch, then the text', async () => {
  const model = scriptedEmbedding(1_000)
  const texts = ['a'.repeat(400), 'b'.repeat(500), 'c'.repeat(3_000), 'd']
  const { vectors } = await embedAll(texts, model.embedTexts, options)
  expect(vectors.rows).toBe(4)
  expect(rowOf(vectors, 2)[0]).toBeCloseTo(0.6)
})

test('vectors of different lengths are a bad answer', async () => {
  const embedTexts: EmbedTexts = async () => ({ vectors: [[1, 2], [1]], usage: oneCall })
  await expect(embedAll(['a', 'b'], embedTexts, options)).rejects.toMatchObject({ code: 'model.bad_answer' })
})

test('no texts, no calls', async () => {
  const model = scriptedEmbedding()
  expect((await embedAll([], model.embedTexts, options)).vectors.rows).toBe(0)
  expect((await embedAll(['', ' '], model.embedTexts, options)).vectors.rows).toBe(2)
  expect(model.batches).toEqual([])
})
