import { expect, test } from 'vitest'
import { clusterTree } from '#/clustering/cluster.ts'
import { featurize } from '#/clustering/featurize.ts'
import { featurizeInThread, groupInThread } from '#/server/compute/compute.ts'

const texts = Array.from(
  { length: 60 },
  (_, at) => `${['where is my refund', 'the login code never comes', 'change my address'][at % 3]} ${at}`,
)
const signal = new AbortController().signal

test('the thread gives the same vectors and the same tree as the mathematics called directly', async () => {
  const vectors = await featurizeInThread(texts, { seed: 3, signal })
  expect(vectors).toEqual(featurize(texts, { seed: 3 }))
  const direct = clusterTree(vectors, { seed: 3, texts })
  const { tree, map } = await groupInThread(vectors, { seed: 3, texts }, { signal })
  expect(tree).toEqual(direct)
  expect(map.rows).toBe(60)
})

test('an aborted task ends at once with the reason', async () => {
  const abort = new AbortController()
  const work = featurizeInThread(
    Array.from({ length: 20_000 }, (_, at) => `text number ${at} about things`),
    { seed: 1, signal: abort.signal },
  )
  abort.abort(new Error('cancelled'))
  await expect(work).rejects.toThrow('cancelled')
})

test('an error of the mathematics comes back as an error, with its sentence', async () => {
  const data = new Float32Array([1, Number.NaN, 1, 2])
  await expect(groupInThread({ data, rows: 2, cols: 2 }, { seed: 1 }, { signal })).rejects.toThrow(/RangeError/)
})
