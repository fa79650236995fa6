// Vectors by hashing: texts that share words, pairs of words and pieces of words point the same way.
import { toContentWords, toWords } from './sentences.ts'

/**
 * Signed feature hashing (Weinberger et al. 2009) of content words, neighbouring pairs and three-letter pieces, at length
 * one. Deterministic; a text without a word points along the first axis.
 */
export function embed(text: string, dims: number): number[] {
  const vector = Array.from({ length: dims }, () => 0)
  const add = (feature: string, weight: number): void => {
    const code = fnv1a(feature)
    const at = (code >>> 1) % dims
    vector[at] = (vector[at] ?? 0) + (code & 1 ? weight : -weight)
  }
  const words = toContentWords(text)
  const known = words.length > 0 ? words : toWords(text)
  for (const [index, word] of known.entries()) {
    add(`w ${word}`, 1)
    const next = known[index + 1]
    if (next !== undefined) add(`p ${word} ${next}`, 0.5)
    const padded = `<${word}>`
    for (let at = 0; at + 3 <= padded.length; at++) add(`c ${padded.slice(at, at + 3)}`, 0.25)
  }
  const length = Math.hypot(...vector)
  if (length === 0) {
    vector[0] = 1
    return vector
  }
  return vector.map((value) => value / length)
}

/** FNV-1a over UTF-16 units, 32 bits (Fowler, Noll and Vo), with a last mixing step for the low bits. */
function fnv1a(text: string): number {
  let code = 0x811c9dc5
  for (let at = 0; at < text.length; at++) code = Math.imul(code ^ text.charCodeAt(at), 0x01000193)
  code ^= code >>> 15
  return Math.imul(code, 0x2c1b3c6d) >>> 0
}
