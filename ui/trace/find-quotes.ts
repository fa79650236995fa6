// Where the quotes of an Insight are in a text. Quotes were verified after folding white space, so they are found that way.

/** A piece of a text in order; `marked` pieces belong to a quote. */
export type Piece = { text: string; marked: boolean }

/** Cuts a text at its quotes. Overlapping quotes are marked as one; a quote that is not in the text marks nothing. */
export function findQuotes(text: string, quotes: readonly string[]): Piece[] {
  const ranges: { from: number; to: number }[] = []
  for (const quote of quotes) {
    const words = quote
      .trim()
      .split(/\s+/u)
      .filter((word) => word !== '')
    if (words.length === 0) continue
    const pattern = new RegExp(words.map(escapeWord).join('\\s+'), 'u')
    const found = pattern.exec(text)
    if (found !== null) ranges.push({ from: found.index, to: found.index + found[0].length })
  }
  ranges.sort((a, b) => a.from - b.from)
  const pieces: Piece[] = []
  let at = 0
  for (const { from, to } of ranges) {
    if (to <= at) continue
    if (from > at) pieces.push({ text: text.slice(at, from), marked: false })
    pieces.push({ text: text.slice(Math.max(at, from), to), marked: true })
    at = to
  }
  if (at < text.length || pieces.length === 0) pieces.push({ text: text.slice(at), marked: false })
  return pieces
}

const escapeWord = (word: string): string => word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
