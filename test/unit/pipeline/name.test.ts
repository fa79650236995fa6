import { expect, test } from 'vitest'
import type { Rearrangement } from '#/clustering/rearrange.ts'
import type { TreeNode } from '#/clustering/tree.ts'
import { noUsage } from '#/pipeline/insight.ts'
import type { Analyst, Group, NodeToName, Rearrange } from '#/pipeline/ports.ts'
import { runInsight } from '#/pipeline/run.ts'
import { createPlainWorld, detailsOf, groupByFirstWord, plainSpec, traceSaying } from '#/test/support/plain-world.ts'

const { signal } = new AbortController()
const traces = ['refund', 'parcel', 'invoice', 'address'].flatMap((word) =>
  [1, 2, 3].map((at) => traceSaying(`tr-${word}-${at}`, `${word} number ${at}`)),
)

/** The flat groups by first word, two and two below an upper one. */
const inPairs: Group = async (vectors, options, extra) => {
  const { tree, map } = await groupByFirstWord(vectors, options, extra)
  // Summaries come in the order in which they were ready.
  const byWord = tree.roots.toSorted((x, y) => (x.keywords.join() < y.keywords.join() ? -1 : 1))
  const [a, b, c, d] = byWord as [TreeNode, TreeNode, TreeNode, TreeNode]
  return { map, tree: { ...tree, roots: [above('1', [a, b]), above('2', [c, d])] } }
}

function above(path: string, children: readonly TreeNode[]): TreeNode {
  return {
    ...children[0]!,
    path,
    members: [],
    size: children.reduce((sum, { size }) => sum + size, 0),
    children: children.map((child, i) => ({ ...child, path: `${path}.${i + 1}` })),
  }
}

test('names are given to the groups as they were rearranged; a later attempt grants the same wishes and asks nobody', async () => {
  const wishes: Rearrangement[] = [{ paths: ['1.2'], to: '2' }]
  const granted: (readonly Rearrangement[])[] = []
  let asked = 0
  const titleOf = ({ members, childIds }: NodeToName) => `${childIds.length} ${members[0]?.summary.title.split(' ')[0]}`
  const analyst: Partial<Analyst> = {
    nameClusters: async ({ rearrange }) => {
      asked++
      const { nodes } = await rearrange!(wishes)
      return {
        names: nodes.map((node) => ({ id: node.id, title: titleOf(node), summary: '' })),
        usage: noUsage,
        wishes,
      }
    },
  }
  const rearrange: Rearrange = async (_vectors, { tree, wishes: wished }) => {
    granted.push(wished)
    const [first, second] = tree.roots as [TreeNode, TreeNode]
    const [stays, goes] = first.children as [TreeNode, TreeNode]
    return {
      tree: { ...tree, roots: [above('1', [...second.children, goes]), { ...stays, path: '2' }] },
      was: new Map(),
    }
  }
  const world = { ...createPlainWorld(traces, analyst), group: inPairs, rearrange }
  const shapeOf = () => detailsOf(world).clusters.map(({ id, title, size, children }) => [id, title, size, children.map((child) => [child.id, child.title])]) // prettier-ignore
  const down: Analyst['writeOverview'] = () => Promise.reject(new Error('killed'))
  const first = runInsight({ runId: 'r1', spec: plainSpec }, { ...world, analyst: { ...world.analyst, writeOverview: down } }, { signal }) // prettier-ignore
  await expect(first).rejects.toThrow('killed')
  await runInsight({ runId: 'r1', spec: plainSpec }, world, { signal })
  expect(shapeOf()).toEqual([
    ['1', '3 parcel', 9, [['1.1', '0 parcel'], ['1.2', '0 refund'], ['1.3', '0 invoice']]],
    ['2', '0 address', 3, []],
  ]) // prettier-ignore
  expect(asked).toBe(1)
  expect(granted).toEqual([wishes, wishes])
})
