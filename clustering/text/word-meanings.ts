// Word vectors from the texts themselves: words used near the same words come out alike.
// Positive pointwise mutual information with context smoothing (Levy, Goldberg & Dagan 2015), factored by SVD.
import type { Corpus } from './corpus.ts'
import { createMatrix, type Matrix } from '../matrix/matrix.ts'
import { createPairCounter } from './pair-counter.ts'
import { createSparseBuilder, type SparseMatrix } from '../svd/sparse.ts'
import { stemOf } from './stem.ts'
import { isStopWord } from './stop-words.ts'
import type { Threads } from '../threads/threads.ts'
import { truncatedSvd } from '../svd/truncated-svd.ts'

const windowWords = 10
const maxVocabulary = 30_000
const maxWordsOfText = 4_096
/** Context counts are raised to this power: rare contexts would win every comparison otherwise. */
const contextSmoothing = 0.75

/** One vector for every word of the corpus (zero for stop words and words too rare), scaled by how telling the word is. */
export function wordMeanings(
  corpus: Corpus,
  sample: Int32Array,
  options: { dims: number; minTexts: number; threads: Threads },
): Matrix {
  const { termOf, idf } = toTerms(corpus, options.minTexts)
  const terms = idf.length
  const vectors = createMatrix(corpus.words.length, options.dims)
  if (terms < 2) return vectors
  const { directions, singularValues, certainty } = truncatedSvd(
    mutualInformation(countPairs(corpus, sample, termOf, terms), terms),
    {
      rank: Math.min(options.dims, Math.max(1, terms - 8)),
      iterations: 4,
      isSymmetric: true,
      threads: options.threads,
    },
  )
  const rank = directions.cols
  const roots = singularValues.map((value, j) => Math.sqrt(value) * certainty[j]!)
  const termVectors = createMatrix(terms, options.dims)
  for (let term = 0; term < terms; term++) {
    let square = 0
    for (let j = 0; j < rank; j++) square += (directions.data[term * rank + j]! * roots[j]!) ** 2
    const scale = square > 0 ? idf[term]! / Math.sqrt(square) : 0
    for (let j = 0; j < rank; j++) {
      termVectors.data[term * options.dims + j] = directions.data[term * rank + j]! * roots[j]! * scale
    }
  }
  termOf.forEach((term, word) => {
    if (term >= 0) {
      vectors.data.set(termVectors.data.subarray(term * options.dims, (term + 1) * options.dims), word * options.dims)
    }
  })
  return vectors
}

/** Words reduced to stems, stop words and rare stems left out (-1), numbered by falling number of texts. */
function toTerms(corpus: Corpus, minTexts: number): { termOf: Int32Array; idf: Float64Array } {
  const numberOf = new Map<string, number>()
  const stemNumber = Int32Array.from(corpus.words, (word) => {
    if (isStopWord(word)) return -1
    const stem = stemOf(word)
    const number = numberOf.get(stem) ?? numberOf.size
    numberOf.set(stem, number)
    return number
  })
  const texts = new Int32Array(numberOf.size)
  const lastText = new Int32Array(numberOf.size).fill(-1)
  for (let text = 0; text < corpus.texts; text++) {
    for (let i = corpus.offsets[text]!; i < corpus.offsets[text + 1]!; i++) {
      const stem = stemNumber[corpus.ids[i]!]!
      if (stem < 0 || lastText[stem] === text) continue
      lastText[stem] = text
      texts[stem] = texts[stem]! + 1
    }
  }
  const kept = Array.from(texts.keys())
    .filter((stem) => texts[stem]! >= minTexts)
    .sort((a, b) => texts[b]! - texts[a]! || a - b)
    .slice(0, maxVocabulary)
  const termOfStem = new Int32Array(numberOf.size).fill(-1)
  kept.forEach((stem, term) => (termOfStem[stem] = term))
  return {
    termOf: stemNumber.map((stem) => (stem < 0 ? -1 : termOfStem[stem]!)),
    idf: Float64Array.from(kept, (stem) => Math.log((corpus.texts + 1) / texts[stem]!)),
  }
}

/** How often two terms stand near each other, nearer counting more; symmetric, by rows. */
function countPairs(corpus: Corpus, sample: Int32Array, termOf: Int32Array, terms: number): SparseMatrix {
  const counter = createPairCounter()
  const sequence = new Int32Array(maxWordsOfText)
  for (const text of sample) {
    let length = 0
    for (let i = corpus.offsets[text]!; i < corpus.offsets[text + 1]! && length < maxWordsOfText; i++) {
      const term = termOf[corpus.ids[i]!]!
      if (term >= 0) sequence[length++] = term
    }
    for (let a = 0; a < length; a++) {
      const last = Math.min(length - 1, a + windowWords)
      for (let b = a + 1; b <= last; b++) {
        const low = Math.min(sequence[a]!, sequence[b]!)
        const high = Math.max(sequence[a]!, sequence[b]!)
        counter.add(low * terms + high, 1 / (b - a))
      }
    }
  }
  const { keys, sums } = counter.entries()
  const offsets = new Int32Array(terms + 1)
  const lows = Int32Array.from(keys, (key) => Math.floor(key / terms))
  const highs = Int32Array.from(keys, (key) => key % terms)
  for (let i = 0; i < keys.length; i++) {
    offsets[lows[i]! + 1] = offsets[lows[i]! + 1]! + 1
    offsets[highs[i]! + 1] = offsets[highs[i]! + 1]! + 1
  }
  for (let term = 0; term < terms; term++) offsets[term + 1] = offsets[term + 1]! + offsets[term]!
  const next = offsets.slice()
  const columns = new Int32Array(keys.length * 2)
  const values = new Float32Array(keys.length * 2)
  const put = (row: number, column: number, value: number) => {
    const at = next[row]!
    next[row] = at + 1
    columns[at] = column
    values[at] = value
  }
  for (let i = 0; i < keys.length; i++) {
    put(lows[i]!, highs[i]!, sums[i]!)
    put(highs[i]!, lows[i]!, sums[i]!)
  }
  return { rows: terms, cols: terms, offsets, columns, values }
}

/** `log p(a, b) / (p(a) p'(b))` where positive; p' is smoothed. */
function mutualInformation(counts: SparseMatrix, terms: number): SparseMatrix {
  const totals = new Float64Array(terms)
  for (let row = 0; row < terms; row++) {
    for (let i = counts.offsets[row]!; i < counts.offsets[row + 1]!; i++) totals[row] = totals[row]! + counts.values[i]!
  }
  const context = totals.map((count) => count ** contextSmoothing)
  const contextTotal = context.reduce((sum, count) => sum + count, 0)
  const builder = createSparseBuilder(terms)
  for (let row = 0; row < terms; row++) {
    for (let i = counts.offsets[row]!; i < counts.offsets[row + 1]!; i++) {
      const column = counts.columns[i]!
      const information = Math.log((counts.values[i]! * contextTotal) / (totals[row]! * context[column]!))
      if (information > 0) builder.add(column, information)
    }
    builder.endRow()
  }
  return builder.build()
}
