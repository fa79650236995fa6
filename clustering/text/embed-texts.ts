// From word vectors to text vectors.
import type { Corpus } from './corpus.ts'
import type { Views } from './embed-rows.ts'
import { createGroupSums, takeOver, type GroupSums } from '../k-means/group-sums.ts'
import { groupByLanguage } from './language.ts'
import { createMatrix, type Matrix } from '../matrix/matrix.ts'
import { toShared } from '../matrix/shared-memory.ts'
import { isStopWord } from './stop-words.ts'
import { createBlocks } from '../threads/blocks.ts'
import type { Threads } from '../threads/threads.ts'

/** With fewer texts the common part is most of what there is, and is left in. */
const leastTextsToCentre = 20
/** The mean of a language's texts is drawn towards the mean of all as if this many texts of it were average ones. */
const priorTexts = 5
const blockTexts = 512

/**
 * The two views of a text side by side, each the sum of its words' vectors (repeats counting less and less), centred and
 * brought to the same length. A text without words gets a zero row.
 *
 * Centring takes out what all texts of a language share: it says nothing about any of them, and left in it would make
 * the languages the top level of every tree over texts in several.
 */
export function embedTexts(corpus: Corpus, meanings: Matrix, shapes: Matrix, threads: Threads): Matrix {
  const { texts, offsets, ids } = corpus
  const half = meanings.cols
  const views: Views = createMatrix(2 * texts, half)
  const { groupOf, groups } = groupByLanguage(corpus)
  const shared = { views, groupOf: toShared(groupOf), groups }
  const sums = Array.from({ length: threads.count }, () => createGroupSums(2 * groups, half, Math.max(1, texts)))
  const isStop = toShared(Int32Array.from(corpus.words, (word) => Number(isStopWord(word))))
  const toEmbed = { offsets, ids, meanings, shapes, isStop, sums }
  threads.run({ kind: 'embed-texts', ...shared, ...toEmbed, blocks: createBlocks(texts, blockTexts) })
  for (const other of sums.slice(1)) takeOver(sums[0]!, other)
  const means = texts < leastTextsToCentre ? new Float64Array(2 * groups * half) : meansOf(sums[0]!, groups)
  threads.run({ kind: 'centre-texts', ...shared, means, blocks: createBlocks(texts, blockTexts) })
  return { data: views.data, rows: texts, cols: half * 2 }
}

/** The mean of each group in the first view, then in the second; texts without words do not count. */
function meansOf({ sums, cols }: GroupSums, groups: number): Float64Array {
  const means = new Float64Array(2 * groups * cols)
  for (const first of [0, groups]) {
    const overall = new Float64Array(cols + 1)
    for (let group = first; group < first + groups; group++) {
      for (let k = 0; k <= cols; k++) overall[k] = overall[k]! + sums[group * (cols + 1) + k]!
    }
    const rows = Math.max(1, overall[cols]!)
    for (let group = first; group < first + groups; group++) {
      const at = group * (cols + 1)
      for (let k = 0; k < cols; k++) {
        means[group * cols + k] = (sums[at + k]! + (priorTexts * overall[k]!) / rows) / (sums[at + cols]! + priorTexts)
      }
    }
  }
  return means
}
