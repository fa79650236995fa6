// Of very many points, enough of every leaf to say what it is.
import { toMembers } from '../k-means/cells.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { hashRows, rowsOfLowestHash } from '../matrix/row-order.ts'

const maxPoints = 50_000
/** A small leaf is looked at whole. */
const leastOfLeaf = 200

/**
 * The points to look at, ascending, each with the weight it stands for. All of them up to 50,000; beyond, of every leaf (and
 * of the points in none) its share of as many, chosen by what is in them.
 */
export function sampleOfLeaves(
  points: Matrix,
  weights: Float64Array,
  assignment: Int32Array,
  leaves: number,
): { points: Int32Array; weights: Float64Array } {
  const all = Int32Array.from({ length: points.rows }, (_, point) => point)
  if (points.rows <= maxPoints) return { points: all, weights }
  const hashes = hashRows(points, 0)
  const { members, offsets } = toMembers(
    assignment.map((leaf) => leaf + 1),
    leaves + 1,
  )
  const scaleOf = new Float64Array(leaves + 1)
  const weightOf = (some: Int32Array): number => some.reduce((sum, point) => sum + weights[point]!, 0)
  const chosen = Array.from(scaleOf, (_, group) => {
    const own = members.subarray(offsets[group], offsets[group + 1])
    // Only among points without a leaf are some that have no weight.
    const weighty = group === 0 ? own.filter((point) => weights[point]! > 0) : own
    const share = Math.max(leastOfLeaf, Math.round((maxPoints * weighty.length) / points.rows))
    const sample = rowsOfLowestHash(hashes, weighty, share)
    scaleOf[group] = weighty.length === 0 ? 0 : weightOf(weighty) / weightOf(sample)
    return Array.from(sample)
  }).flat()
  const sorted = Int32Array.from(chosen).sort()
  return {
    points: sorted,
    weights: Float64Array.from(sorted, (point) => weights[point]! * scaleOf[assignment[point]! + 1]!),
  }
}
