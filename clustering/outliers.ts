// What belongs to no theme: texts that say nothing, and points far from everything.
import type { Partition } from './lloyd.ts'
import { centresOf } from './lloyd.ts'
import type { Matrix } from './matrix.ts'
import { dot } from './multiply.ts'
import type { UnassignedReason } from './tree.ts'

/** Never more than this share of the rows is called unlike the others: beyond it they are the data. */
const mostOutliers = 0.05
/** Fewer points than this have no ordinary distance to be far beyond. */
const leastPoints = 20
/** Robust z-score (median and median absolute deviation, Iglewicz & Hoaglin 1993) beyond which a point is an outlier. */
const farAway = 5

/** Why a text cannot be clustered, if it cannot: nothing in it, or no more than a letter or two. */
export function reasonOfText(text: string): UnassignedReason | undefined {
  if (text.trim() === '') return 'empty'
  const says = text.slice(0, 1_000).match(/[\p{L}\p{N}]/gu)?.length ?? 0
  const isDense = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(text.slice(0, 1_000))
  return says < (isDense ? 2 : 3) ? 'too_short' : undefined
}

/** Takes points far from the centre of their leaf out of the partition (assignment -1). */
export function dropOutliers(points: Matrix, weights: Float64Array, partition: Partition): Partition {
  if (points.rows < leastPoints) return partition
  const distances = Float64Array.from({ length: points.rows }, (_, point) => {
    const centre = partition.assignment[point]! * points.cols
    return 1 - dot(points.data, point * points.cols, partition.centres.data, centre, points.cols)
  })
  const sorted = distances.toSorted()
  const median = sorted[sorted.length >> 1]!
  const deviations = sorted.map((distance) => Math.abs(distance - median)).sort()
  // 1.4826 makes the deviation comparable with a standard deviation.
  const spread = 1.4826 * deviations[deviations.length >> 1]!
  const threshold = median + farAway * spread
  const far = Array.from(distances.keys())
    .filter((point) => distances[point]! > threshold && spread > 0)
    .sort((a, b) => distances[b]! - distances[a]! || a - b)
  let budget = mostOutliers * weights.reduce((sum, weight) => sum + weight, 0)
  const assignment = partition.assignment.slice()
  for (const point of far) {
    budget -= weights[point]!
    if (budget < 0) break
    assignment[point] = -1
  }
  return centresOf(points, weights, assignment, { groups: partition.centres.rows, spherical: true })
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
