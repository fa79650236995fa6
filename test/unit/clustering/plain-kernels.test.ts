import { afterAll, expect, test, vi } from 'vitest'
import type { ClusterTree } from '#/clustering/tree.ts'
import { gaussianBlobs } from './gaussian-blobs.ts'

/** Everything that has kernels of its own, without WebAssembly or with it; the modules remember what they found. */
async function everything() {
  const { clusterTree } = await import('#/clustering/cluster.ts')
  const { kMeans } = await import('#/clustering/k-means/k-means.ts')
  const { toMicroClusters } = await import('#/clustering/k-means/micro-clusters.ts')
  const { openKernels } = await import('#/clustering/kernels/kernels.ts')
  const { findNeighbours } = await import('#/clustering/matrix/nearest.ts')
  const { toUnitRows } = await import('#/clustering/matrix/unit-rows.ts')
  const { featurize } = await import('#/clustering/text/featurize.ts')
  const { oneThread: threads } = await import('#/clustering/threads/threads.ts')
  const { dendrogramByRounds } = await import('#/clustering/ward/reciprocal-rounds.ts')
  const { wardDendrogram } = await import('#/clustering/ward/ward.ts')

  const { unit } = toUnitRows(gaussianBlobs({ seed: 6, rows: 1_500, cols: 20, blobs: 12, noise: 0.6 }).vectors)
  const weights = Float64Array.from({ length: unit.rows }, (_, row) => 1 + (row % 3))
  const texts = Array.from({ length: 90 }, (_, i) => `question ${i % 7} about order ${i} and parcel ${i % 5}`)
  return {
    isPlain: openKernels(1) === undefined,
    ward: dendrogramByRounds(unit, weights, { rule: 'ward' }),
    average: dendrogramByRounds(unit, weights, { rule: 'average' }),
    byMatrix: wardDendrogram(unit, weights).heights,
    means: kMeans(unit, weights, { k: 12, seed: 1, threads }).assignment,
    micro: toMicroClusters(unit, weights, { seed: 1, threads }).assignment,
    neighbours: findNeighbours(unit, 5, { threads, onProgress: () => {} }).rows,
    features: featurize(texts, { seed: 1 }).data,
    leaves: leavesOf(clusterTree(unit, { seed: 1 })),
  }
}

function leavesOf({ roots }: ClusterTree): number[][] {
  const visit = (node: ClusterTree['roots'][number]): number[][] =>
    node.children.length === 0 ? [node.members] : node.children.flatMap(visit)
  return roots.flatMap(visit)
}

afterAll(() => vi.unstubAllGlobals())

test('without WebAssembly the results are the same', async () => {
  const fast = await everything()
  vi.resetModules()
  vi.stubGlobal('WebAssembly', undefined)
  const plain = await everything()
  expect([fast.isPlain, plain.isPlain]).toEqual([false, true])
  for (const key of ['ward', 'average', 'means', 'micro', 'neighbours', 'leaves'] as const) {
    expect(plain[key], key).toEqual(fast[key])
  }
  // What stays in single precision may differ in its last digits.
  for (const key of ['byMatrix', 'features'] as const) {
    expect(plain[key].length).toBe(fast[key].length)
    const differences = Array.from(plain[key], (value, i) => Math.abs(value - fast[key][i]!))
    expect(Math.max(...differences), key).toBeLessThan(1e-3)
  }
})
