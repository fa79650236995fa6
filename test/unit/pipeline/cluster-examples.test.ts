import { expect, test } from 'vitest'
import { toExamples } from '#/pipeline/cluster-examples.ts'
import { aRecord } from '#/test/support/insight-rows.ts'
import type { TreeNode } from '#/clustering/tree.ts'

const records = Array.from({ length: 20 }, (_, row) => aRecord(row))
const node: TreeNode = {
  path: '1',
  members: records.map((_, row) => row),
  size: 20,
  children: [],
  representatives: [4, 2, 0, 9, 7, 5, 6],
  borderline: [
    { row: 19, next: '2' },
    { row: 4, next: '2' },
    { row: 18, next: '3' },
  ],
  extremes: [19, 17, 16],
  neighbours: [],
  keywords: [],
  quality: { silhouette: 0, coverage: 1, stability: null },
}
const context = {
  titleOf: (path: string) => ({ '2': 'Late parcels', '3': 'Refunds' })[path] ?? path,
  distances: Float32Array.from({ length: 20 }, (_, row) => row / 20),
}

test('typical members come first, then those near another cluster with its name, then those farthest out; each once', () => {
  const examples = toExamples(node, records, context)
  expect(
    examples.map(({ traceId, role }) => [records.findIndex((record) => record.traceId === traceId), role]),
  ).toEqual([
    [4, 'representative'],
    [2, 'representative'],
    [0, 'representative'],
    [9, 'representative'],
    [7, 'representative'],
    [19, 'borderline'],
    [18, 'borderline'],
    [17, 'extreme'],
    [16, 'extreme'],
  ])
  expect(examples[5]?.reason).toBe('Nearly as close to “Late parcels”.')
  expect(examples[7]?.reason).toContain('0.85')
})

test('in a small cluster hardly anything is called borderline or extreme', () => {
  const small = { ...node, size: 3, members: [4, 2, 19], representatives: [4, 2, 19] }
  expect(toExamples(small, records, context).map(({ role }) => role)).toEqual([
    'representative',
    'representative',
    'representative',
  ])
})
