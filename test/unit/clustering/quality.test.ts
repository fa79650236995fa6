import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { clusterTree } from '#/clustering/cluster.ts'
import { featurize } from '#/clustering/featurize.ts'
import type { ClusterTree, TreeNode } from '#/clustering/tree.ts'
import { dataSets, findDataDir, readJsonLines } from '../../support/data.ts'
import { agreementOf } from './agreement.ts'

const dataDir = findDataDir()

// Needs the labelled customer questions; set TRACE_DATA_DIR where they are.
describe.skipIf(dataDir === undefined)('on BANKING77, the number of intents unknown', () => {
  const texts: string[] = []
  const intents: string[] = []
  let tree: ClusterTree

  beforeAll(async () => {
    const lines = readJsonLines<{ request_preview: string; labels: { intent: string } }>(
      join(dataDir!, dataSets.banking77),
    )
    for await (const line of lines) {
      texts.push(line.request_preview)
      intents.push(line.labels.intent)
    }
    tree = clusterTree(featurize(texts, { seed: 1 }), { seed: 1, texts })
  }, 120_000)

  test('the leaves agree with the intents', () => {
    const leafOf = new Int32Array(texts.length).fill(-1)
    let leaves = 0
    const visit = (node: TreeNode) => {
      for (const row of node.members) leafOf[row] = leaves
      if (node.children.length === 0) leaves++
      node.children.forEach(visit)
    }
    tree.roots.forEach(visit)
    const { ARI, NMI, ACC } = agreementOf(intents, leafOf)
    expect(ARI).toBeGreaterThanOrEqual(0.44)
    expect(NMI).toBeGreaterThanOrEqual(0.74)
    expect(ACC).toBeGreaterThanOrEqual(0.55)
  })

  test('at most one row in twenty is unassigned', () => {
    expect(tree.unassigned.length).toBeLessThanOrEqual(texts.length / 20)
  })

  test('every node has words of its own', () => {
    const visit = (node: TreeNode) => {
      expect(node.keywords.length).toBeGreaterThan(0)
      node.children.forEach(visit)
    }
    tree.roots.forEach(visit)
  })
})
