// Would the clusters come back if the data had been a little different?
// Hennig 2007, "Cluster-wise assessment of cluster stability", with subsets in place of bootstrap samples.
import { cutDendrogram } from '../ward/dendrogram.ts'
import { buildLevels, type Branch } from '../shape/levels.ts'
import { lloyd } from '../k-means/lloyd.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { createRandom, sampleIndices } from '../random.ts'
import { takeRows } from '../matrix/take-rows.ts'
import { wardDendrogram } from '../ward/ward.ts'

const replicates = 5
const sampleShare = 0.8
/** Five times exact Ward over so many points is a second or two. */
const maxSample = 3_000
/** With fewer sampled points a leaf, the sample decides more than the data. */
const leastPerLeaf = 6
const lloydRounds = 8

/**
 * For every node (given as its leaves): how much of it comes back, 0 to 1, when only four fifths of the points (at most 3,000)
 * are clustered anew into as many leaves: the largest Jaccard index with any node of the new tree, on average over
 * five samples. Hennig calls clusters below 0.5 dissolved, from 0.75 on valid. `null` where there are too few points to tell.
 */
export function measureStability(
  points: Matrix,
  weights: Float64Array,
  assignment: Int32Array,
  nodes: readonly (readonly number[])[],
  options: { seed: number; levels?: number; onProgress?: (share: number) => void },
): Float64Array | null {
  const assigned = Array.from(assignment.keys()).filter((point) => assignment[point]! >= 0)
  const leaves = 1 + assignment.reduce((most, leaf) => Math.max(most, leaf), -1)
  const sampleSize = Math.min(maxSample, Math.floor(sampleShare * assigned.length))
  if (leaves < 2 || sampleSize < leastPerLeaf * leaves) return null
  const random = createRandom(options.seed)
  const sums = new Float64Array(nodes.length)
  for (let replicate = 0; replicate < replicates; replicate++) {
    const sample = Array.from(sampleIndices(assigned.length, sampleSize, random), (i) => assigned[i]!)
    const own = takeRows(points, sample)
    const ownWeights = Float64Array.from(sample, (point) => weights[point]!)
    const cut = cutDendrogram(wardDendrogram(own, ownWeights), leaves)
    const again = lloyd(own, ownWeights, cut, { groups: leaves, iterations: lloydRounds, spherical: true })
    const nodesAgain = nodesOf(buildLevels(again.centres, options.levels))
    const shared = Array.from({ length: leaves }, () => new Float64Array(again.centres.rows))
    sample.forEach((point, i) => {
      const row = shared[assignment[point]!]!
      row[again.assignment[i]!] = row[again.assignment[i]!]! + ownWeights[i]!
    })
    bestOverlaps(shared, nodes, nodesAgain).forEach((overlap, node) => (sums[node] = sums[node]! + overlap))
    options.onProgress?.((replicate + 1) / replicates)
  }
  return sums.map((sum) => sum / replicates)
}

/** The leaves of every node, leaves themselves included. */
function nodesOf(branches: readonly Branch[]): number[][] {
  return branches.flatMap((branch) => {
    if ('leaf' in branch) return [[branch.leaf]]
    const below = nodesOf(branch.children)
    return [branch.children.flatMap(leavesOf), ...below]
  })
}

function leavesOf(branch: Branch): number[] {
  return 'leaf' in branch ? [branch.leaf] : branch.children.flatMap(leavesOf)
}

/** The largest Jaccard index of each node with any of the others, from what their leaves share. */
function bestOverlaps(
  shared: readonly Float64Array[],
  nodes: readonly (readonly number[])[],
  others: readonly (readonly number[])[],
): Float64Array {
  const cols = shared[0]?.length ?? 0
  const sumOver = (values: Float64Array, columns: readonly number[]) =>
    columns.reduce((sum, column) => sum + values[column]!, 0)
  const whole = new Float64Array(cols)
  for (const row of shared) row.forEach((value, column) => (whole[column] = whole[column]! + value))
  const otherSizes = others.map((other) => sumOver(whole, other))
  return Float64Array.from(nodes, (leaves) => {
    const own = new Float64Array(cols)
    for (const leaf of leaves) shared[leaf]!.forEach((value, column) => (own[column] = own[column]! + value))
    const size = own.reduce((sum, value) => sum + value, 0)
    let best = 0
    others.forEach((other, i) => {
      const both = sumOver(own, other)
      const either = size + otherSizes[i]! - both
      if (either > 0) best = Math.max(best, both / either)
    })
    return best
  })
}
