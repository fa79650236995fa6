import { expect, test } from 'vitest'
import { readFacets, toFacetLabel, toFacetWords, withFacet } from '#/ui/facets/choices.ts'
import { toRequest } from '#/ui/members/to-request.ts'

test('a facet that is chosen is in the URL and read back from it, whatever its value holds', () => {
  const once = withFacet(undefined, { name: 'refund', value: 'true' })
  const twice = withFacet(once, { name: 'why', value: 'late, lost: 50 %' })
  expect(readFacets(twice)).toEqual([
    { name: 'refund', value: 'true' },
    { name: 'why', value: 'late, lost: 50 %' },
  ])
  expect(toRequest({ facets: twice }).facet).toEqual(['refund:true', 'why:late, lost: 50 %'])
})

test('a facet has one value at a time, and any value takes it out of the URL', () => {
  const chosen = withFacet('refund:true', { name: 'refund', value: 'false' })
  expect(chosen).toBe('refund:false')
  expect(withFacet(chosen, { name: 'refund', value: undefined })).toBe(undefined)
})

test('a broken link narrows nothing down', () => {
  expect(readFacets('refund,:true,why:,x:%E0%A4%A')).toEqual([])
  expect(toRequest({}).facet).toBe(undefined)
})

test('names and values are said in words', () => {
  expect(toFacetLabel('asked_why')).toBe('Asked why')
  expect([true, 'false', null, 2.5, 'late'].map((value) => toFacetWords(value))).toEqual([
    'Yes',
    'No',
    '–',
    '2.5',
    'late',
  ])
})
