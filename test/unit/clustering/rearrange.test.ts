import { expect, test } from 'vitest'
import { clusterTree } from '#/clustering/cluster.ts'
import { groupingQuality } from '#/clustering/shape/grouping-quality.ts'
import { createMatrix, rowOf, type Matrix } from '#/clustering/matrix/matrix.ts'
import { rearrangeTree } from '#/clustering/rearrange.ts'
import type { ClusterTree, TreeNode } from '#/clustering/tree.ts'
import { gaussianBlobs } from './gaussian-blobs.ts'

const flatten = (nodes: readonly TreeNode[]): TreeNode[] => nodes.flatMap((node) => [node, ...flatten(node.children)])
const leavesBelow = (node: TreeNode): TreeNode[] => flatten([node]).filter(({ children }) => children.length === 0)
/** What holds of leaves whatever is above them: their members. */
const leafSets = (tree: ClusterTree): string[] =>
  tree.roots.flatMap(leavesBelow).map(({ members }) => members.join(' ')).toSorted() // prettier-ignore

/** Three directions, and four blobs of ten rows near each. */
function threeThemes(): { vectors: Matrix; blobOf: (row: number) => number } {
  const { vectors: offsets } = gaussianBlobs({ seed: 3, rows: 12, cols: 8, blobs: 12 })
  const { vectors: noise } = gaussianBlobs({ seed: 4, rows: 120, cols: 8, blobs: 120 })
  const vectors = createMatrix(120, 8)
  for (let row = 0; row < 120; row++) {
    const blob = Math.floor(row / 10)
    const own = rowOf(vectors, row)
    own[Math.floor(blob / 4)] = 1
    own.forEach((value, k) => (own[k] = value + 0.25 * rowOf(offsets, blob)[k]! + 0.03 * rowOf(noise, row)[k]!))
  }
  return { vectors, blobOf: (row) => Math.floor(row / 10) }
}

/** A tree whose leaves are the blobs and whose roots hold the blobs listed. */
function treeOver(roots: readonly (readonly number[])[]): ClusterTree {
  const base = { borderline: [], extremes: [], neighbours: [], keywords: [], representatives: [] }
  const quality = { silhouette: 0, coverage: 1, stability: 0.5 }
  return {
    roots: roots.map((blobs, i) => ({
      ...base,
      path: `${i + 1}`,
      members: [],
      size: blobs.length * 10,
      quality: { ...quality },
      children: blobs.map((blob, j) => ({
        ...base,
        path: `${i + 1}.${j + 1}`,
        members: Array.from({ length: 10 }, (_, k) => blob * 10 + k),
        size: 10,
        quality: { ...quality },
        children: [],
      })),
    })),
    unassigned: [],
    distances: new Float32Array(120),
    quality: { silhouette: 0, coverage: 1, stability: 0.5 },
  }
}

test('a group that stands with strangers goes where it is wished to, and everything said about the nodes follows', () => {
  const { vectors, blobOf } = threeThemes()
  const tree = treeOver([
    [0, 1, 2, 3, 4],
    [5, 6, 7],
    [8, 9, 10, 11],
  ])
  const { tree: better, was } = rearrangeTree(vectors, tree, [{ paths: ['1.5'], to: '2' }])
  const blobs = better.roots.map((root) => leavesBelow(root).map(({ members }) => blobOf(members[0]!)).sort((a, b) => a - b)) // prettier-ignore
  expect(blobs.sort((a, b) => a[0]! - b[0]!)).toEqual([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]) // prettier-ignore
  for (const root of better.roots) {
    expect(root.size).toBe(40)
    const own = new Set(leavesBelow(root).flatMap(({ members }) => members))
    expect(root.representatives.every((row) => own.has(row))).toBe(true)
    expect(root.neighbours.some((row) => own.has(row))).toBe(false)
  }
  const third = better.roots.find((root) => was.get(root.path) === '3')
  expect(third?.quality.stability).toBe(0.5)
  const changed = better.roots.filter((root) => !was.has(root.path))
  expect(changed.map(({ quality }) => quality.stability)).toEqual([null, null])
  expect(leafSets(better)).toEqual(leafSets(tree))
})

