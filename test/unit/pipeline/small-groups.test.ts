import { expect, test } from 'vitest'
import type { ClusterTree, TreeNode } from '#/clustering/tree.ts'
import { assessmentId } from '#/pipeline/ids.ts'
import { nodesToName } from '#/pipeline/group.ts'
import { createBuiltinAnalyst } from '#/pipeline/builtin/analyst.ts'
import { noUsage } from '#/pipeline/insight.ts'
import { runInsight } from '#/pipeline/run.ts'
import { hideSmallGroups } from '#/pipeline/small-groups.ts'
import type { Analyst, NodeToName } from '#/pipeline/ports.ts'
import { createPlainAnalyst, createPlainWorld, detailsOf, plainSpec, traceSaying } from '#/test/support/plain-world.ts'

const { signal } = new AbortController()
const quality = { silhouette: 0.5, coverage: 1, stability: null }

const traces = [
  ...Array.from({ length: 2 }, (_, at) => traceSaying(`tr-z${at}`, `zebra adoption of the mayor ${at}`)),
  ...Array.from({ length: 8 }, (_, at) => traceSaying(`tr-r${at}`, `refund of order ${at}`)),
]

/** Tells of every trace and of every group it is shown, in text and key points. */
const quotesAll: Analyst['writeOverview'] = async ({ clusters, examples }) => ({
  text: [...examples.values()].map(({ summary }) => `${summary.title} ${summary.text}`).join(' '),
  keyPoints: [...examples.values()].map(({ traceId, summary }) => ({
    text: summary.title,
    share: 0.1,
    clusterIds: clusters.map(({ id }) => id),
    evidence: summary.evidence.map((item) => ({ traceId, ...item })),
  })),
  usage: noUsage,
  by: 'plain',
  source: 'model',
})

function nodeOf(path: string, rows: number[], children: TreeNode[] = []): TreeNode {
  return {
    path,
    members: children.length === 0 ? rows : [],
    size: rows.length,
    children,
    representatives: rows.slice(0, 2),
    borderline: rows.slice(0, 1).map((row) => ({ row, next: '1.1' })),
    extremes: rows.slice(-1),
    neighbours: [0, 9],
    keywords: [`word ${path}`],
    quality,
  }
}

function treeOf(roots: TreeNode[]): ClusterTree {
  return { roots, unassigned: [], distances: new Float32Array(10), quality }
}

test.each([
  ['an analyst that quotes whatever it is given', quotesAll],
  ['the built-in analyst', createBuiltinAnalyst().writeOverview],
])('with %s, a group below the minimum is a count and nothing of it is told', async (_, writeOverview) => {
  const plain = createPlainAnalyst()
  const asked: NodeToName[] = []
  const world = createPlainWorld(traces, {
    writeOverview,
    nameClusters: async (input, options) => {
      asked.push(...input.nodes)
      return plain.nameClusters(input, options)
    },
  })
  const { counts } = await runInsight({ runId: 'r1', spec: { ...plainSpec, minShownSize: 3 } }, world, { signal })
  const details = detailsOf(world)

  const small = details.clusters.find(({ size }) => size === 2)
  const large = details.clusters.find(({ size }) => size === 8)
  const title = `Small group ${small?.id} (hidden)`
  expect(small).toEqual({
    id: expect.any(String),
    title,
    summary: '',
    size: 2,
    share: 0.2,
    trace_ids: expect.toSatisfy((ids: string[]) => ids.toSorted().join() === 'tr-z0,tr-z1'),
    representative_trace_ids: [],
    evidence: [],
    keywords: [],
    metrics: { error_rate: 0, outcomes: {}, languages: {} },
    quality: { silhouette: null, stability: null, coverage: null },
    examples: [],
    hidden: true,
    children: [],
  })
  expect(large).toMatchObject({ title: expect.stringContaining('refund') })
  expect(large).not.toHaveProperty('hidden')
  expect(counts).toMatchObject({ summarized: 10, clustered: 10, unassigned: 0 })
  expect(JSON.stringify(details)).not.toMatch(/zebra|mayor/)
  expect(JSON.stringify(asked)).not.toMatch(/zebra|mayor/)
  expect(JSON.stringify(world.tracking.run)).not.toMatch(/zebra|mayor/)
  expect(JSON.stringify(world.checkpoints.clusters())).not.toMatch(/zebra|mayor/)

  const { rationale, metadata } = world.tracking.assessments.get(assessmentId('r1', 'tr-z0'))!
  expect(rationale).toBe(`In “${title}”: the group is too small to be shown.`)
  expect(metadata).toMatchObject({
    'mlflow.insights.cluster_id': `r1/${small?.id}`,
    'mlflow.insights.cluster_path': title,
  })
})

test('a group of exactly the minimum is shown, and without a minimum every group is', async () => {
  for (const spec of [{ ...plainSpec, minShownSize: 2 }, plainSpec]) {
    const world = createPlainWorld(traces)
    await runInsight({ runId: 'r1', spec }, world, { signal })
    expect(
      detailsOf(world)
        .clusters.map(({ title }) => title)
        .toSorted(),
    ).toEqual([expect.stringContaining('refund'), expect.stringContaining('zebra')])
  }
})

test('the traces of a hidden leaf stand for no cluster above or beside it', () => {
  const tree = treeOf([
    nodeOf('1', [0, 1, 2, 3, 4], [nodeOf('1.1', [0, 1]), nodeOf('1.2', [2, 3, 4])]),
    nodeOf('2', [5, 6, 7, 8, 9]),
  ])
  const { tree: guarded, hidden } = hideSmallGroups(tree, 3)
  expect([...hidden]).toEqual(['1.1'])
  const [first, second] = guarded.roots
  expect(first).toMatchObject({ representatives: [2, 3], borderline: [], extremes: [4], neighbours: [9] })
  expect(second).toMatchObject({ representatives: [5, 6], borderline: [], neighbours: [9] })
  expect(nodesToName(guarded, [], hidden).map(({ id, childIds }) => [id, childIds])).toEqual([
    ['1', ['1.2']],
    ['1.2', []],
    ['2', []],
  ])
})

test('a cluster of which no part is shown is hidden too', () => {
  const tree = treeOf([nodeOf('1', [0, 1, 2, 3], [nodeOf('1.1', [0, 1]), nodeOf('1.2', [2, 3])])])
  const { tree: guarded, hidden, hiddenRows } = hideSmallGroups(tree, 3)
  expect([...hidden].toSorted()).toEqual(['1', '1.1', '1.2'])
  expect([...hiddenRows]).toEqual([0, 1, 2, 3])
  expect(guarded.roots[0]).toMatchObject({ size: 4, keywords: [], representatives: [] })
})
