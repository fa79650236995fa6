// Words of any language: runs of letters, digits and their marks; a dictionary cuts the scripts written without spaces.

/** A word as written: `text.slice(start, end)`; `word` is its lower-case form. */
export type Token = { word: string; start: number; end: number }

/** Of a longer text only the beginning and the end are read: what a text is about stands there, and time stays bounded. */
const maxChars = 20_000

const asciiOnly = /^[\x00-\x7f]*$/
const asciiWord = /[a-z0-9]+(?:'[a-z0-9]+)*/g
const anyWord = /[\p{L}\p{N}\p{M}]+(?:['’][\p{L}\p{N}\p{M}]+)*/gu
const spacelessScript =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]/u

// The locale is spelled out so that the machine's own cannot change a result; the dictionaries do not depend on it.
let segmenter: Intl.Segmenter | undefined

/** The lower-case words of a text, in order. Curly apostrophes count as straight ones. */
export function wordsOf(text: string): string[] {
  const read = clip(text).toLowerCase()
  if (asciiOnly.test(read)) return read.match(asciiWord) ?? []
  return tokensOf(read).map((token) => token.word)
}

/** The words of a text with their places in it (in its first and last part when it is very long). */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  if (text.length > maxChars) {
    const tail = text.length - maxChars / 4
    addTokens(text.slice(0, maxChars - maxChars / 4), 0, tokens)
    addTokens(text.slice(tail), tail, tokens)
  } else addTokens(text, 0, tokens)
  return tokens
}

function addTokens(text: string, offset: number, tokens: Token[]): void {
  for (const match of text.matchAll(anyWord)) {
    const run = match[0]
    const start = offset + match.index
    if (!spacelessScript.test(run)) {
      tokens.push({ word: fold(run), start, end: start + run.length })
      continue
    }
    segmenter ??= new Intl.Segmenter('en', { granularity: 'word' })
    for (const { segment, index } of segmenter.segment(run)) {
      tokens.push({ word: fold(segment), start: start + index, end: start + index + segment.length })
    }
  }
}

function fold(word: string): string {
  return word.normalize('NFKC').toLowerCase().replaceAll('’', "'")
}

function clip(text: string): string {
  if (text.length <= maxChars) return text
  return `${text.slice(0, maxChars - maxChars / 4)} ${text.slice(text.length - maxChars / 4)}`
}

/** True where a word is written in a script without spaces between words (Chinese, Japanese, Thai, …). */
export function isSpaceless(word: string): boolean {
  return spacelessScript.test(word)
}
