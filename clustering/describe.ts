// Everything that is said about the nodes of a finished hierarchy, in one pass over points × node centres.
import type { Branch } from './levels.ts'
import { createMatrix, type Matrix } from './matrix.ts'
import { createMultiplier } from './multiplier.ts'
import { createTopList, type TopList } from './top-list.ts'
import type { TreeNode } from './tree.ts'
import type { DistinctPoints } from './unit-rows.ts'

const mostRepresentatives = 40
const mostBorderline = 10
const mostExtremes = 10
const mostNeighbours = 20
const blockRows = 128

/** A node while it is being described. */
type Draft = {
  node: TreeNode
  leaves: number[]
  /** For every leaf: whether it is below this node. */
  isInside: Uint8Array
  nearest: TopList
  farthest: TopList
  undecided: TopList
  outside: TopList
}

export type Description = {
  roots: TreeNode[]
  /** Cosine distance of each point to the centre of its leaf; NaN where it has none. */
  distances: Float32Array
  /** Mean silhouette over the rows that have a leaf, cosine distance. */
  silhouette: number
}

/**
 * Turns branches over leaves into nodes: paths, members, and the rows that show what a node is. Siblings are ordered
 * by size, largest first. Distances between a point and a cluster are mean cosine distances, which unit vectors allow to
 * be read off the cluster's mean, so the silhouette (Rousseeuw 1987) is exact without comparing all pairs.
 */
export function describeTree(
  distinct: DistinctPoints,
  assignment: Int32Array,
  leaves: number,
  branches: readonly Branch[],
): Description {
  const { points, weights, rows } = distinct
  const leafMembers: number[][] = Array.from({ length: leaves }, () => [])
  const leafSizes = new Float64Array(leaves)
  assignment.forEach((leaf, point) => {
    if (leaf < 0) return
    for (const row of rows[point]!) leafMembers[leaf]!.push(row)
    leafSizes[leaf] = leafSizes[leaf]! + weights[point]!
  })
  for (const members of leafMembers) members.sort((a, b) => a - b)

  const drafts: Draft[] = []
  const roots = draftNodes(branches, '', leafMembers, drafts)
  const draftsOfLeaf: number[][] = Array.from({ length: leaves }, () => [])
  const nodeOfLeaf = new Int32Array(leaves)
  drafts.forEach((draft, number) => {
    for (const leaf of draft.leaves) draftsOfLeaf[leaf]!.push(number)
    if (draft.node.children.length === 0) nodeOfLeaf[draft.leaves[0]!] = number
  })
  const { centres, meanLengths } = nodeCentres(points, weights, assignment, drafts, draftsOfLeaf)

  const distances = new Float32Array(points.rows).fill(NaN)
  let silhouetteSum = 0
  let assigned = 0
  const multiplier = createMultiplier(centres, blockRows)
  for (let from = 0; from < points.rows; from += blockRows) {
    const left = { from, count: Math.min(blockRows, points.rows - from) }
    const { data: products, stride } = multiplier.multiply(points, left)
    for (let i = 0; i < left.count; i++) {
      const point = from + i
      const leaf = assignment[point]!
      const row = rows[point]![0]!
      const at = i * stride
      const own = leaf < 0 ? [] : draftsOfLeaf[leaf]!
      for (let number = 0; number < drafts.length; number++) {
        const draft = drafts[number]!
        const similarity = products[at + number]!
        if (similarity >= draft.outside.least() && (leaf < 0 || draft.isInside[leaf] === 0)) {
          draft.outside.offer(row, similarity)
        }
      }
      if (leaf < 0) continue
      distances[point] = Math.max(0, 1 - products[at + nodeOfLeaf[leaf]!]!)
      const weight = weights[point]!
      assigned += weight
      silhouetteSum += weight * silhouetteOf(products, at, nodeOfLeaf, meanLengths, leaf, leafSizes)
      for (const number of own) {
        const draft = drafts[number]!
        const similarity = products[at + number]!
        draft.nearest.offer(row, similarity)
        draft.farthest.offer(row, -similarity)
        const rival = closestOutside(products, at, nodeOfLeaf, draft.isInside)
        if (rival > -Infinity) draft.undecided.offer(row, rival - products[at + nodeOfLeaf[leaf]!]!)
      }
    }
  }
  for (const { node, nearest, farthest, undecided, outside } of drafts) {
    node.representatives = nearest.items()
    node.borderline = undecided.items()
    node.extremes = farthest.items()
    node.neighbours = outside.items()
  }
  return { roots, distances, silhouette: assigned === 0 ? 0 : silhouetteSum / assigned }
}

