// Members of a cluster worth opening, each with the reason why it is shown.
import type { TreeNode } from '#/clustering/tree.ts'
import type { ClusterExample, SummaryRecord } from './insight.ts'

const mostOfARole = 5

/**
 * The most typical members, those nearly as close to another cluster, and those farthest from the centre, in that order.
 * A trace is shown once, and no more than half of a cluster is called borderline or extreme.
 */
export function toExamples(
  node: TreeNode,
  records: readonly SummaryRecord[],
  { titleOf, distances }: { titleOf: (path: string) => string; distances: Float32Array },
): ClusterExample[] {
  const shown = new Set<number>()
  const pick = (rows: readonly number[], role: ClusterExample['role'], reasonOf: (row: number) => string) => {
    const most = role === 'representative' ? mostOfARole : Math.min(mostOfARole, Math.floor(node.size / 4))
    return rows
      .filter((row) => !shown.has(row))
      .slice(0, most)
      .flatMap((row): ClusterExample[] => {
        const record = records[row]
        shown.add(row)
        return record === undefined ? [] : [{ traceId: record.traceId, role, reason: reasonOf(row) }]
      })
  }
  const nextOf = new Map(node.borderline.map(({ row, next }) => [row, next]))
  const at = (row: number) => (distances[row] ?? Number.NaN).toFixed(2)
  return [
    ...pick(
      node.representatives,
      'representative',
      (row) => `Near the centre: what it says is typical (${at(row)} from the centre of its leaf).`,
    ),
    ...pick([...nextOf.keys()], 'borderline', (row) => `Nearly as close to “${titleOf(nextOf.get(row) ?? '')}”.`),
    ...pick(
      node.extremes,
      'extreme',
      (row) => `Farthest from the centre: it may belong nowhere else (${at(row)} from the centre of its leaf).`,
    ),
  ]
}
