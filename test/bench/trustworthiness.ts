import { rowOf, type Matrix } from '#/clustering/matrix/matrix.ts'
import { createRandom, sampleIndices } from '#/clustering/random.ts'
import { toUnitRows } from '#/clustering/matrix/unit-rows.ts'

/**
 * How far the neighbours on a map are neighbours in truth, 0 to 1 (Venna & Kaski 2001): rows among the `k` nearest on the map
 * that are not so in the vectors cost as much as their rank there. Measured for a sample of the rows against all of them.
 */
export function trustworthiness(
  vectors: Matrix,
  map: Matrix,
  options: { neighbours: number; sample: number; seed: number },
): number {
  const { neighbours: k } = options
  const { unit } = toUnitRows(vectors)
  const rows = unit.rows
  const sample = sampleIndices(rows, Math.min(rows, options.sample), createRandom(options.seed))
  let cost = 0
  for (const row of sample) {
    const own = rowOf(unit, row)
    const far = Float32Array.from({ length: rows }, (_, other) => {
      const theirs = rowOf(unit, other)
      let product = 0
      for (let j = 0; j < own.length; j++) product += own[j]! * theirs[j]!
      return other === row ? -Infinity : 1 - product
    })
    const onMap = Float32Array.from({ length: rows }, (_, other) =>
      other === row
        ? -Infinity
        : Math.hypot(map.data[row * 2]! - map.data[other * 2]!, map.data[row * 2 + 1]! - map.data[other * 2 + 1]!),
    )
    const rank = new Int32Array(rows)
    byDistance(far).forEach((other, place) => (rank[other] = place))
    for (const other of byDistance(onMap).subarray(1, k + 1)) cost += Math.max(0, rank[other]! - k)
  }
  return 1 - (2 * cost) / (sample.length * k * (2 * rows - 3 * k - 1))
}

/** Rows by rising distance; the row itself, at minus infinity, comes first. */
function byDistance(distances: Float32Array): Int32Array {
  return Int32Array.from(distances.keys()).sort((a, b) => distances[a]! - distances[b]! || a - b)
}