/** Creates nodes depth first, siblings by falling size (then by their first member), and lists them in that order. */
function draftNodes(
  branches: readonly Branch[],
  parentPath: string,
  leafMembers: readonly number[][],
  drafts: Draft[],
): TreeNode[] {
  const measured = branches.map((branch) => {
    const leaves = leavesOf(branch)
    return {
      branch,
      leaves,
      size: leaves.reduce((sum, leaf) => sum + leafMembers[leaf]!.length, 0),
      first: Math.min(...leaves.map((leaf) => leafMembers[leaf]![0] ?? Infinity)),
    }
  })
  measured.sort((a, b) => b.size - a.size || a.first - b.first)
  return measured.map(({ branch, leaves, size }, i) => {
    const path = parentPath === '' ? `${i + 1}` : `${parentPath}.${i + 1}`
    const node: TreeNode = {
      path,
      members: 'leaf' in branch ? leafMembers[branch.leaf]! : [],
      size,
      children: [],
      representatives: [],
      borderline: [],
      extremes: [],
      neighbours: [],
      keywords: [],
    }
    drafts.push({
      node,
      leaves,
      isInside: Uint8Array.from(leafMembers, (_, leaf) => (leaves.includes(leaf) ? 1 : 0)),
      nearest: createTopList(mostRepresentatives),
      farthest: createTopList(mostExtremes),
      undecided: createTopList(mostBorderline),
      outside: createTopList(mostNeighbours),
    })
    if ('children' in branch) node.children = draftNodes(branch.children, path, leafMembers, drafts)
    return node
  })
}

function leavesOf(branch: Branch): number[] {
  return 'leaf' in branch ? [branch.leaf] : branch.children.flatMap(leavesOf)
}

/** Unit centre of every node, and how long the plain mean of its points is (1 when they are all equal). */
function nodeCentres(
  points: Matrix,
  weights: Float64Array,
  assignment: Int32Array,
  drafts: readonly Draft[],
  draftsOfLeaf: readonly number[][],
): { centres: Matrix; meanLengths: Float64Array } {
  const { cols, data } = points
  const sums = new Float64Array(drafts.length * cols)
  for (let point = 0; point < points.rows; point++) {
    const leaf = assignment[point]!
    if (leaf < 0) continue
    for (const number of draftsOfLeaf[leaf]!) {
      for (let k = 0; k < cols; k++) {
        sums[number * cols + k] = sums[number * cols + k]! + weights[point]! * data[point * cols + k]!
      }
    }
  }
  const centres = createMatrix(drafts.length, cols)
  const meanLengths = new Float64Array(drafts.length)
  drafts.forEach(({ node }, number) => {
    let square = 0
    for (let k = number * cols; k < (number + 1) * cols; k++) square += sums[k]! * sums[k]!
    const length = Math.sqrt(square)
    meanLengths[number] = node.size === 0 ? 0 : length / node.size
    for (let k = number * cols; k < (number + 1) * cols; k++) centres.data[k] = length === 0 ? 0 : sums[k]! / length
  })
  return { centres, meanLengths }
}

/** How much nearer a point is to its own cluster than to the next: 1 far from all others, 0 on the border, below 0 misplaced. */
function silhouetteOf(
  products: Float32Array,
  at: number,
  nodeOfLeaf: Int32Array,
  meanLengths: Float64Array,
  leaf: number,
  leafSizes: Float64Array,
): number {
  const size = leafSizes[leaf]!
  if (size <= 1) return 0
  let next = Infinity
  for (let other = 0; other < nodeOfLeaf.length; other++) {
    const number = nodeOfLeaf[other]!
    const distance = 1 - products[at + number]! * meanLengths[number]!
    if (distance < next && other !== leaf) next = distance
  }
  if (next === Infinity) return 0
  const number = nodeOfLeaf[leaf]!
  // The point itself, at distance 0, does not count among its fellows.
  const own = ((1 - products[at + number]! * meanLengths[number]!) * size) / (size - 1)
  const larger = Math.max(own, next)
  return larger <= 0 ? 0 : (next - own) / larger
}

/** Similarity to the nearest leaf outside a node. */
function closestOutside(products: Float32Array, at: number, nodeOfLeaf: Int32Array, isInside: Uint8Array): number {
  let best = -Infinity
  for (let leaf = 0; leaf < nodeOfLeaf.length; leaf++) {
    const similarity = products[at + nodeOfLeaf[leaf]!]!
    if (similarity > best && isInside[leaf] === 0) best = similarity
  }
  return best
}
