// How well leaf clusters are grouped, without any labels.
import { createMatrix, type Matrix, rowOf } from '../matrix/matrix.ts'
import { dot } from '../matrix/measure.ts'

/**
 * Mean silhouette (Rousseeuw 1987) of leaf centres in the groups they are in, by cosine distance: -1 to 1, higher is better.
 * Every leaf counts alike, as when the groups were made; one that is a group by itself counts 0. `groups` has the group of
 * each leaf, counted from 0.
 */
export function groupingQuality(centres: Matrix, groups: readonly number[]): number {
  const sizes = new Float64Array(Math.max(-1, ...groups) + 1)
  const sums = createMatrix(sizes.length, centres.cols)
  groups.forEach((group, leaf) => {
    sizes[group] = sizes[group]! + 1
    const sum = rowOf(sums, group)
    rowOf(centres, leaf).forEach((value, k) => (sum[k] = sum[k]! + value))
  })
  if (sizes.length < 2) return 0
  const { cols } = centres
  let total = 0
  groups.forEach((own, leaf) => {
    if (sizes[own] === 1) return
    let inside = 0
    let next = Infinity
    sizes.forEach((size, group) => {
      // The mean over unit vectors of one minus their product is read off their sum; a leaf is no fellow of its own.
      const likeness = dot(centres.data, leaf * cols, sums.data, group * cols, cols)
      if (group === own) inside = 1 - (likeness - 1) / (size - 1)
      else next = Math.min(next, 1 - likeness / size)
    })
    const larger = Math.max(inside, next)
    if (larger > 0) total += (next - inside) / larger
  })
  return total / groups.length
}
