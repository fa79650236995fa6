import { expect, test } from 'vitest'
import { toCsvLine } from '#/server/api/csv.ts'

test('cells with commas, quotes and line breaks are quoted', () => {
  expect(toCsvLine(['a,b', 'say "hi"', 'two\nlines', 3, null, undefined])).toBe(
    '"a,b","say ""hi""","two\nlines",3,,\r\n',
  )
})

test.each(['=HYPERLINK("http://evil")', '+cmd|calc', '-2+3', '@SUM(A1)', '\t=1', ' =1', '＝1', '\r=1'])(
  'a spreadsheet does not run %j',
  (formula) => {
    expect(toCsvLine([formula]).replace(/^"/, '')).toMatch(/^'/)
  },
)

test('negative numbers stay numbers', () => {
  expect(toCsvLine([-3.5])).toBe('-3.5\r\n')
})
