// Many points as a few thousand weighted ones, so that Ward can go on where its n² would not end.
// Two levels of k-means: coarse cells from a sample, then small clusters inside each cell; every point is compared with
// 2 √m centres instead of m. BIRCH (Zhang, Ramakrishnan & Livny 1996) has the idea of agglomerating summaries.
import { assignToNearest, lloyd } from './lloyd.ts'
import type { Matrix } from './matrix.ts'
import { takeRows } from './take-rows.ts'
import { createRandom, sampleIndices } from './random.ts'

const coarseRounds = 8
const fineRounds = 5
/** Training rows per centre: more do not make the centres better. */
const samplePerCentre = 48

/** The micro-cluster of each point, and their means (not of unit length) with the weight behind each. */
export type MicroClusters = { assignment: Int32Array; centres: Matrix; weights: Float64Array }

/** About `4 √n` (at least 1,000, at most 4,000) micro-clusters of weighted points. */
export function toMicroClusters(points: Matrix, weights: Float64Array, seed: number): MicroClusters {
  const wanted = Math.min(4_000, Math.max(1_000, Math.round(4 * Math.sqrt(points.rows))))
  const random = createRandom(seed)
  const cells = Math.round(Math.sqrt(wanted))
  const coarse = trainOnSample(points, weights, cells, {
    rounds: coarseRounds,
    sample: Math.max(10_000, cells * 200),
    random,
  })
  const cellOf = assignToNearest(points, coarse)
  const membersOf: number[][] = Array.from({ length: coarse.rows }, () => [])
  cellOf.forEach((cell, point) => membersOf[cell]!.push(point))

  const assignment = new Int32Array(points.rows)
  let used = 0
  for (const members of membersOf) {
    if (members.length === 0) continue
    const own = takeRows(points, members)
    const ownWeights = Float64Array.from(members, (member) => weights[member]!)
    const count = Math.min(members.length, Math.max(1, Math.round((wanted * members.length) / points.rows)))
    const centres = trainOnSample(own, ownWeights, count, {
      rounds: fineRounds,
      sample: count * samplePerCentre,
      random,
    })
    const nearest = assignToNearest(own, centres)
    members.forEach((member, i) => (assignment[member] = used + nearest[i]!))
    used += centres.rows
  }
  return withoutEmpty(points, weights, assignment, used)
}

/** K-means centres of a random sample, started from random points of it. */
function trainOnSample(
  points: Matrix,
  weights: Float64Array,
  count: number,
  options: { rounds: number; sample: number; random: () => number },
): Matrix {
  const rows = sampleIndices(points.rows, Math.min(points.rows, options.sample), options.random)
  const sample = takeRows(points, rows)
  const sampleWeights = Float64Array.from(rows, (row) => weights[row]!)
  const first = takeRows(sample, sampleIndices(sample.rows, count, options.random))
  const start = assignToNearest(sample, first)
  return lloyd(sample, sampleWeights, start, { groups: count, iterations: options.rounds, spherical: false }).centres
}

function withoutEmpty(points: Matrix, weights: Float64Array, assignment: Int32Array, groups: number): MicroClusters {
  const { assignment: used, centres } = lloyd(points, weights, assignment, { groups, iterations: 0, spherical: false })
  const totals = new Float64Array(centres.rows)
  used.forEach((group, point) => (totals[group] = totals[group]! + weights[point]!))
  return { assignment: used, centres, weights: totals }
}
