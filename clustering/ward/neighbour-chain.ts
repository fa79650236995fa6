// Nearest-neighbour chain: Murtagh 1983; Müllner, "Modern hierarchical, agglomerative clustering algorithms", 2011, §3.2.
// Lance–Williams updates, Ward's of squared distances: Müllner 2011, table 1.
import type { LooseMerges } from './dendrogram.ts'

/**
 * Merges clusters of these weights until one is left, in O(n²) time. `distances` is condensed and is used up; the heights
 * are distances as they were given: for `ward` squared ones.
 */
export function mergeByChain(
  distances: Float32Array,
  weights: Float64Array,
  rule: 'ward' | 'average' | 'complete',
): LooseMerges {
  const count = weights.length
  const merges = {
    a: new Int32Array(Math.max(0, count - 1)),
    b: new Int32Array(Math.max(0, count - 1)),
    heights: new Float64Array(Math.max(0, count - 1)),
  }
  const sizes = Float64Array.from(weights)
  const alive = createAliveList(count)
  // Entry of the pair (i, j), i < j, in the condensed matrix.
  const rowStart = Float64Array.from({ length: count }, (_, i) => (i * (2 * count - i - 1)) / 2 - i - 1)
  const at = (i: number, j: number) => (i < j ? rowStart[i]! + j : rowStart[j]! + i)

  const chain: number[] = []
  for (let merge = 0; merge < count - 1; merge++) {
    // Follow nearest neighbours until two clusters are each other's nearest: those two are merged.
    if (chain.length === 0) chain.push(alive.first())
    let nearest: number
    for (;;) {
      const end = chain[chain.length - 1]!
      const before = chain.length > 1 ? chain[chain.length - 2]! : -1
      nearest = before
      // The previous link wins ties; otherwise the chain could go round in circles.
      let best = before < 0 ? Infinity : distances[at(before, end)]!
      for (let j = alive.first(); j < end; j = alive.next(j)) {
        const distance = distances[rowStart[j]! + end]!
        if (distance < best) [best, nearest] = [distance, j]
      }
      const start = rowStart[end]!
      for (let j = alive.next(end); j < count; j = alive.next(j)) {
        const distance = distances[start + j]!
        if (distance < best) [best, nearest] = [distance, j]
      }
      if (nearest === before) break
      chain.push(nearest)
    }
    const last = chain.pop()!
    chain.pop()
    const gone = Math.min(last, nearest)
    const kept = Math.max(last, nearest)
    const cost = distances[at(gone, kept)]!
    merges.a[merge] = gone
    merges.b[merge] = kept
    merges.heights[merge] = cost
    alive.remove(gone)
    const goneSize = sizes[gone]!
    const keptSize = sizes[kept]!
    for (let j = alive.first(); j < count; j = alive.next(j)) {
      if (j === kept) continue
      const index = at(j, kept)
      const toGone = distances[at(gone, j)]!
      const toKept = distances[index]!
      let updated: number
      if (rule === 'complete') updated = Math.max(toGone, toKept)
      else if (rule === 'average') updated = (goneSize * toGone + keptSize * toKept) / (goneSize + keptSize)
      else {
        const size = sizes[j]!
        updated = ((goneSize + size) * toGone + (keptSize + size) * toKept - size * cost) / (goneSize + keptSize + size)
      }
      // Rounding must not let a later merge fall below this one.
      distances[index] = updated > cost ? updated : cost
    }
    sizes[kept] = goneSize + keptSize
  }
  return merges
}

/** The clusters still to be merged, ascending, as a linked list: removing one is O(1). */
function createAliveList(count: number) {
  const next = Int32Array.from({ length: count + 1 }, (_, i) => i + 1)
  const previous = Int32Array.from({ length: count + 2 }, (_, i) => i - 1)
  let first = 0
  return {
    first: () => first,
    next: (i: number) => next[i]!,
    remove: (i: number) => {
      if (i === first) first = next[i]!
      else next[previous[i]!] = next[i]!
      previous[next[i]!] = previous[i]!
    },
  }
}
