// Everything that is said about the nodes of a finished hierarchy, in one pass over points × node centres.
import type { Branch } from '../shape/levels.ts'
import { toMembers } from '../k-means/cells.ts'
import { createMultiplier } from '../matrix/multiplier.ts'
import { sharedInt32 } from '../matrix/shared-memory.ts'
import { ownProducts } from '../matrix/own-products.ts'
import type { Threads } from '../threads/threads.ts'
import { draftNodes, nodeCentres, type Draft } from '../shape/node-draft.ts'
import { sampleOfLeaves } from './sample-of-leaves.ts'
import { takeRows } from '../matrix/take-rows.ts'
import type { TreeNode } from '../tree.ts'
import { type DistinctPoints } from '../matrix/unit-rows.ts'

const blockRows = 128

export type Description = {
  roots: TreeNode[]
  /** Every node with its leaves, parents before children. */
  nodes: { node: TreeNode; leaves: number[] }[]
  /** Cosine distance of each point to the centre of its leaf; NaN where it has none. */
  distances: Float32Array
  /** Mean silhouette over the rows that have a leaf, cosine distance. */
  silhouette: number
}

/**
 * Turns branches over leaves into nodes: paths, members, the rows that show what a node is, and how good it is. Siblings
 * are ordered by size, largest first. Distances between a point and a cluster are mean cosine distances, which unit
 * vectors allow to be read off the cluster's mean, so the silhouette (Rousseeuw 1987) needs no comparing of pairs; of very
 * many points a sample of every leaf is looked at. A leaf's is against all other leaves, an inner node's against its siblings.
 */
export function describeTree(
  distinct: DistinctPoints,
  assignment: Int32Array,
  leaves: number,
  branches: readonly Branch[],
  threads: Threads,
): Description {
  const { points, weights, members: rows, offsets } = distinct
  const leafMembers = membersOfLeaves(distinct, assignment, leaves)
  const drafts: Draft[] = []
  const roots = draftNodes(branches, '', leafMembers, drafts)
  const draftsOfLeaf: number[][] = Array.from({ length: leaves }, () => [])
  const nodeOfLeaf = new Int32Array(leaves)
  drafts.forEach((draft, number) => {
    for (const leaf of draft.leaves) draftsOfLeaf[leaf]!.push(number)
    if (draft.node.children.length === 0) nodeOfLeaf[draft.leaves[0]!] = number
  })
  const rivals = rivalsOf(drafts, roots, nodeOfLeaf)
  const { centres, meanLengths } = nodeCentres(distinct, assignment, drafts, draftsOfLeaf, threads)

  const ownNodes = sharedInt32(points.rows)
  assignment.forEach((leaf, point) => (ownNodes[point] = leaf < 0 ? -1 : nodeOfLeaf[leaf]!))
  const products = ownProducts(points, centres, ownNodes, threads)
  const distances = new Float32Array(points.rows)
  for (let point = 0; point < points.rows; point++) distances[point] = Math.max(0, 1 - products[point]!)
  const shown = sampleOfLeaves(points, weights, assignment, leaves)
  let silhouetteSum = 0
  let assigned = 0
  const multiplier = createMultiplier(centres, blockRows)
  for (let from = 0; from < shown.points.length; from += blockRows) {
    const block = takeRows(points, shown.points.subarray(from, from + blockRows))
    const { data: products, stride } = multiplier.multiply(block, { from: 0, count: block.rows })
    for (let i = 0; i < block.rows; i++) {
      const point = shown.points[from + i]!
      const leaf = assignment[point]!
      const row = rows[offsets[point]!]!
      const weight = shown.weights[from + i]!
      const at = i * stride
      for (let number = 0; number < drafts.length; number++) {
        const draft = drafts[number]!
        const similarity = products[at + number]!
        if (similarity >= draft.outside.least() && (leaf < 0 || draft.isInside[leaf] === 0)) {
          draft.outside.offer(row, similarity)
        }
      }
      if (leaf < 0) {
        const nearest = nearestLeaf(products, at, nodeOfLeaf)
        for (const number of draftsOfLeaf[nearest] ?? []) drafts[number]!.leftOut += weight
        continue
      }
      const ownSimilarity = products[at + nodeOfLeaf[leaf]!]!
      assigned += weight
      for (const number of draftsOfLeaf[leaf]!) {
        const draft = drafts[number]!
        const similarity = products[at + number]!
        draft.nearest.offer(row, similarity)
        draft.farthest.offer(row, -similarity)
        const next = nearestLeaf(products, at, nodeOfLeaf, draft.isInside)
        const lead = next < 0 ? -Infinity : products[at + nodeOfLeaf[next]!]! - ownSimilarity
        if (next >= 0 && lead >= draft.undecided.least()) {
          draft.undecided.offer(row, lead)
          draft.nextLeaf.set(row, next)
        }
        const distanceTo = (other: number) => 1 - products[at + other]! * meanLengths[other]!
        const silhouette = silhouetteOf(distanceTo, number, rivals[number]!, draft.node.size)
        draft.silhouetteSum += weight * silhouette
        if (draft.node.children.length === 0) silhouetteSum += weight * silhouette
      }
    }
  }
  for (const { node, nearest, farthest, undecided, outside, nextLeaf, ...sums } of drafts) {
    node.representatives = nearest.items()
    node.borderline = undecided
      .items()
      .map((row) => ({ row, next: drafts[nodeOfLeaf[nextLeaf.get(row)!]!]!.node.path }))
    node.extremes = farthest.items()
    node.neighbours = outside.items()
    node.quality = {
      silhouette: sums.silhouetteSum / Math.max(1, node.size),
      coverage: node.size / Math.max(1, node.size + sums.leftOut),
      stability: null,
    }
  }
  return {
    roots,
    nodes: drafts.map(({ node, leaves: own }) => ({ node, leaves: own })),
    distances,
    silhouette: assigned === 0 ? 0 : silhouetteSum / assigned,
  }
}

