import { expect, test } from 'vitest'
import { findRetryAfterMs, parseDurationMs } from '#/server/model/retry-after.ts'

const now = Date.parse('2026-11-20T10:00:00Z')

test.for([
  ['seconds', { 'retry-after': '120' }, 120_000],
  ['fractions of a second', { 'retry-after': '0.5' }, 500],
  ['a date', { 'retry-after': 'Fri, 20 Nov 2026 10:00:30 GMT' }, 30_000],
  ['a date that has passed', { 'retry-after': 'Fri, 20 Nov 2026 09:00:00 GMT' }, 0],
  ['milliseconds, which win', { 'retry-after': '2', 'retry-after-ms': '1500' }, 1_500],
  [
    'the reset of what is used up',
    { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '6m0s' },
    360_000,
  ],
  [
    'not the reset of what is left',
    {
      'x-ratelimit-remaining-requests': '9',
      'x-ratelimit-reset-requests': '1h',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '250ms',
    },
    250,
  ],
  ['seconds until a reset', { 'x-ratelimit-reset': '15' }, 15_000],
  ['a reset as a moment', { 'x-ratelimit-reset': String(now / 1000 + 7) }, 7_000],
  ['nothing', {}, undefined],
  ['nonsense', { 'retry-after': 'soon' }, undefined],
  ['less than nothing', { 'retry-after': '-5' }, undefined],
] as const)('%s', ([, headers, expected]) => {
  expect(findRetryAfterMs(new Headers(headers as Record<string, string>), now)).toBe(expected)
})

test('durations add up', () => {
  expect(parseDurationMs('1h2m3.5s')).toBe(3_723_500)
  expect(parseDurationMs('120ms')).toBe(120)
  expect(parseDurationMs('soon')).toBeUndefined()
})
