import { toPrintable } from '#/server/cli/terminal-text.ts'

/**
 * One line of CSV (RFC 4180). A cell that a spreadsheet would run as a formula is led by an apostrophe, so that hostile
 * trace text stays text (OWASP, CSV injection); what cannot be seen, or turns the direction of text, is left out of cells.
 */
export function toCsvLine(cells: readonly (string | number | boolean | null | undefined)[]): string {
  return `${cells.map(toCell).join(',')}\r\n`
}

function toCell(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return ''
  if (typeof value !== 'string') return String(value)
  const seen = toPrintable(value)
  const safe = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\n]/.test(seen) ? `'${seen}` : seen
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
