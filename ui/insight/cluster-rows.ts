// Walking the tree of clusters: finding a node, its ancestors, and the rows that are open on the screen.
import type { ClusterAnswer } from '#/server/api/schemas/clusters.ts'

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

/** Ids of the clusters whose name, description, keywords or quotes hold every word, and of those that lead to them. */
export function findByWords(clusters: readonly ClusterAnswer[], text: string): ReadonlySet<string> {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const found = new Set<string>()
  const visit = (cluster: ClusterAnswer) => {
    const said = [cluster.title, cluster.summary, ...cluster.keywords, ...cluster.evidence.map(({ quote }) => quote)]
    const whole = said.join('\n').toLowerCase()
    if (words.every((word) => whole.includes(word))) {
      for (let id: string | undefined = cluster.id; id !== undefined; id = parentOf(id)) found.add(id)
    }
    cluster.children.forEach(visit)
  }
  clusters.forEach(visit)
  return found
}
