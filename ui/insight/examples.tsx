import { useQuery } from '@tanstack/react-query'
import type { ClusterAnswer, InsightTraceRow } from '#/server/api/schemas/clusters.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { insightTracesPageQuery } from '../queries.ts'

type Example = ClusterAnswer['examples'][number]

const roles = {
  representative: { title: 'Most typical', note: 'what the cluster is about' },
  borderline: { title: 'Borderline', note: 'could belong elsewhere' },
  extreme: { title: 'Most extreme', note: 'how far it reaches' },
} satisfies Record<Example['role'], { title: string; note: string }>

/** The traces to read first, each with why it was chosen and a line of what was said in it. */
export function Examples(props: { insightId: string; cluster: ClusterAnswer; onOpen: (traceId: string) => void }) {
  const { insightId, cluster } = props
  const ids = cluster.examples.map(({ trace_id }) => trace_id)
  const { data } = useQuery({
    ...insightTracesPageQuery(insightId, { trace_ids: ids.join(',') }, 0),
    enabled: ids.length > 0,
  })
  if (ids.length === 0) return null
  const rows = new Map(data?.items.map((row) => [row.trace_id, row]))
  const byRole = Map.groupBy(cluster.examples, ({ role }) => role)
  return (
    <div className="examples-row">
      {(Object.keys(roles) as Example['role'][]).map((role) => {
        const examples = byRole.get(role) ?? []
        return examples.length === 0 ? null : (
          <section key={role} className="example-list" aria-label={`${roles[role].title} traces`}>
            <h3>
              {roles[role].title} <span className="quiet small">{roles[role].note}</span>
            </h3>
            <ol>
              {examples.slice(0, 3).map((example) => (
                <ExampleItem
                  key={example.trace_id}
                  example={example}
                  row={rows.get(example.trace_id)}
                  onOpen={props.onOpen}
                />
              ))}
            </ol>
          </section>
        )
      })}
    </div>
  )
}

function ExampleItem(props: { example: Example; row: InsightTraceRow | undefined; onOpen: (traceId: string) => void }) {
  const { example, row } = props
  return (
    <li>
      <button type="button" className="row-link" onClick={() => props.onOpen(example.trace_id)}>
        <FromTrace text={row?.summary_title ?? example.trace_id} className="strong clamp-1" />
        <FromTrace text={row?.evidence[0]?.quote ?? row?.summary ?? '…'} className="quiet clamp-1" />
        <FromTrace text={example.reason} className="small quiet clamp-2 example-reason" />
      </button>
    </li>
  )
}
