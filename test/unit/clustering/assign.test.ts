import { expect, test } from 'vitest'
import { assignToTree, toLeafModel } from '#/clustering/compare/assign.ts'
import { clusterTree } from '#/clustering/cluster.ts'
import { createMatrix } from '#/clustering/matrix/matrix.ts'
import { takeRows } from '#/clustering/matrix/take-rows.ts'
import { gaussianBlobs } from './gaussian-blobs.ts'

const { vectors, labels } = gaussianBlobs({ seed: 31, rows: 1_200, cols: 24, blobs: 12, noise: 0.35 })
// The twelfth theme is not known yet; of the others every fifth row comes later.
const isLater = (row: number) => labels[row] === 11 || row % 5 === 0
const rows = Array.from({ length: vectors.rows }, (_, row) => row)
const earlier = rows.filter((row) => !isLater(row))
const known = takeRows(vectors, earlier)
const tree = clusterTree(known, { seed: 1, maxLeaves: 11, levels: 1 })
// Asked for one level of themes, the roots are the leaves.
const model = toLeafModel(known, tree.roots)

test('members are placed in their own leaf at the distance the tree gives them', () => {
  const pathOf = new Map(tree.roots.flatMap((leaf) => leaf.members.map((row) => [row, leaf.path] as const)))
  assignToTree(known, model).forEach((placement, row) => {
    if (pathOf.has(row)) expect(placement?.path).toBe(pathOf.get(row))
    if (pathOf.has(row)) expect(placement?.distance).toBeCloseTo(tree.distances[row]!, 4)
  })
})

test('later rows of known themes go to their theme, and hardly any is called new', () => {
  const later = rows.filter((row) => isLater(row) && labels[row] !== 11)
  const themeOf = new Map(tree.roots.map((leaf) => [leaf.path, labels[earlier[leaf.representatives[0]!]!]]))
  const placed = assignToTree(takeRows(vectors, later), model)
  const right = placed.filter((placement, i) => themeOf.get(placement!.path) === labels[later[i]!])
  expect(right.length).toBeGreaterThanOrEqual(0.98 * later.length)
  expect(placed.filter((placement) => placement!.novelty > 1).length).toBeLessThanOrEqual(0.06 * later.length)
})

test('rows of a theme that was not there before say so', () => {
  const unheard = assignToTree(
    takeRows(
      vectors,
      rows.filter((row) => labels[row] === 11),
    ),
    model,
  )
  expect(unheard.filter((placement) => placement!.novelty > 1).length).toBe(unheard.length)
})

test('a row of zeros has no place, and rows of another length are refused', () => {
  expect(assignToTree(createMatrix(1, 24), model)).toEqual([undefined])
  expect(() => assignToTree(createMatrix(1, 8), model)).toThrow(
    'The tree was made of vectors of 24 numbers, these have 8.',
  )
})

test('a tree without leaves has a place for nothing', () => {
  const empty = clusterTree(createMatrix(0, 24), { seed: 1 })
  expect(assignToTree(takeRows(vectors, [0]), toLeafModel(createMatrix(0, 24), empty.roots))).toEqual([undefined])
})
