// Which language a text is in, well enough to set languages apart: by its stop words (Cavnar & Trenkle 1994 do the same with
// n-grams; a dozen words suffice for a sentence).
import type { Corpus } from './corpus.ts'
import { languagesOfStopWord } from './stop-words.ts'

/** One stop word may be chance: a letter, a name. */
const leastStopWords = 2

/** A group number for every text: texts of one language share one. Texts with fewer than two stop words go with the largest group. */
export function groupByLanguage(corpus: Corpus): { groupOf: Int32Array; groups: number } {
  const numberOf = new Map<string, number>()
  const languagesOfWord = corpus.words.map((word) =>
    languagesOfStopWord(word).map((language) => {
      const number = numberOf.get(language) ?? numberOf.size
      numberOf.set(language, number)
      return number
    }),
  )
  const groups = Math.max(1, numberOf.size)
  const sizes = new Int32Array(groups)
  const groupOf = new Int32Array(corpus.texts).fill(-1)
  const hits = new Int32Array(groups)
  for (let text = 0; text < corpus.texts; text++) {
    hits.fill(0)
    let best = -1
    for (let i = corpus.offsets[text]!; i < corpus.offsets[text + 1]!; i++) {
      for (const language of languagesOfWord[corpus.ids[i]!]!) {
        hits[language] = hits[language]! + 1
        if (best < 0 || hits[language] > hits[best]!) best = language
      }
    }
    if (best < 0 || hits[best]! < leastStopWords) continue
    groupOf[text] = best
    sizes[best] = sizes[best]! + 1
  }
  const largest = sizes.indexOf(Math.max(...sizes))
  return { groupOf: groupOf.map((group) => (group < 0 ? largest : group)), groups }
}
