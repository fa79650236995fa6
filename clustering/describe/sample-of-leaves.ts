// Of very many points, enough of every leaf to say what it is.
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
  const membersOf: number[][] = Array.from({ length: leaves + 1 }, () => [])
  for (const point of all) if (weights[point]! > 0) membersOf[assignment[point]! + 1]!.push(point)
  const scaleOf = new Float64Array(leaves + 1)
  const chosen = membersOf.flatMap((members, group) => {
    const share = Math.max(leastOfLeaf, Math.round((maxPoints * members.length) / points.rows))
    const sample = rowsOfLowestHash(hashes, Int32Array.from(members), share)
    const weightOf = (own: Iterable<number>): number => {
      let sum = 0
      for (const point of own) sum += weights[point]!
      return sum
    }
    scaleOf[group] = members.length === 0 ? 0 : weightOf(members) / weightOf(sample)
    return Array.from(sample)
  })
  const sorted = Int32Array.from(chosen).sort()
  return {
    points: sorted,
    weights: Float64Array.from(sorted, (point) => weights[point]! * scaleOf[assignment[point]! + 1]!),
  }
}
