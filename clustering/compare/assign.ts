// New rows into an existing tree, without clustering anything again.
import { createMatrix, rowOf, type Matrix } from '../matrix/matrix.ts'
import { createMultiplier } from '../matrix/multiplier.ts'
import { toUnitRows } from '../matrix/unit-rows.ts'

/** What is kept of a tree to place rows in it later: no member, only where its leaves are and how far they reach. */
export type LeafModel = {
  /** Path of each leaf. */
  paths: string[]
  /** Unit centres, one row a leaf. */
  centres: Matrix
  /** Cosine distance within which nearly all members of the leaf lie. */
  reach: Float32Array
}

/** Where a new row belongs. */
export type Placement = {
  path: string
  /** Cosine distance to the centre of that leaf, 0 to 2. */
  distance: number
  /** The distance as a multiple of the leaf's reach. Above 1 the row lies outside every theme known: a new one, or none. */
  novelty: number
}

/** Nearly all: one member in fifty may lie farther out. */
const reachShare = 0.98
/** Products in single precision: a row as far away as the farthest member is not new. */
const precision = 1e-6
const blockRows = 128

/**
 * Centres and reach of the leaves, from the rows that are in them; a leaf of a few equal rows reaches as far as half of the
 * leaves do, or nothing new would fit.
 */
export function toLeafModel(
  vectors: Matrix,
  leaves: readonly { path: string; members: readonly number[] }[],
): LeafModel {
  const { unit } = toUnitRows(vectors)
  const centres = createMatrix(leaves.length, unit.cols)
  const own = Float32Array.from(leaves, ({ members }, leaf) => {
    const centre = rowOf(centres, leaf)
    for (const row of members) rowOf(unit, row).forEach((value, k) => (centre[k] = centre[k]! + value))
    const length = Math.hypot(...centre)
    if (length > 0) centre.forEach((value, k) => (centre[k] = value / length))
    const distances = Float32Array.from(members, (row) => cosineDistance(rowOf(unit, row), centre)).sort()
    return distances[Math.floor(reachShare * (distances.length - 1))]!
  })
  const usual = own.toSorted()[Math.floor((own.length - 1) / 2)] ?? 0
  return { paths: leaves.map(({ path }) => path), centres, reach: own.map((reach) => Math.max(reach, usual)) }
}

function cosineDistance(unit: Float32Array, centre: Float32Array): number {
  return Math.max(0, 1 - unit.reduce((sum, value, k) => sum + value * centre[k]!, 0))
}

/**
 * The leaf nearest to each row: O(leaves) a row. `undefined` for rows of zeros, and for all where there are no leaves. The
 * rows must be vectors of the same kind as those the tree was made of.
 */
export function assignToTree(rows: Matrix, model: LeafModel): (Placement | undefined)[] {
  const { centres, paths, reach } = model
  if (paths.length > 0 && rows.rows > 0 && rows.cols !== centres.cols) {
    throw new RangeError(`The tree was made of vectors of ${centres.cols} numbers, these have ${rows.cols}.`)
  }
  const { unit, isZero } = toUnitRows(rows)
  const placements: (Placement | undefined)[] = []
  if (paths.length === 0) return Array.from({ length: rows.rows }, () => undefined)
  const multiplier = createMultiplier(centres, blockRows)
  for (let from = 0; from < unit.rows; from += blockRows) {
    const left = { from, count: Math.min(blockRows, unit.rows - from) }
    const { data, stride } = multiplier.multiply(unit, left)
    for (let i = 0; i < left.count; i++) {
      let nearest = 0
      for (let leaf = 1; leaf < paths.length; leaf++) {
        if (data[i * stride + leaf]! > data[i * stride + nearest]!) nearest = leaf
      }
      const distance = Math.max(0, 1 - data[i * stride + nearest]!)
      const novelty = distance / (reach[nearest]! + precision)
      placements.push(isZero[from + i] === 1 ? undefined : { path: paths[nearest]!, distance, novelty })
    }
  }
  return placements
}
