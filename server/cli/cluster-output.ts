// What `cluster` writes: the place of every text, and the tree.
import type { UnassignedReason } from '#/clustering/tree.ts'

export type NamedCluster = {
  /** Position such as `2.1.3`. */
  id: string
  title: string
  summary: string
  size: number
  share: number
  keywords: string[]
  /** Ids of the texts nearest its centre, nearest first. */
  representative_ids: string[]
  children: NamedCluster[]
}

export type ClusterAssignment = {
  id: string
  /** Cluster ids from the top to the leaf: `["2", "2.1", "2.1.3"]`; empty when unassigned. */
  path: string[]
  /** The titles of the same clusters. */
  titles: string[]
  unassigned: boolean
  /** Why it is unassigned. */
  reason?: UnassignedReason
}

export type ClusterReport = {
  seed: number
  counts: { texts: number; clustered: number; unassigned: number; clusters: number; leaves: number; depth: number }
  quality: { silhouette: number; coverage: number }
  unassigned_reasons: Partial<Record<UnassignedReason, number>>
  tree: NamedCluster[]
  /** In the order of the file. */
  assignments: Iterable<ClusterAssignment>
}

/** The report as JSON text, piece by piece, one assignment a line: a million of them are never one string. */
export function* toReportJson({ assignments, ...rest }: ClusterReport): Generator<string> {
  yield `${JSON.stringify(rest, null, 2).slice(0, -2)},\n  "assignments": [`
  let separator = '\n    '
  for (const assignment of assignments) {
    yield separator + JSON.stringify(assignment)
    separator = ',\n    '
  }
  yield '\n  ]\n}\n'
}
