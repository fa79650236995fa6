// What micro-clusters lose: the squared error of their partitions against those of exact Ward over all points.
import { toMicroClusters } from '#/clustering/k-means/micro-clusters.ts'
import type { Matrix } from '#/clustering/matrix/matrix.ts'
import { findLeaves } from '#/clustering/shape/leaves.ts'
import type { Threads } from '#/clustering/threads/threads.ts'
import { cutDendrogram } from '#/clustering/ward/dendrogram.ts'
import { dendrogramByRounds } from '#/clustering/ward/reciprocal-rounds.ts'
import { wardDendrogram } from '#/clustering/ward/ward.ts'

/**
 * The error as a share of exact Ward's with as many clusters: of weighted Ward over micro-clusters cut into each number
 * named, and of the leaves a tree would have (`leaves`), which are found by micro-clusters at this size as well.
 */
export function wardErrors(points: Matrix, counts: readonly number[], threads: Threads): Record<string, number> {
  const weights = new Float64Array(points.rows).fill(1)
  const exact = dendrogramByRounds(points, weights, { rule: 'ward', threads })
  const errorOf = (groupOf: ArrayLike<number>, count: number) =>
    squaredError(points, groupOf) / squaredError(points, cutDendrogram(exact, count))
  const micro = toMicroClusters(points, weights, { seed: 1, threads })
  const coarse = wardDendrogram(micro.centres, micro.weights)
  const leaves = findLeaves(points, weights, { seed: 1, threads })
  return {
    ...Object.fromEntries(
      counts.map((count) => {
        const groupOf = cutDendrogram(coarse, count)
        return [
          count,
          errorOf(
            micro.assignment.map((cluster) => groupOf[cluster]!),
            count,
          ),
        ]
      }),
    ),
    leaves: errorOf(leaves.assignment, leaves.centres.rows),
  }
}

function squaredError({ data, rows, cols }: Matrix, groupOf: ArrayLike<number>): number {
  const groups = 1 + Array.from(groupOf).reduce((most, group) => Math.max(most, group), 0)
  const sums = new Float64Array(groups * cols)
  const sizes = new Float64Array(groups)
  let error = 0
  for (let row = 0; row < rows; row++) {
    const group = groupOf[row]!
    sizes[group] = sizes[group]! + 1
    for (let k = 0; k < cols; k++) {
      const value = data[row * cols + k]!
      sums[group * cols + k] = sums[group * cols + k]! + value
      error += value * value
    }
  }
  sums.forEach((sum, i) => (error -= sum === 0 ? 0 : sum ** 2 / sizes[Math.floor(i / cols)]!))
  return error
}
