// Vectors for texts without a model or a network: fitted on the texts themselves, any language.
import { toCorpus } from './corpus.ts'
import { embedTexts } from './embed-texts.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { findNeighbours } from '../matrix/nearest.ts'
import { createRandom, sampleIndices } from '../random.ts'
import { smoothByNeighbours } from './smooth.ts'
import { wordMeanings } from './word-meanings.ts'
import { wordShapes } from './word-shapes.ts'
import { oneThread, type Threads } from '../threads/threads.ts'

const defaultDims = 200
/** Vocabulary statistics are settled long before this many texts. */
const maxTextsForMeanings = 50_000
const maxTextsForShapes = 20_000
/** Ten thousand long texts would take 160 MB of character sequences; fewer of them spell the same words. */
const maxWordsForShapes = 240_000
/** Smoothing compares all pairs of texts; beyond this it would take longer than everything else together. */
const maxTextsToSmooth = 12_000
const smoothNeighbours = 5
const smoothSteps = 4

/**
 * One unit vector a text; texts of like meaning get like vectors. A text without words gets a zero row.
 *
 * Two views side by side: what the words mean (used near the same words) and how they are spelled; then every text is
 * moved a little towards its neighbours. The seed matters only where there are so many
 * texts that the vocabulary is learnt from a sample. BANKING77, leaves against intents: ARI 45, against 20 to 31 with TF-IDF
 * and SVD.
 */
export function featurize(
  texts: readonly string[],
  options: { seed: number; dims?: number; threads?: Threads; onProgress?: (share: number) => void },
): Matrix {
  const dims = options.dims ?? defaultDims
  const half = Math.max(1, Math.ceil(dims / 2))
  const { threads = oneThread } = options
  const progress = options.onProgress ?? (() => {})
  const corpus = toCorpus(texts)
  progress(0.1)
  const random = createRandom(options.seed)
  const fit = {
    dims: half,
    threads,
    // In a handful of texts a word that occurs once is all there is.
    minTexts: texts.length < 30 ? 1 : 2,
  }
  const meanings = wordMeanings(corpus, sampleIndices(texts.length, maxTextsForMeanings, random), fit)
  progress(0.35)
  const wordsPerText = corpus.ids.length / Math.max(1, texts.length)
  const textsForShapes = Math.min(maxTextsForShapes, Math.ceil(maxWordsForShapes / Math.max(1, wordsPerText)))
  const shapes = wordShapes(corpus, sampleIndices(texts.length, textsForShapes, random), fit)
  progress(0.6)
  const vectors = embedTexts(corpus, meanings, shapes, threads)
  progress(0.7)
  if (texts.length < 20 || texts.length > maxTextsToSmooth) return vectors
  const neighbours = findNeighbours(vectors, smoothNeighbours, {
    threads,
    onProgress: (share) => progress(0.7 + 0.25 * share),
  })
  const smoothed = smoothByNeighbours(vectors, neighbours, { steps: smoothSteps, threads })
  progress(1)
  return smoothed
}
