import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchClusters } from '#/clustering/compare/match-clusters.ts'

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)

test('clusters that stay as they are are kept, whatever they are called', () => {
  expect(matchClusters([...times(10, 'a'), ...times(10, 'b')], [...times(10, 'x'), ...times(10, 'y')])).toEqual([
    { kind: 'kept', from: 'a', to: 'x', overlap: 1 },
    { kind: 'kept', from: 'b', to: 'y', overlap: 1 },
  ])
})

test('new rows make a cluster grow, and the share of the others shrink', () => {
  const before = [...times(10, 'a'), ...times(10, 'b'), ...times(20, null)]
  const after = [...times(10, 'a'), ...times(10, 'b'), ...times(20, 'a')]
  expect(matchClusters(before, after)).toEqual([
    { kind: 'grown', from: 'a', to: 'a', overlap: 1 },
    { kind: 'shrunk', from: 'b', to: 'b', overlap: 1 },
  ])
})

test('what falls apart is split, also when the larger part keeps most of it', () => {
  const [split] = matchClusters(times(10, 'a'), [...times(7, 'x'), ...times(3, 'y')])
  expect(split).toEqual({ kind: 'split', from: 'a', to: ['x', 'y'], overlap: 1 })
})

test('what comes together is merged', () => {
  const before = [...times(6, 'a'), ...times(4, 'b'), 'a', 'a']
  expect(matchClusters(before, [...times(10, 'x'), 'y', 'y'])).toEqual([
    { kind: 'merged', from: ['a', 'b'], to: 'x', overlap: 10 / 12 },
    { kind: 'new', to: 'y' },
  ])
})

test('what nobody is in any more is gone, and what nobody was in before is new', () => {
  expect(matchClusters([...times(5, 'a'), ...times(5, null)], [...times(5, null), ...times(5, 'x')])).toEqual([
    { kind: 'gone', from: 'a' },
    { kind: 'new', to: 'x' },
  ])
})

test('every cluster of either side is told exactly once', () => {
  const cluster = fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e'))
  fc.assert(
    fc.property(fc.array(fc.tuple(cluster, cluster), { maxLength: 60 }), (rows) => {
      const before = rows.map(([from]) => from)
      const after = rows.map(([, to]) => to)
      const transitions = matchClusters(before, after)
      const named = (side: 'from' | 'to') =>
        transitions
          .flatMap((transition) => (side in transition ? (transition as Record<string, string | string[]>)[side]! : []))
          .sort()
      const distinct = (list: readonly (string | null)[]) => [...new Set(list.filter((name) => name !== null))].sort()
      expect(named('from')).toEqual(distinct(before))
      expect(named('to')).toEqual(distinct(after))
    }),
  )
})

test('lists of different lengths are refused', () => {
  expect(() => matchClusters(['a'], [])).toThrow('There are 1 rows before but 0 after.')
})
