// Vectors for all texts: each distinct text once, in batches, at length one.
import { createMatrix, type Matrix, rowOf } from '#/clustering/matrix/matrix.ts'
import { forEachConcurrent } from '../concurrency.ts'
import { AppError } from '../errors.ts'
import { addUsage, noUsage, type Usage } from '../insight.ts'
import { shorten } from '../names.ts'
import type { Cancellable, OnVectors } from '../ports.ts'
import type { EmbedTexts } from './complete.ts'
import { estimateTokens, toTimeoutMs } from './tokens.ts'

/** What common servers take in one request: 2,048 texts and 300,000 tokens at OpenAI, far less elsewhere. */
const maxBatchTexts = 256
const maxBatchChars = 120_000
/** Embedding models read some 8,000 tokens; more of one summary's text than this would not change its place. */
const maxTextChars = 16_000

/**
 * One row a text, L2-normalised; a text without a word gets a row of zeros and costs nothing. `onProgress` is told how
 * many texts are done. Throws `model.*` errors; `model.bad_answer` when a server gives vectors of different lengths.
 */
export async function embedAll(
  texts: readonly string[],
  embedTexts: EmbedTexts,
  options: Cancellable & { concurrency: number; onProgress?: (done: number) => void; onVectors?: OnVectors },
): Promise<{ vectors: Matrix; usage: Usage }> {
  const rowsOf = new Map<string, number[]>()
  for (const [row, text] of texts.entries()) {
    const key = shorten(text.trim(), maxTextChars)
    const rows = rowsOf.get(key)
    if (rows === undefined) rowsOf.set(key, [row])
    else rows.push(row)
  }
  let done = rowsOf.get('')?.length ?? 0
  rowsOf.delete('')
  let usage = noUsage
  let matrix: Matrix | undefined
  await forEachConcurrent(toBatches([...rowsOf.keys()]), options, async (batch) => {
    const answer = await embedBatch(batch, embedTexts, options)
    usage = addUsage(usage, answer.usage)
    const written: { row: number; vector: Float32Array }[] = []
    for (const [index, text] of batch.entries()) {
      const vector = answer.vectors[index] ?? []
      matrix ??= createMatrix(texts.length, vector.length)
      if (vector.length !== matrix.cols || vector.length === 0) {
        throw new AppError('model.bad_answer', 'The embedding model gave vectors of different lengths.')
      }
      for (const row of rowsOf.get(text) ?? []) {
        writeUnit(vector, rowOf(matrix, row))
        written.push({ row, vector: rowOf(matrix, row) })
      }
    }
    await options.onVectors?.({ rows: written, usage: answer.usage })
    done += written.length
    options.onProgress?.(done)
  })
  return { vectors: matrix ?? createMatrix(texts.length, 1), usage }
}

function toBatches(texts: readonly string[]): string[][] {
  const batches: string[][] = []
  let chars = Infinity
  for (const text of texts) {
    const batch = batches.at(-1)
    if (batch === undefined || batch.length === maxBatchTexts || chars + text.length > maxBatchChars) {
      batches.push([text])
      chars = text.length
    } else {
      batch.push(text)
      chars += text.length
    }
  }
  return batches
}

/** Halves what the server finds too long: first the batch, then the text. */
async function embedBatch(
  batch: readonly string[],
  embedTexts: EmbedTexts,
  options: Cancellable,
): ReturnType<EmbedTexts> {
  const inputTokens = batch.reduce((sum, text) => sum + estimateTokens(text), 0)
  try {
    return await embedTexts(batch, { signal: options.signal, timeoutMs: toTimeoutMs({ inputTokens, outputTokens: 0 }) })
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'model.too_long') throw error
    const [first = ''] = batch
    if (batch.length === 1) {
      if (first.length < 500) throw error
      return embedBatch([shorten(first, Math.floor(first.length / 2))], embedTexts, options)
    }
    const middle = Math.ceil(batch.length / 2)
    const left = await embedBatch(batch.slice(0, middle), embedTexts, options)
    const right = await embedBatch(batch.slice(middle), embedTexts, options)
    return { vectors: [...left.vectors, ...right.vectors], usage: addUsage(left.usage, right.usage) }
  }
}

function writeUnit(vector: readonly number[], row: Float32Array): void {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  if (!Number.isFinite(length)) throw new AppError('model.bad_answer', 'The embedding model gave a vector with a hole.')
  if (length === 0) return
  for (const [column, value] of vector.entries()) row[column] = value / length
}
