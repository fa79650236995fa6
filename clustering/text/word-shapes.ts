// Word vectors from spelling: words that share character sequences come out alike, whatever the language.
// Latent semantic analysis (Deerwester et al. 1990) over character n-grams inside words, collapsed to one vector a word.
import type { Corpus } from './corpus.ts'
import { createMatrix, type Matrix } from '../matrix/matrix.ts'
import { createSparseBuilder } from '../svd/sparse.ts'
import { truncatedSvd } from '../svd/truncated-svd.ts'
import { isSpaceless } from './tokenize.ts'
import type { Threads } from '../threads/threads.ts'

const shortestGram = 2
const longestGram = 4
/** A longer "word" is a key, a hash or a URL: its beginning is enough. */
const maxWordChars = 40

/** One vector for every word of the corpus: the sum over its n-grams, rare ones counting more. */
export function wordShapes(
  corpus: Corpus,
  sample: Int32Array,
  options: { dims: number; minTexts: number; threads: Threads },
): Matrix {
  const { gramsOf, grams } = gramsOfWords(corpus.words)
  const texts = countTexts(corpus, sample, gramsOf, grams)
  const columnOf = new Int32Array(grams).fill(-1)
  let columns = 0
  for (let gram = 0; gram < grams; gram++) if (texts[gram]! >= options.minTexts) columnOf[gram] = columns++
  const vectors = createMatrix(corpus.words.length, options.dims)
  if (columns === 0) return vectors
  const idf = new Float64Array(columns)
  columnOf.forEach((column, gram) => {
    if (column >= 0) idf[column] = Math.log((1 + sample.length) / (1 + texts[gram]!)) + 1
  })

  const { directions, certainty } = truncatedSvd(weighTexts(corpus, sample, gramsOf, columnOf, idf), {
    rank: options.dims,
    iterations: 3,
    threads: options.threads,
  })
  const rank = directions.cols
  gramsOf.forEach((own, word) => {
    for (const gram of own) {
      const column = columnOf[gram]!
      if (column < 0) continue
      const weight = idf[column]!
      for (let j = 0; j < rank; j++) {
        const at = word * options.dims + j
        vectors.data[at] = vectors.data[at]! + weight * certainty[j]! * directions.data[column * rank + j]!
      }
    }
  })
  return vectors
}

/** The n-grams of each word with its borders: ` card ` gives ` c`, `ca`, …, `card`, `ard `. */
function gramsOfWords(words: readonly string[]): { gramsOf: Int32Array[]; grams: number } {
  const numberOf = new Map<string, number>()
  const gramsOf = words.map((word) => {
    const found: number[] = []
    const add = (gram: string) => {
      const number = numberOf.get(gram) ?? numberOf.size
      numberOf.set(gram, number)
      found.push(number)
    }
    // A Chinese or Japanese word of one or two signs would have no n-gram without its borders, so it is one itself.
    if (isSpaceless(word)) add(word)
    const bordered = ` ${word.slice(0, maxWordChars)} `
    for (let length = shortestGram; length <= longestGram; length++) {
      for (let start = 0; start + length <= bordered.length; start++) add(bordered.slice(start, start + length))
    }
    return Int32Array.from(found)
  })
  return { gramsOf, grams: numberOf.size }
}

function countTexts(corpus: Corpus, sample: Int32Array, gramsOf: readonly Int32Array[], grams: number): Int32Array {
  const texts = new Int32Array(grams)
  const lastText = new Int32Array(grams).fill(-1)
  for (const text of sample) {
    for (let i = corpus.offsets[text]!; i < corpus.offsets[text + 1]!; i++) {
      for (const gram of gramsOf[corpus.ids[i]!]!) {
        if (lastText[gram] === text) continue
        lastText[gram] = text
        texts[gram] = texts[gram]! + 1
      }
    }
  }
  return texts
}

/** Texts × n-grams with sublinear counts and inverse text frequency, rows of length one. */
function weighTexts(
  corpus: Corpus,
  sample: Int32Array,
  gramsOf: readonly Int32Array[],
  columnOf: Int32Array,
  idf: Float64Array,
) {
  const builder = createSparseBuilder(idf.length)
  const counts = new Int32Array(idf.length)
  for (const text of sample) {
    const touched: number[] = []
    for (let i = corpus.offsets[text]!; i < corpus.offsets[text + 1]!; i++) {
      for (const gram of gramsOf[corpus.ids[i]!]!) {
        const column = columnOf[gram]!
        if (column < 0) continue
        if (counts[column] === 0) touched.push(column)
        counts[column] = counts[column]! + 1
      }
    }
    let square = 0
    const values = touched.map((column) => {
      const value = (1 + Math.log(counts[column]!)) * idf[column]!
      counts[column] = 0
      square += value * value
      return value
    })
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0
    touched.forEach((column, i) => builder.add(column, values[i]! * scale))
    builder.endRow()
  }
  return builder.build()
}
