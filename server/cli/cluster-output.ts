// What `cluster` writes: the place of every text, and the tree.
import type { Transition } from '#/clustering/compare/match-clusters.ts'
import { type Quality, unassignedReasons } from '#/clustering/tree.ts'

export type NamedCluster = {
  /** Position such as `2.1.3`. */
  id: string
  title: string
  summary: string
  size: number
  share: number
  keywords: string[]
  quality: Quality
  /** Ids of the texts nearest its centre, nearest first. */
  representative_ids: string[]
  /** Ids of texts nearly as close to another cluster, with that cluster's id. */
  borderline_ids: { id: string; next: string }[]
  /** Ids of the texts farthest from its centre. */
  extreme_ids: string[]
  children: NamedCluster[]
}

/** `new_theme`: a later text that lies outside every cluster of the tree it was put into. */
export const outsideReasons = [...unassignedReasons, 'new_theme'] as const
type OutsideReason = (typeof outsideReasons)[number]

/** What became of a leaf since an earlier clustering. */
export type ClusterChange = Transition & { title: string }

export type ClusterAssignment = {
  id: string
  /** Cluster ids from the top to the leaf: `["2", "2.1", "2.1.3"]`; empty when unassigned. */
  path: string[]
  /** The titles of the same clusters. */
  titles: string[]
  unassigned: boolean
  /** Why it is unassigned. */
  reason?: OutsideReason | undefined
  /** Of a text put into an earlier tree: the leaf nearest to it, how far it is from its centre (cosine, 0 to 2), and that as a multiple of how far its members reach. */
  nearest?: string
  distance?: number
  novelty?: number
  /** Place on the map, where one was asked for. */
  x?: number
  y?: number
}

export type ClusterReport = {
  seed: number
  counts: { texts: number; clustered: number; unassigned: number; clusters: number; leaves: number; depth: number }
  quality: Quality
  /** What became of the clusters of an earlier output, where one was named. */
  changes?: ClusterChange[]
  unassigned_reasons: Partial<Record<OutsideReason, number>>
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
