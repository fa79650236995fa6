import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clusterTree } from '#/clustering/cluster.ts'
import { featurize } from '#/clustering/text/featurize.ts'
import { createMatrix, type Matrix } from '#/clustering/matrix/matrix.ts'
import { projectMap } from '#/clustering/map.ts'
import { leavesOf, type ClusterTree, type TreeNode } from '#/clustering/tree.ts'
import { gaussianBlobs } from './gaussian-blobs.ts'

const innerOf = (nodes: readonly TreeNode[]): TreeNode[] =>
  nodes.flatMap((node) => (node.children.length === 0 ? [] : [node, ...innerOf(node.children)]))

/** What must hold of any tree over `rows` rows. */
function expectSane(tree: ClusterTree, rows: number): void {
  const seen = [...leavesOf(tree.roots).flatMap((leaf) => leaf.members), ...tree.unassigned.map(({ row }) => row)]
  expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, row) => row))
  const check = (nodes: readonly TreeNode[], parent: string) => {
    nodes.forEach((node, i) => {
      expect(node.path).toBe(parent === '' ? `${i + 1}` : `${parent}.${i + 1}`)
      expect(node.size).toBe(
        node.children.length === 0 ? node.members.length : node.children.reduce((sum, child) => sum + child.size, 0),
      )
      expect(node.children.length).not.toBe(1)
      expect(node.size).toBeGreaterThan(0)
      if (node.children.length > 0) expect(node.members).toEqual([])
      if (i > 0) expect(node.size).toBeLessThanOrEqual(nodes[i - 1]!.size)
      const own = new Set(leavesOf([node]).flatMap((leaf) => leaf.members))
      const shown = [...node.representatives, ...node.borderline.map(({ row }) => row), ...node.extremes]
      for (const row of shown) expect(own.has(row)).toBe(true)
      const inside = new Set(leavesOf([node]).map(({ path }) => path))
      for (const { next } of node.borderline) expect(inside.has(next)).toBe(false)
      for (const row of node.neighbours) expect(own.has(row)).toBe(false)
      expect(node.representatives.length).toBeGreaterThan(0)
      check(node.children, node.path)
    })
  }
  check(tree.roots, '')
  const unassigned = new Set(tree.unassigned.map(({ row }) => row))
  tree.distances.forEach((distance, row) => expect(Number.isNaN(distance)).toBe(unassigned.has(row)))
}

describe('any input', () => {
  test('every row is in exactly one leaf or unassigned, and sizes add up', () => {
    const matrices = fc
      .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 5 }))
      .chain(([rows, cols]) =>
        fc
          .array(fc.integer({ min: -4, max: 4 }), { minLength: rows * cols, maxLength: rows * cols })
          .map((values): Matrix => ({ data: Float32Array.from(values), rows, cols })),
      )
    const shapes = fc.record(
      {
        levels: fc.integer({ min: 1, max: 4 }),
        maxLeaves: fc.integer({ min: 1, max: 20 }),
        minSize: fc.integer({ min: 1, max: 5 }),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(matrices, shapes, (matrix, shape) => {
        const tree = clusterTree(matrix, { seed: 1, ...shape })
        expectSane(tree, matrix.rows)
        if (shape.maxLeaves !== undefined) expect(leavesOf(tree.roots).length).toBeLessThanOrEqual(shape.maxLeaves)
        const map = projectMap(matrix, tree, { seed: 1 })
        for (const value of map.data) expect(Math.abs(value)).toBeLessThanOrEqual(1)
      }),
      { numRuns: 60 },
    )
  })

  test('the order of the rows changes nothing', () => {
    const { vectors } = gaussianBlobs({ seed: 3, rows: 300, cols: 12, blobs: 20, noise: 0.6 })
    const shuffled = createMatrix(300, 12)
    // 77 and 300 have no common divisor, so this visits every row once.
    const order = Array.from({ length: 300 }, (_, row) => (row * 77) % 300)
    order.forEach((row, i) => shuffled.data.set(vectors.data.subarray(row * 12, row * 12 + 12), i * 12))
    const plain = leavesOf(clusterTree(vectors, { seed: 1 }).roots).map((leaf) => leaf.members)
    const again = leavesOf(clusterTree(shuffled, { seed: 1 }).roots).map((leaf) =>
      leaf.members.map((row) => order[row]!).sort((a, b) => a - b),
    )
    const key = (members: number[][]) => members.map((leaf) => leaf.join(',')).sort()
    expect(key(again)).toEqual(key(plain))
  })

  test('the same rows, options and seed give the same bytes', () => {
    const { vectors } = gaussianBlobs({ seed: 9, rows: 500, cols: 16, blobs: 30, noise: 0.8 })
    const first = JSON.stringify(clusterTree(vectors, { seed: 7 }))
    expect(JSON.stringify(clusterTree(vectors, { seed: 7 }))).toBe(first)
  })
})

