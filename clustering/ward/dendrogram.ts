/**
 * The history of an agglomeration in SciPy's layout: the points are nodes `0…points-1`; merge `i` joins nodes
 * `left[i]` and `right[i]` at `heights[i]` into node `points + i`. Heights ascend.
 */
export type Dendrogram = { points: number; left: Int32Array; right: Int32Array; heights: Float64Array }

/** A merge named by any one point of each side; what nearest-neighbour methods produce, in no particular order. */
export type LooseMerges = { a: Int32Array; b: Int32Array; heights: Float64Array }

/**
 * Sorts loose merges by height and names the clusters they join (Müllner 2011, §2.4 and figure 5: a union–find
 * over the sorted merges). Equal heights keep the order in which they were found.
 */
export function toDendrogram(points: number, merges: LooseMerges): Dendrogram {
  const count = Math.max(0, points - 1)
  const order = Array.from({ length: count }, (_, index) => index)
  order.sort((x, y) => merges.heights[x]! - merges.heights[y]! || x - y)
  const left = new Int32Array(count)
  const right = new Int32Array(count)
  const heights = new Float64Array(count)
  const sets = createUnionFind(2 * points - 1)
  order.forEach((merge, i) => {
    const a = sets.find(merges.a[merge]!)
    const b = sets.find(merges.b[merge]!)
    left[i] = Math.min(a, b)
    right[i] = Math.max(a, b)
    heights[i] = merges.heights[merge]!
    sets.join(a, points + i)
    sets.join(b, points + i)
  })
  return { points, left, right, heights }
}

/** The partition into `clusters` groups: a label for every point, numbered in order of first appearance. */
export function cutDendrogram(dendrogram: Dendrogram, clusters: number): Int32Array {
  const { points, left, right } = dendrogram
  const sets = createUnionFind(Math.max(0, 2 * points - 1))
  for (let i = 0; i < points - clusters; i++) {
    sets.join(sets.find(left[i]!), points + i)
    sets.join(sets.find(right[i]!), points + i)
  }
  const labelOf = new Map<number, number>()
  return Int32Array.from({ length: points }, (_, point) => {
    const root = sets.find(point)
    const label = labelOf.get(root) ?? labelOf.size
    labelOf.set(root, label)
    return label
  })
}

function createUnionFind(size: number) {
  const parent = Int32Array.from({ length: size }, (_, index) => index)
  const find = (node: number): number => {
    let at = node
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!
      at = parent[at]!
    }
    return at
  }
  return { find, join: (child: number, to: number) => void (parent[child] = to) }
}
