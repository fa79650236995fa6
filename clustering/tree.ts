import type { Threads } from './threads/threads.ts'

/** A node of the hierarchy over the rows `0…n-1` of the input. */
export type TreeNode = {
  /** Position in the tree, counted from one: `2.1.3` is the third child of the first child of the second root. */
  path: string
  /** Rows of a leaf, ascending; empty for an inner node. */
  members: number[]
  size: number
  children: TreeNode[]
  /** Rows nearest the centre, most typical first; at most 40. */
  representatives: number[]
  /** Rows nearest to a leaf outside this node, with that leaf's path; the least decided first, at most 10. */
  borderline: { row: number; next: string }[]
  /** Rows farthest from the centre, farthest first; at most 10. */
  extremes: number[]
  /** Rows outside this node nearest its centre, nearest first; at most 20. */
  neighbours: number[]
  /** What this node has that its siblings have not; most telling first. Empty when no texts were given. */
  keywords: string[]
  quality: Quality
}

/** How good a tree or one of its nodes is, without any labels. */
export type Quality = {
  /** How much nearer rows are to their own cluster than to the next one, -1 to 1 (Rousseeuw 1987); 0 where there is no other. */
  silhouette: number
  /** Share of the rows nearest to the cluster that it took in; of the whole, share of the rows that have a leaf. */
  coverage: number
  /** How much of it comes back when a part of the rows is clustered anew, 0 to 1; null where that was not measured. */
  stability: number | null
}

export const unassignedReasons = ['empty', 'too_short', 'unlike_others'] as const
export type UnassignedReason = (typeof unassignedReasons)[number]

export type ClusterTree = {
  roots: TreeNode[]
  unassigned: { row: number; reason: UnassignedReason }[]
  /** Distance of each row to the centre of its leaf (cosine, 0 to 2); NaN for unassigned rows. */
  distances: Float32Array
  quality: Quality
}

export type ClusterOptions = {
  seed: number
  /** The texts behind the rows: for keywords, and to find rows that say nothing. */
  texts?: readonly string[]
  /** Wanted shape; found from the data where left out. */
  levels?: number
  maxLeaves?: number
  minSize?: number
  /** Measure the stability too: clusters samples of the rows five times over. */
  stability?: boolean
  /** More threads than the caller's, where there are any. They change how long it takes, nothing else. */
  threads?: Threads
  /** Called now and then with a share between 0 and 1; may throw to stop. */
  onProgress?: (share: number) => void
}

/** The leaves below, in the order of the tree. */
export function leavesOf(nodes: readonly TreeNode[]): TreeNode[] {
  return nodes.flatMap((node) => (node.children.length === 0 ? [node] : leavesOf(node.children)))
}
