// What belongs to no theme: texts that say nothing, texts unlike all others, and points far from everything.
import { centresOf, type Partition } from '../k-means/lloyd.ts'
import { createMatrix, type Matrix } from '../matrix/matrix.ts'
import { dot } from '../matrix/measure.ts'
import { sharedInt32, toShared } from '../matrix/shared-memory.ts'
import { ownProducts } from '../matrix/own-products.ts'
import type { Threads } from '../threads/threads.ts'
import type { UnassignedReason } from '../tree.ts'

/** Fewer points than this are all there is to go by: nothing is unlike them. */
const leastPoints = 50
/** Points this far from their centre, measured by their mean distance to all centres, are hardly nearer to it than to any other. */
const farFromCentre = 0.6
/** Never more than this share of the rows is called far: beyond it they are the data. */
const mostFar = 0.05
/** As for distances; higher, because the evidence of the words is stronger. */
const mostUnfamiliar = 0.45

/** Why a text cannot be clustered, if it cannot: nothing in it, or no more than a letter or two. */
export function reasonOfText(text: string): UnassignedReason | undefined {
  if (text.trim() === '') return 'empty'
  const beginning = text.slice(0, 1_000)
  const says = beginning.match(/[\p{L}\p{N}]/gu)?.length ?? 0
  const isDense = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(beginning)
  return says < (isDense ? 2 : 3) ? 'too_short' : undefined
}

/**
 * Takes outliers out of the partition (assignment -1): points hardly nearer to their own centre than to the average
 * one, and points whose words no other text uses (random letters get vectors too, and near each other).
 */
export function dropOutliers(
  points: Matrix,
  weights: Float64Array,
  partition: Partition,
  options: { isUnfamiliar?: (point: number) => boolean; threads: Threads },
): Partition {
  const { isUnfamiliar, threads } = options
  if (points.rows < leastPoints) return partition
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const distance = relativeDistances(points, partition, threads)
  const assignment = toShared(partition.assignment.slice())
  const drop = (candidates: number[], mostShare: number) => {
    let budget = mostShare * total
    for (const point of candidates.sort((a, b) => distance[b]! - distance[a]! || a - b)) {
      budget -= weights[point]!
      if (budget < 0) return
      assignment[point] = -1
    }
  }
  const all = Array.from(distance.keys())
  if (isUnfamiliar !== undefined) drop(all.filter(isUnfamiliar), mostUnfamiliar)
  drop(
    all.filter((point) => distance[point]! > farFromCentre),
    mostFar,
  )
  if (assignment.every((leaf) => leaf < 0)) return partition
  return centresOf(points, weights, assignment, {
    groups: partition.centres.rows,
    spherical: true,
    threads,
    longest: 1,
  })
}

/** Cosine distance of each point to its centre as a share of its mean distance to all centres. */
function relativeDistances(points: Matrix, { centres, assignment }: Partition, threads: Threads): Float64Array {
  // With a single leaf its centre is the average, and nothing can be said.
  if (centres.rows < 2) return new Float64Array(points.rows)
  const { cols } = points
  const mean = createMatrix(1, cols)
  centres.data.forEach((value, i) => (mean.data[i % cols] = mean.data[i % cols]! + value / centres.rows))
  const toMean = ownProducts(points, mean, sharedInt32(points.rows), threads)
  const distances = ownProducts(points, centres, assignment, threads)
  for (let point = 0; point < points.rows; point++) {
    const average = 1 - toMean[point]!
    distances[point] = average > 0 ? (1 - distances[point]!) / average : 0
  }
  return distances
}

/** Gives the members of leaves below the least size to the nearest leaf that is large enough. */
export function mergeTinyLeaves(
  points: Matrix,
  weights: Float64Array,
  partition: Partition,
  minSize: number,
): Partition {
  const { centres } = partition
  const sizes = new Float64Array(centres.rows)
  partition.assignment.forEach((leaf, point) => {
    if (leaf >= 0) sizes[leaf] = sizes[leaf]! + weights[point]!
  })
  const large = Array.from(sizes.keys()).filter((leaf) => sizes[leaf]! >= minSize)
  if (large.length === centres.rows) return partition
  // Where every leaf is too small the largest one takes all.
  if (large.length === 0) large.push(sizes.indexOf(Math.max(...sizes)))
  const isLarge = new Set(large)
  const assignment = partition.assignment.map((leaf, point) => {
    if (leaf < 0 || isLarge.has(leaf)) return leaf
    let best = -Infinity
    let nearest = large[0]!
    for (const other of large) {
      const closeness = dot(points.data, point * points.cols, centres.data, other * points.cols, points.cols)
      if (closeness > best) [best, nearest] = [closeness, other]
    }
    return nearest
  })
  return centresOf(points, weights, assignment, { groups: centres.rows, spherical: true })
}
