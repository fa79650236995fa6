import { sql } from 'drizzle-orm'
import type { Cluster } from '#/pipeline/insight.ts'
import type { Checkpoints, ClusterAssignment } from '#/pipeline/ports.ts'
import { batches, firstOfEach } from './batches.ts'
import { Interrupted } from '#/server/jobs/interrupted.ts'
import type { Db } from './database.ts'
import { isTurn, type Turn, writeInTurn } from './in-turn.ts'
import type { StoredCluster } from './records.ts'
import { toStorableJson } from './storable.ts'

/**
 * Places first, the tree last: not one transaction, since on the embedded database nobody else would be served meanwhile.
 * A job killed in between computes the same tree again, and the tree is shown only once it is whole.
 */
export async function saveClusters(
  db: Db,
  turn: Turn,
  clusters: readonly Cluster[],
  assignments: readonly ClusterAssignment[],
  { provisional }: NonNullable<Parameters<Checkpoints['saveClusters']>[2]> = {},
): Promise<void> {
  const { insightId } = turn
  const { rows } = await db.execute<{ next: number }>(
    sql`select tree_version + 1 as next from insights where id = ${insightId}`,
  )
  const version = rows[0]?.next ?? 1
  for (const batch of batches(firstOfEach(assignments))) {
    const places = toStorableJson(
      batch.map((place) => ({
        trace_id: place.traceId,
        cluster_path: place.clusterId,
        reason: place.reason,
        distance: place.distance,
        x: place.x,
        y: place.y,
      })),
    )
    await writeInTurn(
      db,
      turn,
      sql`placed as (
      update insight_traces t
      set tree_version = ${version}, cluster_path = i.cluster_path, reason = i.reason, distance = i.distance, x = i.x,
        y = i.y, cluster_published = t.cluster_published and t.cluster_path is not distinct from i.cluster_path
          and t.reason is not distinct from i.reason
      from json_to_recordset(${places}::json)
        as i(trace_id text, cluster_path text, reason text, distance real, x real, y real)
      where t.insight_id = ${insightId} and t.trace_id = i.trace_id and exists (select from mine)
    )`,
    )
  }
  await writeInTurn(
    db,
    turn,
    sql`displaced as (
      update insight_traces
      set tree_version = null, cluster_path = null, reason = null, distance = null, x = null, y = null,
        cluster_published = false
      where insight_id = ${insightId} and tree_version < ${version} and exists (select from mine)
    )`,
  )
  const shape = measure(clusters)
  const { rowCount } = await db.execute(sql`
    update insights
    set clusters = ${toStorableJson(clusters.map(withoutTraces))}::jsonb,
      cluster_titles = ${toStorableJson(shape.titles)}::jsonb, cluster_count = ${Object.keys(shape.titles).length},
      leaf_count = ${shape.leaves}, depth = ${shape.depth}, tree_version = ${version},
      provisional_of = ${provisional?.of ?? null}::int,
      whole = ${provisional === undefined ? sql`whole` : sql`${toStorableJson(provisional.whole)}::jsonb`},
      updated_at = now()
    where ${isTurn(turn)}
  `)
  if (rowCount === 0) throw new Interrupted('lost')
}

function withoutTraces(cluster: Cluster): StoredCluster {
  const { traceIds, children, ...kept } = cluster
  void traceIds
  return { ...kept, children: children.map(withoutTraces) }
}

function measure(clusters: readonly Cluster[]): { titles: Record<string, string>; leaves: number; depth: number } {
  const shape = { titles: {} as Record<string, string>, leaves: 0, depth: 0 }
  const visit = (cluster: Cluster, level: number) => {
    shape.titles[cluster.id] = cluster.title
    shape.depth = Math.max(shape.depth, level)
    if (cluster.children.length === 0) shape.leaves++
    for (const child of cluster.children) visit(child, level + 1)
  }
  for (const cluster of clusters) visit(cluster, 1)
  return shape
}
