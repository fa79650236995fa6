import { expect, test } from 'vitest'
import { clusterTree } from '#/clustering/cluster.ts'
import { featurize } from '#/clustering/text/featurize.ts'
import { dendrogramByRounds } from '#/clustering/ward/reciprocal-rounds.ts'
import { openThreads } from '#/server/compute/threads.ts'
import { gaussianBlobs } from './gaussian-blobs.ts'

test('one thread and two give the same bytes', () => {
  const { vectors } = gaussianBlobs({ seed: 3, rows: 5_000, cols: 32, blobs: 40, noise: 0.8 })
  const weights = new Float64Array(5_000).fill(1)
  const threads = openThreads(2)
  try {
    for (const rule of ['ward', 'average'] as const) {
      const alone = dendrogramByRounds(vectors, weights, { rule })
      expect(dendrogramByRounds(vectors, weights, { rule, threads })).toEqual(alone)
    }
    expect(clusterTree(vectors, { seed: 1, threads })).toEqual(clusterTree(vectors, { seed: 1 }))
  } finally {
    threads.close()
  }
})

test('texts get the same vectors from one thread and two, also when their words do not all fit in the cache', () => {
  // 78,000 different words, and some that all texts share.
  const texts = Array.from({ length: 6_000 }, (_, i) => {
    const rare = Array.from({ length: 13 }, (_, k) => `w${i * 13 + k}`)
    return [`common${i % 40}`, ...rare, `common${(i * 7) % 40}`].join(' ')
  })
  const threads = openThreads(2)
  try {
    expect(featurize(texts, { seed: 1, dims: 16, threads })).toEqual(featurize(texts, { seed: 1, dims: 16 }))
  } finally {
    threads.close()
  }
}, 30_000)
