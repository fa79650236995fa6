// Texts as lists of word numbers: what every part of the featurizer reads.
import { sharedInt32 } from '../matrix/shared-memory.ts'
import { wordsOf } from './tokenize.ts'

/** In memory that threads share. Words of text `t` are `words[ids[i]]` for `i` from `offsets[t]` to `offsets[t + 1]`. */
export type Corpus = { texts: number; offsets: Int32Array; ids: Int32Array; words: string[] }

/** Splits texts into words and numbers the words in order of first appearance. */
export function toCorpus(texts: readonly string[]): Corpus {
  const numberOf = new Map<string, number>()
  const words: string[] = []
  const offsets = sharedInt32(texts.length + 1)
  let ids = sharedInt32(texts.length * 12 + 16)
  let used = 0
  texts.forEach((text, t) => {
    for (const word of wordsOf(text)) {
      let id = numberOf.get(word)
      if (id === undefined) {
        id = words.length
        numberOf.set(word, id)
        words.push(word)
      }
      if (used === ids.length) {
        const larger = sharedInt32(used * 2)
        larger.set(ids)
        ids = larger
      }
      ids[used++] = id
    }
    offsets[t + 1] = used
  })
  return { texts: texts.length, offsets, ids: ids.subarray(0, used), words }
}
