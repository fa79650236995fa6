// Many points as a few thousand weighted ones, so that Ward can go on where its n² would not end.
// Two levels of k-means: coarse cells from a sample, then small clusters inside each cell; every point is compared with
// 2 √m centres instead of m. BIRCH (Zhang, Ramakrishnan & Livny 1996) has the idea of agglomerating summaries.
import { createBlocks } from '../threads/blocks.ts'
import { type Cells, toMembers } from './cells.ts'
import { createGroupSums, toCentres } from './group-sums.ts'
import { assignToNearest, lloydFromCentres } from './lloyd.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { hashRows, rowsOfLowestHash } from '../matrix/row-order.ts'
import { sharedInt32, toShared } from '../matrix/shared-memory.ts'
import { takeRows } from '../matrix/take-rows.ts'
import type { Threads } from '../threads/threads.ts'

const coarseRounds = 8
const samplePerCell = 200
/** Training rows per centre inside a cell: more do not make the centres better. */
const samplePerCentre = 48

/** The micro-cluster of each point, what is in each, and their means (not of unit length) with the weight behind each. */
export type MicroClusters = Cells & { assignment: Int32Array; weights: Float64Array }

/**
 * About `4 √n` (at least 1,000, at most 4,000) micro-clusters of weighted unit points. Rows without weight are assigned but
 * have no say. What is sampled depends on the seed and on what is in the rows, not on their order.
 */
export function toMicroClusters(
  points: Matrix,
  weights: Float64Array,
  options: { seed: number; threads: Threads; onProgress?: (share: number) => void },
): MicroClusters {
  const { threads } = options
  const wanted = Math.min(4_000, Math.max(1_000, Math.round(4 * Math.sqrt(points.rows))))
  const hashes = hashRows(points, options.seed)
  const heavy = Int32Array.from({ length: points.rows }, (_, row) => row).filter((row) => weights[row]! > 0)
  const cells = Math.round(Math.sqrt(wanted))
  const sampled = rowsOfLowestHash(hashes, heavy, Math.max(10_000, cells * samplePerCell))
  const sample = takeRows(points, sampled)
  const sampleWeights = Float64Array.from(sampled, (row) => weights[row]!)
  const first = takeRows(points, sampled.subarray(0, cells))
  const coarse = lloydFromCentres(sample, sampleWeights, first, { iterations: coarseRounds, spherical: false, threads })
  options.onProgress?.(0.2)
  const cellOf = assignToNearest(points, coarse.centres, { threads, longest: 1 })
  options.onProgress?.(0.5)

  const { members, offsets } = toMembers(cellOf, coarse.centres.rows)
  const firstGroup = sharedInt32(offsets.length)
  const samples = Array.from({ length: coarse.centres.rows }, (_, cell) => {
    const own = members.subarray(offsets[cell], offsets[cell + 1])
    const share = Math.min(own.length, Math.max(1, Math.round((wanted * own.length) / points.rows)))
    firstGroup[cell + 1] = firstGroup[cell]! + share
    return toShared(rowsOfLowestHash(hashes, own, Math.min(own.length, share * samplePerCentre)))
  })
  const groups = firstGroup.at(-1)!
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const sums = createGroupSums(groups, points.cols, total)
  const assignment = sharedInt32(points.rows)
  threads.run({
    kind: 'train-cells',
    points: { ...points, data: toShared(points.data) },
    weights: toShared(weights),
    members,
    offsets,
    samples,
    firstGroup,
    assignment,
    sums,
    blocks: createBlocks(coarse.centres.rows, 1),
  })
  const means = toCentres(sums, false)
  const microOf = assignment.map((group) => means.numberOf[group]!)
  return {
    assignment: microOf,
    ...toMembers(microOf, means.centres.rows),
    centres: means.centres,
    weights: means.weights,
  }
}
