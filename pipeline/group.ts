// From summaries to a named hierarchy: embed, cluster, name; then the domain's clusters from the mathematics' tree.
import { type ClusterTree, leavesOf, type TreeNode, type UnassignedReason } from '#/clustering/tree.ts'
import { createMatrix, type Matrix, rowOf } from '#/clustering/matrix/matrix.ts'
import { toExamples } from './cluster-examples.ts'
import type { Cluster, Evidence, InsightSpec, SummaryRecord } from './insight.ts'
import { countOutcomes, toMetrics } from './metrics.ts'
import type { Cancellable, ClusterAssignment, NamedNode, NodeToName, PipelinePorts } from './ports.ts'
import { asCount, type GuardedTree, hiddenReason, hiddenTitle, hideSmallGroups } from './small-groups.ts'

export type Grouping = {
  clusters: Cluster[]
  assignments: ClusterAssignment[]
  unassigned: { traceIds: string[]; reasons: Partial<Record<UnassignedReason, number>> }
  quality: ClusterTree['quality']
  depth: number
  nodeCount: number
  leafCount: number
}

/** One row a summary, in order. Vectors an earlier attempt has paid for are kept, and only the others asked for. */
export async function embedSummaries(
  records: readonly SummaryRecord[],
  spec: InsightSpec,
  ports: Pick<PipelinePorts, 'analyst' | 'checkpoints'>,
  options: Cancellable & { onProgress: (done: number) => void },
): Promise<Matrix> {
  const { analyst, checkpoints } = ports
  const model = analyst.models.embedding
  const embed = async (rows: readonly number[], doneBefore: number): Promise<Matrix> => {
    const { vectors } = await analyst.embed(
      rows.map((row) => records[row]?.summary.groupingText ?? ''),
      {
        signal: options.signal,
        seed: spec.seed,
        onProgress: (done) => options.onProgress(doneBefore + done),
        onVectors: (batch) =>
          checkpoints.saveVectors(
            batch.rows.flatMap(({ row, vector }) => {
              const record = records[rows[row] ?? -1]
              return record === undefined ? [] : [{ traceId: record.traceId, vector }]
            }),
            { model, usage: batch.usage },
          ),
      },
    )
    return vectors
  }

  const kept = await readVectors(records, checkpoints.vectors(model))
  if (kept === undefined) return await embed([...records.keys()], 0)
  // A text without a word has no vector, and needs none.
  const missing = [...records.keys()].filter(
    (row) => !kept.rows.has(row) && records[row]?.summary.groupingText.trim() !== '',
  )
  if (missing.length === 0) return kept.matrix
  const fresh = await embed(missing, records.length - missing.length)
  // The same name, another model: what was kept is worth nothing beside the new ones.
  if (fresh.cols !== kept.matrix.cols) return await embed([...records.keys()], 0)
  for (const [at, row] of missing.entries()) rowOf(kept.matrix, row).set(rowOf(fresh, at))
  return kept.matrix
}

async function readVectors(
  records: readonly SummaryRecord[],
  pages: AsyncIterable<{ traceId: string; vector: Float32Array }[]>,
): Promise<{ matrix: Matrix; rows: Set<number> } | undefined> {
  const rowOfTrace = new Map(records.map(({ traceId }, row) => [traceId, row]))
  let matrix: Matrix | undefined
  const rows = new Set<number>()
  for await (const page of pages) {
    for (const { traceId, vector } of page) {
      const row = rowOfTrace.get(traceId)
      matrix ??= createMatrix(records.length, vector.length)
      if (row === undefined || vector.length !== matrix.cols) continue
      rowOf(matrix, row).set(vector)
      rows.add(row)
    }
  }
  return matrix === undefined ? undefined : { matrix, rows }
}

/** The tree over the summaries, guarded, and their places on the map. */
export async function clusterSummaries(
  records: readonly SummaryRecord[],
  vectors: Matrix,
  spec: InsightSpec,
  ports: Pick<PipelinePorts, 'group'>,
  options: Cancellable,
): Promise<GuardedTree & { map: Matrix }> {
  const { tree, map } = await ports.group(
    vectors,
    {
      seed: spec.seed,
      texts: records.map(({ summary }) => summary.groupingText),
      ...(spec.levels === undefined ? {} : { levels: spec.levels }),
      ...(spec.maxLeaves === undefined ? {} : { maxLeaves: spec.maxLeaves }),
      ...(spec.minClusterSize === undefined ? {} : { minSize: spec.minClusterSize }),
      stability: true,
    },
    options,
  )
  return { ...hideSmallGroups(tree, spec.minShownSize ?? 1), map }
}

