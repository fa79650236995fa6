/** A node of the hierarchy over the rows `0…n-1` of the input. */
export type TreeNode = {
  /** Position in the tree, counted from one: `2.1.3` is the third child of the first child of the second root. */
  path: string
  /** Rows of a leaf, ascending; empty for an inner node. */
  members: number[]
  size: number
  children: TreeNode[]
  /** Rows nearest the centre (most typical first), nearest the next cluster, and farthest from the centre. At most 40 / 10 / 10. */
  representatives: number[]
  borderline: number[]
  extremes: number[]
  /** Rows outside this node nearest its centre, nearest first; at most 20. */
  neighbours: number[]
  /** What this node has that its siblings have not; most telling first. Empty when no texts were given. */
  keywords: string[]
}

export type UnassignedReason = 'empty' | 'too_short' | 'unlike_others'

export type ClusterTree = {
  roots: TreeNode[]
  unassigned: { row: number; reason: UnassignedReason }[]
  /** Distance of each row to the centre of its leaf (cosine, 0 to 2); NaN for unassigned rows. */
  distances: Float32Array
  quality: { silhouette: number; coverage: number; stability: number | null }
}

export type ClusterOptions = {
  seed: number
  /** The texts behind the rows: for keywords, and to find rows that say nothing. */
  texts?: readonly string[]
  /** Wanted shape; found from the data where left out. */
  levels?: number
  maxLeaves?: number
  minSize?: number
  /** Called now and then with a share between 0 and 1; may throw to stop. */
  onProgress?: (share: number) => void
}
