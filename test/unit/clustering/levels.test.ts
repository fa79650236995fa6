import { describe, expect, test } from 'vitest'
import { buildLevels, type Branch } from '#/clustering/shape/levels.ts'
import { findUnfamiliar } from '#/clustering/text/familiarity.ts'
import { gaussianBlobs } from './gaussian-blobs.ts'

const childCounts = (branches: readonly Branch[]): number[] =>
  branches.flatMap((branch) => ('leaf' in branch ? [] : [branch.children.length, ...childCounts(branch.children)]))
const leavesOf = (branches: readonly Branch[]): number[] =>
  branches.flatMap((branch) => ('leaf' in branch ? [branch.leaf] : leavesOf(branch.children)))
const depthOf = (branches: readonly Branch[]): number =>
  1 + Math.max(0, ...branches.map((branch) => ('leaf' in branch ? 0 : depthOf(branch.children))))

describe('a tree over leaf clusters', () => {
  // Few, many and no groups among the leaves: the last leaves nothing but the wanted shape to go by.
  const sizes = [15, 16, 19, 24, 33, 47, 60, 84, 96, 97, 130, 200, 400, 700]
  test.each(sizes.flatMap((leaves) => [3, 9, 1].map((blobs) => ({ leaves, blobs }))))(
    'of $leaves leaves in $blobs groups has three to twelve roots, and mostly five to twelve children a node',
    ({ leaves, blobs }) => {
      const { vectors } = gaussianBlobs({ seed: leaves, rows: leaves, cols: 24, blobs, noise: 0.5 })
      const branches = buildLevels(vectors)
      expect(leavesOf(branches).sort((a, b) => a - b)).toEqual(Array.from({ length: leaves }, (_, leaf) => leaf))
      expect(branches.length).toBeGreaterThanOrEqual(3)
      expect(branches.length).toBeLessThanOrEqual(12)
      const counts = childCounts(branches)
      const within = (least: number) => counts.filter((count) => count >= least && count <= 12).length / counts.length
      expect(within(5), String(counts)).toBeGreaterThanOrEqual(0.7)
      expect(within(3), String(counts)).toBe(1)
    },
  )

  test.each([1, 2, 3, 4])('has the %i levels asked for', (levels) => {
    const { vectors } = gaussianBlobs({ seed: 4, rows: 120, cols: 24, blobs: 12, noise: 0.5 })
    expect(depthOf(buildLevels(vectors, levels))).toBe(levels)
  })
})

test('what many say in the same words does not make the other texts look strange', () => {
  const same = Array.from({ length: 900 }, () => 'nothing went wrong')
  const others = Array.from({ length: 60 }, (_, i) => `the order ${i} was refused because of reason ${i * 7}`)
  expect(findUnfamiliar([...same, ...others])).toEqual(new Uint8Array(960))
})