/** What the analyst needs to see of every node to name it, parents before children; of hidden ones it sees nothing. */
export function nodesToName(
  tree: ClusterTree,
  records: readonly SummaryRecord[],
  hidden: ReadonlySet<string> = new Set(),
): NodeToName[] {
  const pick = (rows: readonly number[]): SummaryRecord[] => rows.flatMap((row) => records[row] ?? [])
  const shown = (nodes: readonly TreeNode[]): TreeNode[] => nodes.filter(({ path }) => !hidden.has(path))
  const leafOfRow = findLeaves(tree)
  /** Where the rows stand, seen from a level: a leaf that ends above it stands for itself. */
  const placesOf = (rows: readonly number[], level: number): NodeToName['near'] => {
    const ids = rows.flatMap((row) => leafOfRow.get(row)?.split('.').slice(0, level).join('.') ?? [])
    const counted = [...Map.groupBy(ids, (id) => id)].map(([id, all]) => ({ id, count: all.length }))
    return counted.sort((a, b) => b.count - a.count)
  }
  const visit = (node: TreeNode, parentId: string | null): NodeToName[] => [
    {
      id: node.path,
      parentId,
      childIds: shown(node.children).map(({ path }) => path),
      size: node.size,
      share: node.size / records.length,
      outcomes: countOutcomes(leavesOf([node]).flatMap(({ members }) => pick(members))),
      keywords: node.keywords,
      members: pick(node.representatives),
      neighbours: pick(node.neighbours),
      near: placesOf(node.neighbours, node.path.split('.').length),
    },
    ...shown(node.children).flatMap((child) => visit(child, node.path)),
  ]
  return shown(tree.roots).flatMap((root) => visit(root, null))
}

/** The leaf (by path) of every row that stands nearest to some node: of a million rows, a few thousand. */
function findLeaves(tree: ClusterTree): Map<number, string> {
  const nodesOf = (nodes: readonly TreeNode[]): TreeNode[] => nodes.flatMap((node) => [node, ...nodesOf(node.children)])
  const nodes = nodesOf(tree.roots)
  const wanted = new Set(nodes.flatMap(({ neighbours }) => neighbours))
  const leafOfRow = new Map<number, string>()
  for (const { path, members } of nodes) for (const row of members) if (wanted.has(row)) leafOfRow.set(row, path)
  return leafOfRow
}

