// Groups of too few traces to be told of: what is left of them is how many they are.
import type { ClusterTree, TreeNode } from '#/clustering/tree.ts'
import type { Cluster, SummaryRecord } from './insight.ts'
import { noMetrics } from './metrics.ts'

export type GuardedTree = {
  tree: ClusterTree
  /** Paths of the nodes that are shown as a count. */
  hidden: ReadonlySet<string>
  /** Rows in hidden leaves: nothing they say stands for a group. */
  hiddenRows: ReadonlySet<number>
}

/**
 * Hides leaves of fewer than `minShownSize` rows, and what is above them where nothing below it is shown. Their keywords,
 * examples and neighbours go, and their rows from those of every other node, so that no later step can tell of them.
 */
export function hideSmallGroups(tree: ClusterTree, minShownSize: number): GuardedTree {
  const hidden = new Set<string>()
  const hiddenRows = new Set<number>()
  const find = (node: TreeNode): boolean => {
    const isHidden =
      node.children.length === 0
        ? node.size < minShownSize
        : node.children.map(find).every((childHidden) => childHidden)
    if (isHidden) hidden.add(node.path)
    if (isHidden) for (const row of node.members) hiddenRows.add(row)
    return isHidden
  }
  tree.roots.forEach(find)
  if (hidden.size === 0) return { tree, hidden, hiddenRows }

  const isShown = (row: number): boolean => !hiddenRows.has(row)
  const guard = (node: TreeNode): TreeNode => {
    const children = node.children.map(guard)
    if (hidden.has(node.path)) {
      return { ...node, children, keywords: [], representatives: [], borderline: [], extremes: [], neighbours: [] }
    }
    const own = node.representatives.filter(isShown)
    return {
      ...node,
      children,
      // All of a node's typical rows may lie in hidden leaves: then those of its shown children speak for it.
      representatives: own.length > 0 ? own : typicalOf(children).slice(0, node.representatives.length),
      borderline: node.borderline.filter(({ row, next }) => isShown(row) && !hidden.has(next)),
      extremes: node.extremes.filter(isShown),
      neighbours: node.neighbours.filter(isShown),
    }
  }
  return { tree: { ...tree, roots: tree.roots.map(guard) }, hidden, hiddenRows }
}

function typicalOf(nodes: readonly TreeNode[]): number[] {
  return nodes.flatMap(({ representatives }) => representatives)
}

/** The title of a hidden group; with its place, so that siblings differ. */
export function hiddenTitle(path: string): string {
  return `Small group ${path} (hidden)`
}

/** Why a trace is in a hidden group. */
export function hiddenReason(path: readonly string[]): string {
  return `In “${path.join(' › ')}”: the group is too small to be shown.`
}

/** A cluster without anything that its members say or come to; who they are stays, so that counts and links hold. */
export function asCount(cluster: Cluster): Cluster {
  return {
    ...cluster,
    title: hiddenTitle(cluster.id),
    summary: '',
    representativeTraceIds: [],
    evidence: [],
    keywords: [],
    metrics: noMetrics,
    quality: { silhouette: null, stability: null, coverage: null },
    examples: [],
    isHidden: true,
  }
}

/** A trace that still counts, and of which nothing can be told. */
export function withoutWords(record: SummaryRecord): SummaryRecord {
  const { facets: _, ...summary } = record.summary
  return {
    ...record,
    summary: { ...summary, title: '', text: '', groupingText: '', evidence: [] },
    facts: { ...record.facts, requestPreview: '' },
  }
}

/** The clusters that may be told of. */
export function shownClusters(clusters: readonly Cluster[]): Cluster[] {
  return clusters
    .filter(({ isHidden }) => isHidden !== true)
    .map((cluster) => ({ ...cluster, children: shownClusters(cluster.children) }))
}
