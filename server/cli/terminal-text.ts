// Text of traces on a terminal: hostile until cleaned, and wider than it looks.
import { stripVTControlCharacters } from 'node:util'

/**
 * What could move the cursor, hide text or turn its direction: control characters (C0, DEL, C1), bidirectional marks,
 * embeddings, overrides and isolates (Unicode UAX 9), line separators, the invisible tag block, and byte order marks.
 */
const dangerous =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu

/** One line that is safe to print: whole escape sequences go, then every dangerous character, and spaces are folded. */
export function toLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\t\n\r\u0085\u2028\u2029]+/g, ' ')
    .replace(dangerous, '')
    .replace(/\s+/g, ' ')
    .trim()
}

/** Text that is safe to print with its lines and tabs as they are. */
export function toPrintable(text: string): string {
  return stripVTControlCharacters(text).replace(dangerous, (character) => (/[\n\t]/.test(character) ? character : ''))
}

/** The lines of a longer text, each safe to print. */
export function toLines(text: string): string[] {
  return text.split(/\r\n|[\n\r\u0085\u2028\u2029]/).map(toLine)
}

/** JSON that is safe to print and reads back the same: dangerous characters become `\u` escapes. */
export function toJsonText(value: unknown): string {
  return `${escapeJson(JSON.stringify(value, null, 2))}\n`
}

/** Escapes dangerous characters in JSON text; outside its strings there are none but line ends. */
export function escapeJson(json: string): string {
  return json.replace(dangerous, (character) =>
    character === '\n' || character === '\r' || character === '\t'
      ? character
      : Array.from({ length: character.length }, (_, i) => hexEscape(character.charCodeAt(i))).join(''),
  )
}

function hexEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`
}

/** Columns of a terminal that the text takes: two for East Asian letters and emoji, none for marks that combine. */
export function widthOf(text: string): number {
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += isWide.test(segment) ? 2 : isMark.test(segment) ? 0 : 1
  return width
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const isMark = /^\p{Mark}+$/u
const isWide =
  /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u

/** The text with an ellipsis where it is cut to fit the columns. */
export function cutToWidth(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let cut = ''
  let width = 0
  for (const { segment } of graphemes.segment(text)) {
    width += widthOf(segment)
    if (width > columns - 1) break
    cut += segment
  }
  return `${cut.trimEnd()}…`
}

/** The text padded with spaces to the columns. */
export function padToWidth(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)))
}

/** Lines of at most so many columns, broken between words, and within a word only where it is longer than a line. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  let width = 0
  const add = (piece: string, pieceWidth: number, gap: number): void => {
    if (line !== '' && width + gap + pieceWidth > columns) {
      lines.push(line)
      line = ''
      width = 0
    }
    const space = line === '' ? 0 : gap
    line += ' '.repeat(space) + piece
    width += space + pieceWidth
  }
  for (const word of text.split(' ')) {
    if (word === '') continue
    const wordWidth = widthOf(word)
    if (wordWidth <= columns) add(word, wordWidth, 1)
    else {
      let gap = 1
      for (const { segment } of graphemes.segment(word)) {
        add(segment, widthOf(segment), gap)
        gap = 0
      }
    }
  }
  if (line !== '') lines.push(line)
  return lines
}