/** The rows of each leaf, ascending. */
function membersOfLeaves(distinct: DistinctPoints, assignment: Int32Array, leaves: number): number[][] {
  const { members, offsets } = toMembers(
    assignment.map((leaf) => leaf + 1),
    leaves + 1,
  )
  return Array.from({ length: leaves }, (_, leaf) => {
    const points = members.subarray(offsets[leaf + 1], offsets[leaf + 2])
    const rows = new Int32Array(
      points.reduce((sum, point) => sum + distinct.offsets[point + 1]! - distinct.offsets[point]!, 0),
    )
    let at = 0
    for (const point of points)
      for (let i = distinct.offsets[point]!; i < distinct.offsets[point + 1]!; i++) rows[at++] = distinct.members[i]!
    return Array.from(rows.sort())
  })
}

/** The nodes each node is measured against: a leaf against all other leaves, an inner node against its siblings. */
function rivalsOf(drafts: readonly Draft[], roots: readonly TreeNode[], nodeOfLeaf: Int32Array): Int32Array[] {
  const numberOf = new Map(drafts.map(({ node }, number) => [node, number]))
  const siblings = new Map<TreeNode, readonly TreeNode[]>()
  for (const list of [roots, ...drafts.map(({ node }) => node.children)])
    for (const node of list) siblings.set(node, list)
  return drafts.map(({ node }, number) => {
    const all =
      node.children.length === 0
        ? nodeOfLeaf
        : Int32Array.from(siblings.get(node) ?? [], (sibling) => numberOf.get(sibling)!)
    return all.filter((other) => other !== number)
  })
}

/** How much nearer a point is to its own cluster than to the next: 1 far from all others, 0 on the border, below 0 misplaced. */
function silhouetteOf(distanceTo: (node: number) => number, own: number, rivals: Int32Array, size: number): number {
  if (size <= 1) return 0
  let next = Infinity
  for (const rival of rivals) next = Math.min(next, distanceTo(rival))
  if (next === Infinity) return 0
  // The point itself, at distance 0, does not count among its fellows.
  const inside = (distanceTo(own) * size) / (size - 1)
  const larger = Math.max(inside, next)
  return larger <= 0 ? 0 : (next - inside) / larger
}

/** The leaf most similar to a point, of those outside a node; -1 where there is none. */
function nearestLeaf(products: Float32Array, at: number, nodeOfLeaf: Int32Array, isInside?: Uint8Array): number {
  let best = -Infinity
  let nearest = -1
  for (let leaf = 0; leaf < nodeOfLeaf.length; leaf++) {
    const similarity = products[at + nodeOfLeaf[leaf]!]!
    if (similarity > best && (isInside === undefined || isInside[leaf] === 0)) [best, nearest] = [similarity, leaf]
  }
  return nearest
}
