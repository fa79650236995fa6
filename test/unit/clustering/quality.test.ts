import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { clusterTree } from '#/clustering/cluster.ts'
import { featurize } from '#/clustering/text/featurize.ts'
import { createRandom } from '#/clustering/random.ts'
import type { ClusterTree, TreeNode } from '#/clustering/tree.ts'
import { dataSets, findDataDir, readJsonLines } from '../../support/data.ts'
import { agreementOf } from './agreement.ts'

const dataDir = findDataDir()

// Needs the labelled customer questions; set TRACE_DATA_DIR where they are.
describe.skipIf(dataDir === undefined)('on BANKING77, the number of intents unknown', () => {
  /** The leaf of every row, -1 where it has none. */
  const leafOf = (tree: ClusterTree): Int32Array => {
    const leaves = new Int32Array(texts.length).fill(-1)
    let count = 0
    const visit = (node: TreeNode) => {
      for (const row of node.members) leaves[row] = count
      if (node.children.length === 0) count++
      node.children.forEach(visit)
    }
    tree.roots.forEach(visit)
    return leaves
  }
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
    const { ARI, NMI, ACC } = agreementOf(intents, leafOf(tree))
    expect(ARI).toBeGreaterThanOrEqual(0.44)
    expect(NMI).toBeGreaterThanOrEqual(0.74)
    expect(ACC).toBeGreaterThanOrEqual(0.56)
  })

  test('at most one row in twenty is unassigned', () => {
    expect(tree.unassigned.length).toBeLessThanOrEqual(texts.length / 20)
  })

  test('of two hundred planted texts of random letters at least four fifths are found', () => {
    const random = createRandom(5)
    const letters = () => String.fromCharCode(97 + Math.floor(random() * 26))
    const word = () => Array.from({ length: 3 + Math.floor(random() * 7) }, letters).join('')
    const planted = Array.from({ length: 200 }, () => Array.from({ length: 8 }, word).join(' '))
    const all = [...texts, ...planted]
    const { unassigned } = clusterTree(featurize(all, { seed: 1 }), { seed: 1, texts: all })
    expect(unassigned.filter(({ row }) => row >= texts.length).length).toBeGreaterThanOrEqual(160)
    expect(unassigned.filter(({ row }) => row < texts.length).length).toBeLessThanOrEqual(texts.length / 20)
  }, 60_000)

  test('without a tenth of the texts the rest comes together nearly as before', () => {
    const kept = texts.flatMap((_, row) => (row % 10 === 7 ? [] : [row]))
    const keptTexts = kept.map((row) => texts[row]!)
    const again = leafOf(clusterTree(featurize(keptTexts, { seed: 1 }), { seed: 1, texts: keptTexts }))
    const leaves = leafOf(tree)
    const before = kept.map((row) => leaves[row]!)
    expect(agreementOf(before, again.subarray(0, kept.length)).ARI).toBeGreaterThanOrEqual(0.7)
  }, 60_000)

  test('the seed matters only where texts are sampled: here another one gives the same leaves', () => {
    const other = clusterTree(featurize(texts, { seed: 2 }), { seed: 2, texts })
    expect(agreementOf(Array.from(leafOf(tree)), leafOf(other)).ARI).toBeGreaterThanOrEqual(0.9)
  }, 60_000)

  test('most inner nodes have five to twelve children, nearly all three to twelve, none one', () => {
    const counts: number[] = []
    const visit = (node: TreeNode) => {
      if (node.children.length > 0) counts.push(node.children.length)
      node.children.forEach(visit)
    }
    tree.roots.forEach(visit)
    const shareOf = (least: number) => counts.filter((count) => count >= least && count <= 12).length / counts.length
    expect(shareOf(5)).toBeGreaterThanOrEqual(0.7)
    expect(shareOf(3)).toBeGreaterThanOrEqual(0.95)
    expect(counts).not.toContain(1)
  })

  test('every node has words of its own', () => {
    const visit = (node: TreeNode) => {
      expect(node.keywords.length).toBeGreaterThan(0)
      node.children.forEach(visit)
    }
    tree.roots.forEach(visit)
  })
})
