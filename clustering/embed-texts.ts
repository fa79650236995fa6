// From word vectors to text vectors.
import type { Corpus } from './corpus.ts'
import { groupByLanguage } from './language.ts'
import { createMatrix, type Matrix } from './matrix.ts'
import { isStopWord } from './stop-words.ts'

/** With fewer texts the common part is most of what there is, and is left in. */
const leastTextsToCentre = 20
/** The mean of a language's texts is drawn towards the mean of all as if this many texts of it were average ones. */
const priorTexts = 5

/**
 * The two views of a text side by side, each the sum of its words' vectors (repeats counting less and less), centred and
 * brought to the same length. A text without words gets a zero row.
 *
 * Centring takes out what all texts of a language share: it says nothing about any of them, and left in it would make
 * the languages the top level of every tree over texts in several.
 */
export function embedTexts(corpus: Corpus, meanings: Matrix, shapes: Matrix): Matrix {
  const half = meanings.cols
  const vectors = createMatrix(corpus.texts, half * 2)
  const { data } = vectors
  const isStop = corpus.words.map(isStopWord)
  for (let text = 0; text < corpus.texts; text++) {
    const at = text * half * 2
    const counts = countWords(corpus, text)
    // A text of nothing but stop words is better told by their spelling than not at all.
    const onlyStops = Array.from(counts.keys()).every((word) => isStop[word]!)
    for (const [word, count] of counts) {
      const weight = 1 + Math.log(count)
      const from = word * half
      const shapeWeight = isStop[word]! && !onlyStops ? 0 : weight
      for (let k = 0; k < half; k++) {
        data[at + k] = data[at + k]! + weight * meanings.data[from + k]!
        data[at + half + k] = data[at + half + k]! + shapeWeight * shapes.data[from + k]!
      }
    }
    scaleRange(data, at, half, 1)
    scaleRange(data, at + half, half, 1)
  }
  if (corpus.texts >= leastTextsToCentre) {
    const { groupOf, groups } = groupByLanguage(corpus)
    centreByGroup(vectors, { from: 0, count: half }, groupOf, groups)
    centreByGroup(vectors, { from: half, count: half }, groupOf, groups)
  }
  for (let text = 0; text < corpus.texts; text++) {
    const at = text * half * 2
    scaleRange(data, at, half, Math.SQRT1_2)
    scaleRange(data, at + half, half, Math.SQRT1_2)
    // Where one view is empty the other stands for both.
    scaleRange(data, at, half * 2, 1)
  }
  return vectors
}

function countWords(corpus: Corpus, text: number): Map<number, number> {
  const counts = new Map<number, number>()
  for (let i = corpus.offsets[text]!; i < corpus.offsets[text + 1]!; i++) {
    const word = corpus.ids[i]!
    counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return counts
}

/**
 * Subtracts from every row its group's mean in the given columns. Rows that are zero there stay so: a text whose words
 * are met nowhere else would otherwise get the same vector as all others like it.
 */
function centreByGroup(
  vectors: Matrix,
  columns: { from: number; count: number },
  groupOf: Int32Array,
  groups: number,
): void {
  const { data, cols } = vectors
  const { from, count } = columns
  const sums = new Float64Array(groups * count)
  const rowsIn = new Float64Array(groups)
  const isEmpty = new Uint8Array(vectors.rows)
  for (let row = 0; row < vectors.rows; row++) {
    const at = row * cols + from
    if (data.subarray(at, at + count).every((value) => value === 0)) {
      isEmpty[row] = 1
      continue
    }
    const group = groupOf[row]!
    rowsIn[group] = rowsIn[group]! + 1
    for (let k = 0; k < count; k++) sums[group * count + k] = sums[group * count + k]! + data[at + k]!
  }
  const rows = rowsIn.reduce((sum, value) => sum + value, 0)
  if (rows === 0) return
  const overall = new Float64Array(count)
  sums.forEach((sum, i) => (overall[i % count] = overall[i % count]! + sum / rows))
  const means = sums.map(
    (sum, i) => (sum + priorTexts * overall[i % count]!) / (rowsIn[Math.floor(i / count)]! + priorTexts),
  )
  for (let row = 0; row < vectors.rows; row++) {
    if (isEmpty[row] === 1) continue
    const at = row * cols + from
    const mean = groupOf[row]! * count
    for (let k = 0; k < count; k++) data[at + k] = data[at + k]! - means[mean + k]!
  }
}

/** Scales a stretch of numbers to the given Euclidean length; zeros stay zeros. */
function scaleRange(data: Float32Array, from: number, count: number, length: number): void {
  let square = 0
  for (let k = from; k < from + count; k++) square += data[k]! * data[k]!
  if (square === 0) return
  const scale = length / Math.sqrt(square)
  for (let k = from; k < from + count; k++) data[k] = data[k]! * scale
}
