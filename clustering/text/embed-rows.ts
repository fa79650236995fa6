// Two tasks: vectors of texts from those of their words; and what all texts of a language share taken out of them.
import { addToGroup, type GroupSums } from '../k-means/group-sums.ts'
import { rowOf, type Matrix } from '../matrix/matrix.ts'
import { openSparseProduct } from '../svd/sparse-product.ts'
import { takeBlocks, type Blocks } from '../threads/blocks.ts'

/** The two views of text `t` are rows `2 t` (what its words mean) and `2 t + 1` (how they are spelled). */
export type Views = Matrix

export type EmbedTextsTask = {
  kind: 'embed-texts'
  /** As in a corpus. */
  offsets: Int32Array
  ids: Int32Array
  meanings: Matrix
  shapes: Matrix
  /** 1 for stop words. */
  isStop: Int32Array
  groupOf: Int32Array
  groups: number
  views: Views
  /** One for every thread: of the first view of each group's texts, then of the second. */
  sums: GroupSums[]
  blocks: Blocks
}

export type CentreTextsTask = {
  kind: 'centre-texts'
  views: Views
  groupOf: Int32Array
  groups: number
  /** What to take out of the first view of each group's texts, then of the second. */
  means: Float64Array
  blocks: Blocks
}

export function embedTextRows(task: EmbedTextsTask, thread: number): void {
  const { groupOf, groups, views } = task
  const sums = task.sums[thread]!
  const width = views.cols
  let adder: ReturnType<typeof createWordAdder> | undefined
  takeBlocks(task.blocks, ({ from, count }) => {
    adder ??= createWordAdder(task)
    for (let next = from; next < from + count;) {
      const first = next
      while (next < from + count && adder.add(next)) next++
      const rows = adder.finish()
      for (let text = first; text < next; text++) {
        const at = (text - first) * adder.depth
        const group = groupOf[text]!
        if (putUnit(rows, at, views, 2 * text)) addToGroup(sums, group, views, 2 * text, 1)
        if (putUnit(rows, at + width, views, 2 * text + 1)) addToGroup(sums, groups + group, views, 2 * text + 1, 1)
      }
    }
  })
}

/** Words whose vectors are kept at hand: of a vocabulary larger than this most are rare. */
const mostWordsNear = 1 << 16

/** Sums the vectors of the words of a few texts at a time. */
function createWordAdder({ offsets, ids, isStop, meanings, shapes, blocks }: EmbedTextsTask) {
  const width = meanings.cols
  let longest = 0
  for (let text = 1; text < offsets.length; text++) longest = Math.max(longest, offsets[text]! - offsets[text - 1]!)
  const mostWords = Math.min(isStop.length, Math.max(longest, mostWordsNear))
  const mostEntries = longest + 16 * blocks.size
  const product = openSparseProduct({
    rows: blocks.size,
    entries: mostEntries,
    denseRows: mostWords,
    width: 2 * width,
  })
  const placeOf = new Int32Array(isStop.length).fill(-1)
  const counts = new Int32Array(isStop.length)
  let words = 0
  let texts = 0
  let entries = 0
  const placeWord = (word: number): number => {
    const place = words++
    placeOf[word] = place
    product.dense.set(rowOf(meanings, word), place * product.depth)
    product.dense.set(rowOf(shapes, word), place * product.depth + width)
    return place
  }
  return {
    depth: product.depth,
    /** False where there is no room left: `finish` makes some. */
    add: (text: number): boolean => {
      const [start, end] = [offsets[text]!, offsets[text + 1]!]
      if (entries + end - start > mostEntries || (texts > 0 && words + end - start > mostWords)) return false
      if (words + end - start > mostWords) {
        placeOf.fill(-1)
        words = 0
      }
      let onlyStops = 1
      for (let i = start; i < end; i++) {
        const word = ids[i]!
        counts[word] = counts[word]! + 1
        onlyStops &= isStop[word]!
      }
      for (let i = start; i < end; i++) {
        const word = ids[i]!
        const count = counts[word]!
        counts[word] = 0
        // A text of nothing but stop words is better told by their spelling than not at all.
        if (count === 0 || isStop[word]! > onlyStops) continue
        product.columns[entries] = placeOf[word]! < 0 ? placeWord(word) : placeOf[word]!
        product.values[entries++] = 1 + Math.log(count)
      }
      product.offsets[++texts] = entries
      return true
    },
    /** A row for each text added since the last time: both views of it, not yet of length one. */
    finish: (): Float32Array => {
      const rows = product.multiply(texts)
      texts = 0
      entries = 0
      return rows
    },
  }
}

/** Writes a row brought to length one; false for zeros, which stay. */
function putUnit(from: Float32Array, at: number, { data, cols }: Matrix, row: number): boolean {
  let square = 0
  for (let k = at; k < at + cols; k++) square += from[k]! * from[k]!
  if (square === 0) return false
  const scale = 1 / Math.sqrt(square)
  const to = row * cols
  for (let k = 0; k < cols; k++) data[to + k] = from[at + k]! * scale
  return true
}

export function centreTextRows({ views, groupOf, groups, means, blocks }: CentreTextsTask): void {
  const { data, cols } = views
  takeBlocks(blocks, ({ from, count }) => {
    for (let text = from; text < from + count; text++) {
      const at = 2 * text * cols
      const mean = groupOf[text]! * cols
      const meaning = centre(data, at, means, mean, cols)
      const shape = centre(data, at + cols, means, groups * cols + mean, cols)
      // Both views weigh the same; where one is empty the other stands for both.
      const share = Math.sqrt(1 / (Number(meaning > 0) + Number(shape > 0)))
      if (meaning > 0) scaleRange(data, at, cols, share / Math.sqrt(meaning))
      if (shape > 0) scaleRange(data, at + cols, cols, share / Math.sqrt(shape))
    }
  })
}

/**
 * Subtracts a mean, and answers the squared length of what is left. Rows that are zero stay so: a text whose words are
 * met nowhere else would otherwise get the same vector as all others like it.
 */
function centre(data: Float32Array, from: number, means: Float64Array, mean: number, count: number): number {
  let isEmpty = true
  for (let k = from; k < from + count && isEmpty; k++) isEmpty = data[k] === 0
  if (isEmpty) return 0
  let square = 0
  for (let k = 0; k < count; k++) {
    const value = data[from + k]! - means[mean + k]!
    data[from + k] = value
    square += value * value
  }
  return square
}

function scaleRange(data: Float32Array, from: number, count: number, scale: number): void {
  for (let k = from; k < from + count; k++) data[k] = data[k]! * scale
}
