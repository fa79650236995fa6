// Text as it may appear in a summary: plain, on one line, without mark-up, controls, or what identifies people and things.
import { dropControls } from '../transcript/render-turns.ts'

/** A sentence as it stands in its turn, and a plain version of it for reading. */
export type Sentence = { raw: string; plain: string }

const longestTurn = 6_000

/** The sentences of a text; of a very long one, those of its first and last parts. */
export function sentencesOf(text: string): Sentence[] {
  const parts = text.length <= longestTurn ? [text] : [text.slice(0, longestTurn - 1_500), text.slice(-1_500)]
  const sentences: Sentence[] = []
  for (const part of parts) {
    for (const line of part.split(/[\r\n\u2028\u2029]+/)) {
      for (const piece of line.split(/(?<=[.!?…。！？]["'”’)]*)\s+(?=[\p{Lu}\p{N}"“¿¡(\p{Lo}]|i(?:'| |\b))/u)) {
        const raw = piece.trim()
        if (!/[\p{L}\p{N}]/u.test(raw)) continue
        const plain = toPlain(raw)
        if (plain !== '') sentences.push({ raw, plain })
      }
    }
  }
  return sentences
}

/** One line without controls, HTML, markdown, quotes round the whole and bullets; spaces folded. */
export function toPlain(text: string): string {
  let plain = dropControls(text).replaceAll(/[’‘`´]/g, "'")
  if (/[<>[*_~|"]/.test(plain)) {
    plain = plain
      .replace(/<\/?[a-zA-Z][^<>]{0,500}>/g, ' ')
      .replace(/!?\[([^\]]{0,300})\]\([^)]{0,1000}\)/g, '$1')
      .replace(/\*\*|__|~~|'''/g, '')
  }
  return plain
    .replace(/^[\s>#*•·\-–—=|]+(?=\S)/, '')
    .replace(/^\(?\d{1,2}[.)]\s+/, '')
    .replace(/^"[\w -]{1,40}":\s*"?(.+?)"?,?$/, '$1')
    .replace(/[<>]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

const identifying: readonly RegExp[] = [
  /\b[\w.+-]+@[\w-]+\.[\w.-]+/g,
  /https?:\/\/\S+|\bwww\.\S+/g,
  /[#№]\s?\w*\d\w*/g,
  /\b(?=\w*\d)(?=\w*[_-])[\w-]{5,}\b/g,
  /\b[A-Z]{1,5}-?\d{3,}\w*\b/g,
  /\b(?=[a-z]*\d[a-z\d]*\d)[a-z\d]{7,}\b/gi,
  /[$€£¥]\s?\d[\d.,]*k?|\d[\d.,]*\s?(?:[$€£¥]|usd\b|eur\b|gbp\b)/gi,
]

/** The text without addresses, links, numbers of things and amounts of money: what is left may be shared by many. */
export function withoutIdentifiers(text: string): string {
  let out = text
  // An ellipsis stands where something was, so that no phrase is read across the gap.
  for (const pattern of identifying) out = out.replace(pattern, ' … ')
  return out
    .replace(/(?:…\s*)+(?=[.,;:!?]|$)/g, '')
    .replace(/\(\s*…?\s*\)/g, ' ')
    .replace(/\s+([,.;:!?])/g, '$1')
    .replace(/\s+/g, ' ')
    .trim()
}

/** At most `max` characters, cut between words, with an ellipsis where something was cut. */
export function cutWords(text: string, max: number): string {
  if (text.length <= max) return text
  const head = text.slice(0, max - 1)
  const space = head.lastIndexOf(' ')
  const cut = space > max / 2 ? head.slice(0, space) : head.replace(/[\uD800-\uDBFF]$/, '')
  return `${cut.replace(/[\s,;:.–—-]+$/, '')}…`
}

/** First letter upper case, the rest as it is. */
export function sentenceCase(text: string): string {
  const code = text.codePointAt(0)
  if (code === undefined) return text
  const first = String.fromCodePoint(code)
  return first.toLocaleUpperCase('en') + text.slice(first.length)
}
