import type { MapAnswer } from '#/server/api/schemas/clusters.ts'
import { litInside, toDots } from '../map/dots.ts'
import { parseArea } from '../map/view.ts'
import type { InsightSearch } from '../search-params.ts'
import { isWithin } from './cluster-rows.ts'

/** The traces of a cluster, of a place beside the clusters, or inside a lasso. */
export function toTraceIds(map: MapAnswer, chosen: Pick<InsightSearch, 'cluster' | 'area'>): string[] {
  const { cluster, area } = chosen
  const inside = area === undefined ? undefined : toInside(map, area)
  return map.trace_ids.filter(
    (_, index) =>
      (cluster === undefined || isWithin(map.cluster_ids[index] ?? null, cluster)) &&
      (inside === undefined || inside[index] === 1),
  )
}

/** How many of the traces inside a lasso each cluster has, largest first; `null` is the unassigned. */
export function countInside(map: MapAnswer, area: string): { clusterId: string | null; count: number }[] {
  const inside = toInside(map, area)
  const counts = new Map<string | null, number>()
  for (const [index, clusterId] of map.cluster_ids.entries()) {
    if (inside[index] === 1) counts.set(clusterId, (counts.get(clusterId) ?? 0) + 1)
  }
  return [...counts].map(([clusterId, count]) => ({ clusterId, count })).sort((a, b) => b.count - a.count)
}

function toInside(map: MapAnswer, area: string): Uint8Array {
  const dots = toDots(map)
  return litInside(dots, parseArea(dots, area))
}