/** The published clusters, with who is in them, why, and where on the map. */
export function toGrouping(
  grouped: { tree: ClusterTree; map: Matrix; hidden?: ReadonlySet<string> },
  names: readonly NamedNode[],
  records: readonly SummaryRecord[],
): Grouping {
  const { tree, map, hidden } = grouped
  const nameOf = new Map(names.map((name) => [name.id, name]))
  const titleOf = (path: string): string => nameOf.get(path)?.title ?? path
  const assignments: ClusterAssignment[] = []
  const place = (row: number): { x: number; y: number } => {
    const [x = 0, y = 0] = rowOf(map, row)
    return { x, y }
  }

  const visit = (node: TreeNode, above: string[]): { cluster: Cluster; rows: number[] } => {
    const name = nameOf.get(node.path) ?? { id: node.path, title: node.keywords.join(', ') || node.path, summary: '' }
    const isHidden = hidden?.has(node.path) === true
    const path = [...above, isHidden ? hiddenTitle(node.path) : name.title]
    const below = node.children.map((child) => visit(child, path))
    const rows = node.children.length === 0 ? node.members : below.flatMap((child) => child.rows)
    if (node.children.length === 0) {
      const rank = rankByDistance(node.members, tree.distances)
      for (const row of node.members) {
        const record = records[row]
        if (record === undefined) continue
        const distance = tree.distances[row] ?? 0
        assignments.push({
          traceId: record.traceId,
          clusterId: node.path,
          reason: isHidden ? hiddenReason(path) : toReason(path, node, { rank: rank.get(row) ?? 0, distance }),
          ...place(row),
          distance,
        })
      }
    }
    const representatives = node.representatives.flatMap((row) => records[row] ?? [])
    const members = rows.flatMap((row) => records[row] ?? [])
    const cluster: Cluster = {
      id: node.path,
      title: name.title,
      summary: name.summary,
      size: node.size,
      share: node.size / records.length,
      traceIds: node.children.length === 0 ? members.map(({ traceId }) => traceId) : [],
      representativeTraceIds: representatives.slice(0, 10).map(({ traceId }) => traceId),
      evidence: firstEvidence(representatives, 3),
      keywords: node.keywords,
      metrics: toMetrics(members),
      quality: node.quality,
      examples: toExamples(node, records, { titleOf, distances: tree.distances }),
      children: below.map((child) => child.cluster),
    }
    return { rows, cluster: isHidden ? asCount(cluster) : cluster }
  }

  const clusters = tree.roots.map((root) => visit(root, []).cluster)
  const unassigned = tree.unassigned.flatMap(({ row, reason }) => {
    const record = records[row]
    return record === undefined ? [] : [{ row, reason, record }]
  })
  for (const { row, reason, record } of unassigned) {
    assignments.push({
      traceId: record.traceId,
      clusterId: null,
      reason: unassignedReasons[reason],
      ...place(row),
      distance: Number.NaN,
    })
  }
  const nodes = flatten(clusters)
  return {
    clusters,
    assignments,
    unassigned: {
      traceIds: unassigned.map(({ record }) => record.traceId),
      reasons: Object.fromEntries(
        [...Map.groupBy(unassigned, ({ reason }) => reason)].map(([reason, all]) => [reason, all.length]),
      ),
    },
    quality: tree.quality,
    depth: Math.max(0, ...nodes.map(({ id }) => id.split('.').length)),
    nodeCount: nodes.length,
    leafCount: nodes.filter(({ children }) => children.length === 0).length,
  }
}

/** All clusters, parents before children. */
export function flatten(clusters: readonly Cluster[]): Cluster[] {
  return clusters.flatMap((cluster) => [cluster, ...flatten(cluster.children)])
}

/** The titles from the top down to a cluster, by cluster id. */
export function titlePaths(clusters: readonly Cluster[], above: readonly string[] = []): Map<string, string[]> {
  return new Map(
    clusters.flatMap((cluster) => {
      const path = [...above, cluster.title]
      return [[cluster.id, path] as const, ...titlePaths(cluster.children, path)]
    }),
  )
}

const unassignedReasons: Record<UnassignedReason, string> = {
  empty: 'Unassigned: the trace says nothing under this question.',
  too_short: 'Unassigned: too short to tell what it is about.',
  unlike_others: 'Unassigned: unlike every group of the others.',
}

function rankByDistance(rows: readonly number[], distances: Float32Array): Map<number, number> {
  const ascending = [...rows].sort((a, b) => (distances[a] ?? 0) - (distances[b] ?? 0) || a - b)
  return new Map(ascending.map((row, rank) => [row, rank]))
}

/** Why a trace is in its cluster, in a sentence a reviewer can check against the numbers beside it. */
function toReason(path: readonly string[], node: TreeNode, at: { rank: number; distance: number }): string {
  const typical =
    at.rank < Math.max(1, node.size * 0.2)
      ? 'one of its most typical'
      : at.rank >= node.size * 0.9
        ? 'at its edge'
        : 'well inside'
  const words = node.keywords.slice(0, 4).join(', ')
  const place = node.size === 1 ? 'the only trace' : `number ${at.rank + 1} of ${node.size} by closeness to the centre`
  return `In “${path.join(' › ')}”: ${place}${node.size === 1 ? '' : `, ${typical}`} (distance ${at.distance.toFixed(2)})${words === '' ? '' : `; the cluster stands out by: ${words}`}.`
}

function firstEvidence(records: readonly SummaryRecord[], count: number): Evidence[] {
  const seen = new Set<string>()
  const evidence: Evidence[] = []
  for (const { traceId, summary } of records) {
    const first = summary.evidence[0]
    if (first === undefined || seen.has(first.quote)) continue
    seen.add(first.quote)
    evidence.push({ traceId, ...first })
    if (evidence.length === count) break
  }
  return evidence
}
