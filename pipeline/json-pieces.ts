// What JSON.stringify says, in pieces: a text of many megabytes never stands in memory as a whole.

/** Small pieces gathered to this size: a write for every line would cost more than making it. */
const pieceChars = 64 * 1024

/** The lines, each with its end, in pieces of some size. */
export function linePieces(lines: Iterable<string>): Iterable<string> {
  return gathered(lines, (line) => `${line}\n`)
}

/** `JSON.stringify` of a list. */
export function* listPieces(items: Iterable<unknown>): Generator<string> {
  yield '['
  let isFirst = true
  yield* gathered(items, (item) => {
    const text = JSON.stringify(item)
    if (!isFirst) return `,${text}`
    isFirst = false
    return text
  })
  yield ']'
}

/** `JSON.stringify` of an object, its lists in pieces. */
export function* objectPieces(object: Readonly<Record<string, unknown>>): Generator<string> {
  let opener = '{'
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined) continue
    yield `${opener}${JSON.stringify(key)}:`
    if (Array.isArray(value)) yield* listPieces(value)
    else yield JSON.stringify(value)
    opener = ','
  }
  yield opener === '{' ? '{}' : '}'
}

function* gathered<T>(items: Iterable<T>, toText: (item: T) => string): Generator<string> {
  let piece = ''
  for (const item of items) {
    piece += toText(item)
    if (piece.length < pieceChars) continue
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}
