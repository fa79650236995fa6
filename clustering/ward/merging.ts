// Clusters as centres: what merging two of them costs, and what is left of them afterwards.
import { createMatrix, type Matrix } from '../matrix/matrix.ts'
import { squaredDistance } from '../matrix/measure.ts'
import { sharedFloat64 } from '../matrix/shared-memory.ts'

/** `ward`: the growth of the squared error, doubled. `average`: the mean cosine distance between members (of unit rows). */
export type MergingRule = 'ward' | 'average'

/** In memory that threads share. A merged cluster keeps the place of one of its parts. */
export type Clusters = {
  rule: MergingRule
  centres: Matrix
  sizes: Float64Array
  /** `|centre|²` */
  norms: Float64Array
  /** `1 - |centre|²` of unit rows, followed through the merges so that nothing of it is lost to rounding. */
  spreads: Float64Array
}

/** Every point a cluster of its weight. */
export function toClusters(points: Matrix, weights: Float64Array, rule: MergingRule): Clusters {
  const { rows, cols } = points
  const centres = createMatrix(rows, cols)
  centres.data.set(points.data)
  const sizes = sharedFloat64(rows)
  sizes.set(weights)
  const norms = sharedFloat64(rows)
  for (let row = 0; row < rows; row++) norms[row] = squaredLength(centres, row)
  return { rule, centres, sizes, norms, spreads: sharedFloat64(rows) }
}

/** What merging two clusters costs, in double precision, the same whichever is named first. */
export function mergingCost({ rule, centres, sizes, spreads }: Clusters, a: number, b: number): number {
  const { data, cols } = centres
  const squared = squaredDistance(data, a * cols, data, b * cols, cols)
  if (rule === 'ward') return ((2 * sizes[a]! * sizes[b]!) / (sizes[a]! + sizes[b]!)) * squared
  // 1 - <a, b>, spelled so that near clusters keep their digits.
  return (squared + (spreads[a]! + spreads[b]!)) / 2
}

/** Puts `gone` into `kept`. */
export function mergeClusters({ centres, sizes, norms, spreads }: Clusters, kept: number, gone: number): void {
  const { data, cols } = centres
  const total = sizes[kept]! + sizes[gone]!
  const share = sizes[kept]! / total
  const other = sizes[gone]! / total
  const to = kept * cols
  const from = gone * cols
  const squared = squaredDistance(data, to, data, from, cols)
  spreads[kept] = share * spreads[kept]! + other * spreads[gone]! + share * other * squared
  for (let k = 0; k < cols; k++) data[to + k] = share * data[to + k]! + other * data[from + k]!
  sizes[kept] = total
  norms[kept] = squaredLength(centres, kept)
}

/**
 * No third cluster is nearer to the merger of two than this, when outside their lists none is nearer to them than the bounds.
 * By Lance–Williams (Müllner 2011, table 1) its cost is a weighted sum of the costs to the parts; for Ward it moves steadily
 * from the first expression to the second as the third's size grows.
 */
export function boundOfMerged(
  { rule, sizes }: Clusters,
  pair: { kept: number; gone: number; cost: number },
  bounds: { kept: number; gone: number },
): number {
  const sizeKept = sizes[pair.kept]!
  const sizeGone = sizes[pair.gone]!
  const mean = (sizeKept * bounds.kept + sizeGone * bounds.gone) / (sizeKept + sizeGone)
  return rule === 'average' ? mean : Math.min(mean, bounds.kept + bounds.gone - pair.cost)
}

function squaredLength({ data, cols }: Matrix, row: number): number {
  let sum = 0
  for (let k = row * cols; k < (row + 1) * cols; k++) sum += data[k]! * data[k]!
  return sum
}
