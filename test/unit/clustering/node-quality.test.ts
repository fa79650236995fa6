import { expect, test } from 'vitest'
import { clusterTree } from '#/clustering/cluster.ts'
import type { TreeNode } from '#/clustering/tree.ts'
import { gaussianBlobs } from './gaussian-blobs.ts'

const nodesOf = (nodes: readonly TreeNode[]): TreeNode[] => nodes.flatMap((node) => [node, ...nodesOf(node.children)])
const leavesOf = (nodes: readonly TreeNode[]): TreeNode[] => nodesOf(nodes).filter((node) => node.children.length === 0)

const clear = gaussianBlobs({ seed: 21, rows: 600, cols: 24, blobs: 8, noise: 0.2 }).vectors
const none = gaussianBlobs({ seed: 22, rows: 600, cols: 24, blobs: 1, noise: 6 }).vectors

test('clusters that stand apart come back from a part of the rows, and those of a shapeless cloud do not', () => {
  const apart = clusterTree(clear, { seed: 1, maxLeaves: 8, stability: true })
  const cloud = clusterTree(none, { seed: 1, stability: true })
  expect(apart.quality.stability).toBeGreaterThan(0.9)
  expect(cloud.quality.stability).toBeLessThan(0.5)
  for (const { quality } of nodesOf(cloud.roots)) {
    expect(quality.stability).toBeGreaterThan(0)
    expect(quality.stability).toBeLessThanOrEqual(1)
  }
})

test('the stability of the same rows and seed is the same number', () => {
  const measured = () => clusterTree(none, { seed: 1, stability: true }).quality
  expect(measured()).toEqual(measured())
})

test('stability is not measured unless asked for, nor where there are too few rows for the leaves', () => {
  expect(clusterTree(clear, { seed: 1 }).quality.stability).toBeNull()
  const { vectors } = gaussianBlobs({ seed: 23, rows: 16, cols: 24, blobs: 4, noise: 0.2 })
  expect(clusterTree(vectors, { seed: 1, stability: true }).quality.stability).toBeNull()
})

test('the silhouette of the whole is the mean of its leaves by their sizes', () => {
  const { roots, quality } = clusterTree(none, { seed: 1 })
  const leaves = leavesOf(roots)
  const rows = leaves.reduce((sum, leaf) => sum + leaf.size, 0)
  const mean = leaves.reduce((sum, leaf) => sum + leaf.size * leaf.quality.silhouette, 0) / rows
  expect(quality.silhouette).toBeCloseTo(mean, 6)
  expect(clusterTree(clear, { seed: 1, maxLeaves: 8 }).quality.silhouette).toBeGreaterThan(0.8)
})

test('a cluster next to which rows were left out covers less than all of its neighbourhood', () => {
  const rows = clear.rows + 12
  const vectors = { data: new Float32Array(rows * 24), rows, cols: 24 }
  vectors.data.set(clear.data)
  const far = gaussianBlobs({ seed: 24, rows: 12, cols: 24, blobs: 12, noise: 3 }).vectors
  vectors.data.set(far.data, clear.data.length)
  const { roots, unassigned, quality } = clusterTree(vectors, { seed: 1, maxLeaves: 8 })
  expect(unassigned.length).toBeGreaterThan(0)
  expect(quality.coverage).toBeCloseTo(1 - unassigned.length / rows, 6)
  // Each row left out is near exactly one leaf.
  const leftOut = leavesOf(roots).reduce((sum, leaf) => sum + leaf.size / leaf.quality.coverage - leaf.size, 0)
  expect(leftOut).toBeCloseTo(unassigned.length, 3)
})

test('a row between two clusters is borderline in one and names the other', () => {
  const { roots } = clusterTree(clear, { seed: 1, maxLeaves: 8 })
  const leaves = leavesOf(roots)
  for (const leaf of leaves) {
    expect(leaf.borderline.length).toBeGreaterThan(0)
    for (const { next } of leaf.borderline) {
      expect(next).not.toBe(leaf.path)
      expect(leaves.map(({ path }) => path)).toContain(next)
    }
  }
})