describe('small inputs', () => {
  test('no rows give an empty tree', () => {
    const tree = clusterTree(createMatrix(0, 8), { seed: 1 })
    expect(tree.roots).toEqual([])
    expect(tree.unassigned).toEqual([])
  })

  test('one row is one cluster', () => {
    const tree = clusterTree({ data: Float32Array.of(1, 2), rows: 1, cols: 2 }, { seed: 1, texts: ['a lost parcel'] })
    expect(tree.roots).toMatchObject([{ path: '1', members: [0], size: 1, children: [] }])
  })

  test.each([2, 5, 20, 50])('%i rows give a short flat list or a shallow tree', (rows) => {
    const { vectors } = gaussianBlobs({ seed: rows, rows, cols: 10, blobs: Math.min(rows, 4) })
    const tree = clusterTree(vectors, { seed: 1 })
    expectSane(tree, rows)
    expect(tree.roots.length).toBeLessThanOrEqual(12)
  })
})

describe('odd inputs', () => {
  test('a value that is not finite is refused with its row', () => {
    const vectors = { data: Float32Array.of(1, 0, Number.NaN, 1), rows: 2, cols: 2 }
    expect(() => clusterTree(vectors, { seed: 1 })).toThrow(
      new RangeError('Row 1 holds a value that is not a finite number.'),
    )
  })

  test('texts that do not match the rows are refused', () => {
    expect(() => clusterTree(createMatrix(2, 2), { seed: 1, texts: ['one'] })).toThrow('There are 2 rows but 1 texts.')
  })

  test('rows of zeros are unassigned', () => {
    const tree = clusterTree(createMatrix(3, 4), { seed: 1 })
    expect(tree.roots).toEqual([])
    expect(tree.unassigned.map(({ reason }) => reason)).toEqual(['empty', 'empty', 'empty'])
  })

  test('texts that say nothing are unassigned with the reason', () => {
    const vectors = createMatrix(4, 2)
    vectors.data.fill(1)
    const tree = clusterTree(vectors, { seed: 1, texts: ['  ', '!?', 'where is my order', 'ok'] })
    expect(tree.unassigned).toEqual([
      { row: 0, reason: 'empty' },
      { row: 1, reason: 'too_short' },
      { row: 3, reason: 'too_short' },
    ])
  })

  test('a text of a million characters and empty ones stand beside the others', () => {
    const asks = ['where is my parcel', 'my parcel is late', 'cancel my order', 'please cancel the order']
    const texts = [
      ...Array.from({ length: 40 }, (_, i) => `${asks[i % 4]} ${i}`),
      'my parcel '.repeat(100_000),
      '',
      '\u0000',
    ]
    const tree = clusterTree(featurize(texts, { seed: 1 }), { seed: 1, texts })
    expectSane(tree, texts.length)
    expect(tree.unassigned.map(({ row, reason }) => [row, reason])).toEqual([
      [41, 'empty'],
      [42, 'too_short'],
    ])
  })

  test('a hundred equal rows are one cluster', () => {
    const vectors = createMatrix(100, 3)
    vectors.data.fill(0.5)
    expect(clusterTree(vectors, { seed: 1 }).roots).toMatchObject([{ size: 100, children: [] }])
  })
})

describe('shape', () => {
  test('many themes become two or three levels of three to twelve children', () => {
    const { vectors } = gaussianBlobs({ seed: 11, rows: 2_000, cols: 24, blobs: 80, noise: 0.5 })
    const tree = clusterTree(vectors, { seed: 1 })
    expectSane(tree, 2_000)
    expect(tree.roots.length).toBeLessThanOrEqual(14)
    for (const node of innerOf(tree.roots)) expect(node.children.length).toBeLessThanOrEqual(12)
    expect(leavesOf(tree.roots).length).toBeGreaterThan(60)
    expect(leavesOf(tree.roots).length).toBeLessThan(110)
  })

  test('one level on request', () => {
    const { vectors } = gaussianBlobs({ seed: 12, rows: 400, cols: 24, blobs: 30, noise: 0.5 })
    for (const root of clusterTree(vectors, { seed: 1, levels: 1 }).roots) expect(root.children).toEqual([])
  })

  test('no leaf is smaller than asked for', () => {
    const { vectors } = gaussianBlobs({ seed: 13, rows: 400, cols: 24, blobs: 30, noise: 0.5 })
    for (const leaf of leavesOf(clusterTree(vectors, { seed: 1, minSize: 12 }).roots)) {
      expect(leaf.size).toBeGreaterThanOrEqual(12)
    }
  })

  test('nine thousand rows take the way through micro-clusters and find the same themes', () => {
    const { vectors, labels } = gaussianBlobs({ seed: 14, rows: 9_000, cols: 16, blobs: 10, noise: 0.3 })
    const tree = clusterTree(vectors, { seed: 1 })
    expectSane(tree, 9_000)
    for (const leaf of leavesOf(tree.roots)) {
      expect(new Set(leaf.members.map((row) => labels[row])).size).toBe(1)
    }
  })
})
