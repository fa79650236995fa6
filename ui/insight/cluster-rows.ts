// Walking the tree of clusters: finding a node, its ancestors, and the rows that are open on the screen.
import type { ClusterAnswer } from '#/server/api/schemas.ts'

export function findCluster(clusters: readonly ClusterAnswer[], id: string): ClusterAnswer | undefined {
  for (const cluster of clusters) {
    if (cluster.id === id) return cluster
    if (id.startsWith(`${cluster.id}.`)) return findCluster(cluster.children, id)
  }
  return undefined
}

/** The cluster's ancestors from the top, itself last. */
export function toTrail(clusters: readonly ClusterAnswer[], id: string): ClusterAnswer[] {
  const parts = id.split('.')
  return parts.flatMap((_, depth) => findCluster(clusters, parts.slice(0, depth + 1).join('.')) ?? [])
}

export const parentOf = (id: string): string | undefined =>
  id.includes('.') ? id.slice(0, id.lastIndexOf('.')) : undefined

/** True when the trace's cluster is the chosen one or lies below it. */
export function isWithin(clusterId: string | null, chosen: string): boolean {
  if (chosen === 'unassigned') return clusterId === null
  return clusterId !== null && (clusterId === chosen || clusterId.startsWith(`${chosen}.`))
}

export type ClusterRow = { cluster: ClusterAnswer; depth: number; position: number; siblings: number }

/** The rows of the tree in reading order; what is below a closed cluster is left out. */
export function toRows(clusters: readonly ClusterAnswer[], isOpen: (id: string) => boolean, depth = 1): ClusterRow[] {
  return clusters.flatMap((cluster, index) => [
    { cluster, depth, position: index + 1, siblings: clusters.length },
    ...(isOpen(cluster.id) ? toRows(cluster.children, isOpen, depth + 1) : []),
  ])
}
