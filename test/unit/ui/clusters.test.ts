import { expect, test } from 'vitest'
import { aClusterAnswer } from '#/test/support/cluster-answers.ts'
import { findByWords } from '#/ui/insight/cluster-rows.ts'
import { isWorse, measureKeys, measures, readMeasure } from '#/ui/measures/measures.ts'
import { readColumns } from '#/ui/table/column-chooser.tsx'

const clusters = [
  aClusterAnswer('1', {
    title: 'Refunds',
    children: [
      aClusterAnswer('1.1', { title: 'Late parcels', summary: 'Parcels that came late.' }),
      aClusterAnswer('1.2'),
    ],
  }),
  aClusterAnswer('2', { keywords: ['parcel shop'] }),
]

test('a cluster is found by any of its words, with the path that leads to it', () => {
  expect([...findByWords(clusters, 'LATE came')].sort()).toEqual(['1', '1.1'])
  expect([...findByWords(clusters, 'shop')]).toEqual(['2'])
  expect(findByWords(clusters, 'invoice').size).toBe(0)
})

test('a number stands out when it is worse than the whole by more than a trifle, whichever way is worse', () => {
  expect(isWorse(measures.errors, 0.2, 0.1)).toBe(true)
  expect(isWorse(measures.errors, 0.004, 0.001)).toBe(false)
  expect(isWorse(measures.errors, 0.05, 0.1)).toBe(false)
  // Both are written `<1%`.
  expect(isWorse(measures.errors, 0.0085, 0.0034)).toBe(false)
  expect(isWorse(measures.feedback, 0.3, 0.6)).toBe(true)
  expect(isWorse(measures.feedback, 0.9, 0.6)).toBe(false)
})

test('the columns of a link are those it names, as far as they exist', () => {
  const choices = [
    { id: 'a', label: 'A' },
    { id: 'b', label: 'B' },
  ]
  expect(readColumns(undefined, choices, ['a'])).toEqual(['a'])
  expect(readColumns('b,zzz', choices, ['a'])).toEqual(['b'])
  expect(readColumns('none', choices, ['a'])).toEqual([])
})

test('the emptied numbers of a hidden group are unknown, not zero', () => {
  const hidden = aClusterAnswer('3', { hidden: true })
  expect(measureKeys.map((key) => readMeasure(measures[key], hidden))).toEqual(measureKeys.map(() => undefined))
  expect(readMeasure(measures.errors, aClusterAnswer('3'))).toBe(0)
})
