import { expect, test } from 'vitest'
import { toCsvLine } from '#/server/api/csv.ts'

test('cells with commas, quotes and line breaks are quoted', () => {
  expect(toCsvLine(['a,b', 'say "hi"', 'two\nlines', 3, null, undefined])).toBe(
    '"a,b","say ""hi""","two\nlines",3,,\r\n',
  )
})

test.each([
  '=HYPERLINK("http://evil")',
  '+cmd|calc',
  '-2+3',
  '@SUM(A1)',
  '\t=1',
  ' =1',
  '＝1',
  '\r=1',
  '\u200B=1',
  '\u202E=1',
])('a spreadsheet does not run %j', (formula) => {
  expect(toCsvLine([formula]).replace(/^"/, '')).toMatch(/^'/)
})

test('negative numbers stay numbers', () => {
  expect(toCsvLine([-3.5])).toBe('-3.5\r\n')
})

test('what cannot be seen or turns the direction of text is left out, and line breaks stay', () => {
  expect(toCsvLine(['\u202Eabc\u202C\u0000 \u001B[2Jd\ne\u{E0041}'])).toBe('"abc d\ne"\r\n')
})
