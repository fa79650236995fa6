import { expect, test } from 'vitest'
import { aClusterAnswer } from '#/test/support/cluster-answers.ts'
import { toTiles } from '#/ui/treemap/tiles.ts'

const clusters = [
  aClusterAnswer('1', {
    size: 60,
    children: [aClusterAnswer('1.1', { size: 40 }), aClusterAnswer('1.2', { size: 20 })],
  }),
  aClusterAnswer('2', { size: 38 }),
  aClusterAnswer('3', { size: 2, children: [aClusterAnswer('3.1', { size: 1 }), aClusterAnswer('3.2', { size: 1 })] }),
]
const tiles = toTiles(clusters, { width: 600, height: 400 })
const tile = (id: string) => tiles.find(({ cluster }) => cluster.id === id)!

test('every cluster that has room is shown, and one that has none stands for all below it', () => {
  expect(tiles.map(({ cluster }) => cluster.id).sort()).toEqual(['1', '1.1', '1.2', '2', '3'])
  expect(tile('1').kind).toBe('group')
  expect(tile('3').kind).toBe('tile')
})

test('areas are as the sizes are', () => {
  const area = (id: string) => tile(id).width * tile(id).height
  expect(area('1.1') / area('1.2')).toBeCloseTo(2, 0)
  expect(area('1') / area('2')).toBeCloseTo(60 / 38, 0)
})

test('tiles of a group lie inside it, below its name, and none over another', () => {
  const group = tile('1')
  for (const id of ['1.1', '1.2']) {
    expect(tile(id).x).toBeGreaterThanOrEqual(group.x)
    expect(tile(id).y).toBeGreaterThanOrEqual(group.y + 20)
    expect(tile(id).x + tile(id).width).toBeLessThanOrEqual(group.x + group.width)
    expect(tile(id).y + tile(id).height).toBeLessThanOrEqual(group.y + group.height)
  }
  const leaves = tiles.filter(({ kind }) => kind === 'tile')
  for (const [index, a] of leaves.entries()) {
    for (const b of leaves.slice(index + 1)) {
      expect(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(true)
    }
  }
})

test('nothing is drawn where there is no room or no cluster', () => {
  expect(toTiles(clusters, { width: 0, height: 0 })).toEqual([])
  expect(toTiles([], { width: 600, height: 400 })).toEqual([])
})