test('a wish that makes the grouping worse is not granted, and the tree is the same as before', () => {
  const { vectors } = threeThemes()
  const tree = treeOver([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]) // prettier-ignore
  expect(rearrangeTree(vectors, tree, [{ paths: ['1.1'], to: '2' }]).tree).toBe(tree)
  expect(rearrangeTree(vectors, tree, [{ paths: ['2.1', '2.2', '2.3', '2.4'], to: '1' }]).tree).toBe(tree)
})

test('two groups of one theme become one, and the emptied one is gone', () => {
  const { vectors } = threeThemes()
  const tree = treeOver([[0, 1], [2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]) // prettier-ignore
  const { tree: merged } = rearrangeTree(vectors, tree, [{ paths: ['2.1', '2.2'], to: '1' }])
  expect(merged.roots.map(({ size }) => size)).toEqual([40, 40, 40])
})

test.each([
  ['leaves a node with one child', [[0, 1, 4], [5, 6], [2, 3]], { paths: ['2.1'], to: '1' }],
  ['leaves one root only', [[0, 1, 2, 3], [4, 5, 6, 7]], { paths: ['2.1', '2.2', '2.3', '2.4'], to: '1' }],
  ['names a node that is not there', [[0, 1, 4], [5, 6, 7], [2, 3]], { paths: ['9.9'], to: '2' }],
  ['moves a group to the top', [[0, 1, 4], [5, 6, 7], [2, 3]], { paths: ['1.3'], to: '' }],
  ['moves a group below a leaf', [[0, 1, 4], [5, 6, 7], [2, 3]], { paths: ['1.3'], to: '2.1' }],
  ['moves a group below itself', [[0, 1, 4], [5, 6, 7], [2, 3]], { paths: ['1'], to: '1' }],
])('a wish that %s is not granted', (_, roots, wish) => {
  const tree = treeOver(roots)
  expect(rearrangeTree(threeThemes().vectors, tree, [wish]).tree).toBe(tree)
}) // prettier-ignore

test('what clustering made comes back whole after any wishes: every row once, no node of one child, quality no lower', () => {
  const { vectors } = gaussianBlobs({ seed: 5, rows: 900, cols: 12, blobs: 45, noise: 0.9 })
  const tree = clusterTree(vectors, { seed: 1, levels: 3 })
  const inner = tree.roots.flatMap(({ children }) => children)
  const wishes = inner.flatMap((from) =>
    from.children.flatMap((child) => inner.map((to) => ({ paths: [child.path], to: to.path }))),
  )
  const { tree: after } = rearrangeTree(vectors, tree, wishes)
  expect(after).not.toBe(tree)
  const rows = (some: ClusterTree) => flatten(some.roots).flatMap(({ members }) => members)
  expect(rows(after).toSorted((a, b) => a - b)).toEqual(rows(tree).toSorted((a, b) => a - b))
  for (const node of flatten(after.roots)) expect(node.children.length).not.toBe(1)
  expect(topQuality(vectors, after)).toBeGreaterThanOrEqual(topQuality(vectors, tree) - 1e-6)
})

/** Of both upper levels together, from scratch. */
function topQuality(vectors: Matrix, tree: ClusterTree): number {
  const leaves = flatten(tree.roots).filter(({ children }) => children.length === 0)
  const centres = createMatrix(leaves.length, vectors.cols)
  leaves.forEach(({ members }, leaf) => {
    const centre = rowOf(centres, leaf)
    for (const row of members) rowOf(vectors, row).forEach((value, k) => (centre[k] = centre[k]! + value))
    const length = Math.hypot(...centre)
    centre.forEach((value, k) => (centre[k] = value / length))
  })
  return [1, 2]
    .map((depth) => {
      const names = leaves.map(({ path }) => path.split('.').slice(0, depth).join('.'))
      const numbers = [...new Set(names)]
      return groupingQuality(
        centres,
        names.map((name) => numbers.indexOf(name)),
      )
    })
    .reduce((sum, value) => sum + value, 0)
}

test('the quality of a grouping is the mean silhouette by cosine distance', () => {
  const centres = createMatrix(3, 2)
  centres.data.set([1, 0, 0.8, 0.6, 0, 1])
  // Distances: 0.2 within the pair, 1 and 0.4 to the third, which is alone.
  expect(groupingQuality(centres, [0, 0, 1])).toBeCloseTo((0.8 / 1 + 0.2 / 0.4 + 0) / 3, 6)
  expect(groupingQuality(centres, [0, 0, 0])).toBe(0)
})
