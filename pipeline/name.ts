// Names for the groups, and the groups as they are once somebody has read their names.
import type { Rearrangement } from '#/clustering/rearrange.ts'
import type { Matrix } from '#/clustering/matrix/matrix.ts'
import { doOnce } from './do-once.ts'
import { nodesToName } from './group.ts'
import type { InsightSpec, SummaryRecord } from './insight.ts'
import { countOutcomes } from './metrics.ts'
import type { Cancellable, NamedNode, NodeToName, PipelinePorts } from './ports.ts'
import { type GuardedTree, hideSmallGroups } from './small-groups.ts'

type Grouped = GuardedTree & { map: Matrix }

/**
 * The names of all shown groups, and the tree they are names of: an analyst may have wished for another arrangement of the
 * upper levels. On a later attempt the same wishes are granted again, and nothing is asked anew.
 */
export async function nameGroups(
  {
    drafted,
    nodes,
    records,
    vectors,
    spec,
  }: { drafted: Grouped; nodes: NodeToName[]; records: readonly SummaryRecord[]; vectors: Matrix; spec: InsightSpec },
  ports: Pick<PipelinePorts, 'analyst' | 'checkpoints' | 'rearrange'>,
  options: Cancellable & { onProgress: (done: number) => void },
): Promise<{ grouped: Grouped; names: NamedNode[] }> {
  const { analyst, rearrange } = ports
  let granted: { grouped: Grouped; was: ReadonlyMap<string, string> } | undefined
  const grant =
    rearrange &&
    (async (wishes: readonly Rearrangement[]) => {
      const texts = records.map(({ summary }) => summary.groupingText)
      const { tree, was } = await rearrange(vectors, { tree: drafted.tree, wishes, texts }, options)
      const grouped = { ...hideSmallGroups(tree, spec.minShownSize ?? 1), map: drafted.map }
      granted = { grouped, was }
      return { nodes: nodesToName(grouped.tree, records, grouped.hidden), was }
    })
  const named = await doOnce(
    'name',
    [
      spec.instruction,
      spec.lens,
      analyst.models,
      nodes.map((node) => ({ ...node, members: idsOf(node.members), neighbours: [] })),
    ],
    ports,
    () =>
      analyst.nameClusters(
        {
          instruction: spec.instruction,
          lens: spec.lens,
          nodes,
          total: records.length,
          outcomes: countOutcomes(records),
          rearrange: grant,
        },
        options,
      ),
  )
  if (named.wishes !== undefined && granted === undefined) await grant?.(named.wishes)
  return { grouped: granted?.grouped ?? drafted, names: named.names }
}

function idsOf(records: readonly SummaryRecord[]): string[] {
  return records.map(({ traceId }) => traceId)
}
