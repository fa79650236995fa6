import { expect, test } from 'vitest'
import { clusterTree } from '#/clustering/cluster.ts'
import { featurize } from '#/clustering/text/featurize.ts'
import { createBuiltinAnalyst } from '#/pipeline/builtin/analyst.ts'
import type { NodeToName } from '#/pipeline/ports.ts'
import { featurizeInThread, groupInThread, nameInThread } from '#/server/compute/compute.ts'
import { aRecord } from '#/test/support/insight-rows.ts'

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

test('names found in the thread are those the analyst finds here', async () => {
  const members = texts.map((text, ordinal) => aRecord(ordinal, { title: text, groupingText: text }))
  const nodes = [0, 1, 2].map((at): NodeToName => {
    const own = members.filter((_, row) => row % 3 === at)
    return {
      id: String(at + 1),
      parentId: null,
      childIds: [],
      size: own.length,
      share: own.length / texts.length,
      keywords: [],
      members: own,
      neighbours: [],
      outcomes: {},
      near: [],
    }
  })
  const input = { instruction: 'What do people ask for?', nodes, total: texts.length, outcomes: {} }
  const { names } = await createBuiltinAnalyst().nameClusters(input, { signal })
  expect(await nameInThread(input, { signal })).toEqual(names)
  expect(new Set(names.map(({ title }) => title)).size).toBe(3)
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
