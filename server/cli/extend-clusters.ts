// Texts that came later, put into the tree of an earlier `cluster`: it stays as it is, its titles with it.
import { assignToTree, toLeafModel } from '#/clustering/compare/assign.ts'
import type { Matrix } from '#/clustering/matrix/matrix.ts'
import { takeRows } from '#/clustering/matrix/take-rows.ts'
import type { ClusterAssignment, ClusterReport, NamedCluster } from './cluster-output.ts'
import type { EarlierClusters } from './earlier-clusters.ts'
import { CliError, exitCodes } from './exit.ts'

type Place = Pick<ClusterAssignment, 'path' | 'titles'>

/**
 * Texts the earlier output knows stay where it put them; each other one goes to the leaf nearest to it, or, where it lies
 * outside all of them, becomes unassigned with the reason `new_theme`. Sizes count the texts of this file. Throws a CliError
 * (exit code 2) where none of them is in a leaf already: there would be nothing to measure nearness by.
 */
export function extendClusters(
  earlier: EarlierClusters,
  { ids, vectors }: { ids: readonly string[]; vectors: Matrix },
): ClusterReport {
  const known = new Map(earlier.assignments.map((assignment) => [assignment.id, assignment]))
  const rows = [...ids.keys()]
  const later = rows.filter((row) => !known.has(ids[row]!))
  const inLeaf = rows.filter((row) => known.get(ids[row]!)?.unassigned === false)
  if (inLeaf.length === 0) {
    throw new CliError(
      'The file holds none of the texts the earlier output clustered: it needs those and the new ones, under the same ids.',
      exitCodes.unusable,
    )
  }
  const leaves = Map.groupBy(inLeaf, (row) => known.get(ids[row]!)!.path.at(-1)!)
  const model = toLeafModel(
    vectors,
    [...leaves].map(([path, members]) => ({ path, members })),
  )
  const placements = assignToTree(takeRows(vectors, later), model)
  const placementOf = new Map(later.map((row, at) => [row, placements[at]]))
  const placeOf = placesOf(earlier.tree)

  const assignments = ids.map((id, row): ClusterAssignment => {
    const before = known.get(id)
    if (before !== undefined) return before
    const placement = placementOf.get(row)
    if (placement === undefined) return { id, path: [], titles: [], unassigned: true, reason: 'empty' }
    const { path: nearest, distance, novelty } = placement
    const measured = { nearest, distance: round(distance), novelty: round(novelty) }
    return novelty <= 1
      ? { id, ...placeOf.get(nearest)!, unassigned: false, ...measured }
      : { id, path: [], titles: [], unassigned: true, reason: 'new_theme', ...measured }
  })
  const sizes = new Map<string, number>()
  for (const { path } of assignments) for (const id of path) sizes.set(id, (sizes.get(id) ?? 0) + 1)
  const resize = (node: NamedCluster): NamedCluster => {
    const size = sizes.get(node.id) ?? 0
    // What was written of it counts the earlier texts.
    return { ...node, summary: '', size, share: size / ids.length, children: node.children.map(resize) }
  }
  const outside = assignments.filter(({ unassigned }) => unassigned)
  return {
    seed: earlier.seed,
    counts: {
      ...earlier.counts,
      texts: ids.length,
      clustered: ids.length - outside.length,
      unassigned: outside.length,
    },
    quality: earlier.quality,
    unassigned_reasons: countReasons(outside),
    tree: earlier.tree.map(resize),
    assignments,
  }
}

function placesOf(tree: readonly NamedCluster[], above: Place = { path: [], titles: [] }): Map<string, Place> {
  return new Map(
    tree.flatMap(({ id, title, children }) => {
      const place = { path: [...above.path, id], titles: [...above.titles, title] }
      return [[id, place] as const, ...placesOf(children, place)]
    }),
  )
}

function countReasons(outside: readonly ClusterAssignment[]): ClusterReport['unassigned_reasons'] {
  const byReason = Map.groupBy(outside, ({ reason }) => reason ?? 'unlike_others')
  return Object.fromEntries([...byReason].map(([reason, all]) => [reason, all.length]))
}

const round = (value: number) => Math.round(value * 10_000) / 10_000
