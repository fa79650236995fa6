// Vectors for texts without a model or a network: fitted on the texts themselves, any language.
import { toCorpus, type Corpus } from './corpus.ts'
import { createMatrix, type Matrix } from './matrix.ts'
import { findNeighbours } from './nearest.ts'
import { createRandom, sampleIndices } from './random.ts'
import { smoothByNeighbours } from './smooth.ts'
import { wordMeanings } from './word-meanings.ts'
import { wordShapes } from './word-shapes.ts'

const defaultDims = 200
/** Vocabulary statistics are settled long before this many texts. */
const maxTextsForMeanings = 50_000
const maxTextsForShapes = 20_000
/** Smoothing compares all pairs of texts; beyond this it would take longer than everything else together. */
const maxTextsToSmooth = 12_000
const smoothNeighbours = 5
const smoothSteps = 4

/**
 * One unit vector a text; texts of like meaning get like vectors. A text without words gets a zero row.
 *
 * Two views side by side: what the words mean (used near the same words) and how they are spelled; then every text is
 * moved a little towards its neighbours. Measured against TF-IDF with SVD on BANKING77: ARI 46 against 20 to 31.
 */
export function featurize(
  texts: readonly string[],
  options: { seed: number; dims?: number; onProgress?: (share: number) => void },
): Matrix {
  const dims = options.dims ?? defaultDims
  const half = Math.max(1, Math.ceil(dims / 2))
  const progress = options.onProgress ?? (() => {})
  const corpus = toCorpus(texts)
  progress(0.1)
  const random = createRandom(options.seed)
  const fit = {
    dims: half,
    seed: options.seed,
    // In a handful of texts a word that occurs once is all there is.
    minTexts: texts.length < 30 ? 1 : 2,
  }
  const meanings = wordMeanings(corpus, sampleIndices(texts.length, maxTextsForMeanings, random), fit)
  progress(0.35)
  const shapes = wordShapes(corpus, sampleIndices(texts.length, maxTextsForShapes, random), fit)
  progress(0.6)
  const vectors = embedTexts(corpus, meanings, shapes)
  progress(0.7)
  if (texts.length < 20 || texts.length > maxTextsToSmooth) return vectors
  const neighbours = findNeighbours(vectors, smoothNeighbours, (share) => progress(0.7 + 0.25 * share))
  const smoothed = smoothByNeighbours(vectors, neighbours, smoothSteps)
  progress(1)
  return smoothed
}

/** Sums of word vectors; each view centred (meanings only) and brought to length √½, so that both count alike. */
function embedTexts(corpus: Corpus, meanings: Matrix, shapes: Matrix): Matrix {
  const half = meanings.cols
  const vectors = createMatrix(corpus.texts, half * 2)
  const mean = new Float64Array(half)
  for (let text = 0; text < corpus.texts; text++) {
    const at = text * half * 2
    for (let i = corpus.offsets[text]!; i < corpus.offsets[text + 1]!; i++) {
      const from = corpus.ids[i]! * half
      for (let k = 0; k < half; k++) {
        vectors.data[at + k] = vectors.data[at + k]! + meanings.data[from + k]!
        vectors.data[at + half + k] = vectors.data[at + half + k]! + shapes.data[from + k]!
      }
    }
    scaleRange(vectors.data, at, half, 1)
    scaleRange(vectors.data, at + half, half, Math.SQRT1_2)
    for (let k = 0; k < half; k++) mean[k] = mean[k]! + vectors.data[at + k]! / corpus.texts
  }
  for (let text = 0; text < corpus.texts; text++) {
    const at = text * half * 2
    // The common part of all texts says nothing about any of them; with a few texts it is most of what there is.
    const isEmpty = corpus.offsets[text] === corpus.offsets[text + 1]
    if (isEmpty) continue
    if (corpus.texts >= 20) for (let k = 0; k < half; k++) vectors.data[at + k] = vectors.data[at + k]! - mean[k]!
    scaleRange(vectors.data, at, half, Math.SQRT1_2)
    scaleRange(vectors.data, at, half * 2, 1)
  }
  return vectors
}

/** Scales a stretch of numbers to the given Euclidean length; zeros stay zeros. */
function scaleRange(data: Float32Array, from: number, count: number, length: number): void {
  let square = 0
  for (let k = from; k < from + count; k++) square += data[k]! * data[k]!
  if (square === 0) return
  const scale = length / Math.sqrt(square)
  for (let k = from; k < from + count; k++) data[k] = data[k]! * scale
}
