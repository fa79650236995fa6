import { useQuery } from '@tanstack/react-query'
import type { ClusterAnswer } from '#/server/api/schemas/clusters.ts'
import type { InsightAnswer } from '#/server/api/schemas/insights.ts'
import { toCount, toPlural, toShare } from '../figures.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { toHue } from '../parts/hues.ts'
import { mapQuery } from '../queries.ts'
import { countInside } from './chosen-traces.ts'
import { findCluster } from './cluster-rows.ts'
import { GenerateButton } from './generate-button.tsx'

/** What was drawn around on the map: how many traces, and of which clusters. */
export function AreaPanel(props: {
  insight: InsightAnswer
  clusters: readonly ClusterAnswer[]
  area: string
  onSelect: (cluster: string) => void
  onCreate: () => void
}) {
  const { insight, clusters, area } = props
  const map = useQuery(mapQuery(insight.id)).data
  const counted = map === undefined ? [] : countInside(map, area)
  const total = counted.reduce((sum, { count }) => sum + count, 0)
  return (
    <section className="card cluster-panel" aria-label="Chosen on the map">
      <div className="cluster-head">
        <h2>Inside the lasso</h2>
        <span className="tag numbers">{toPlural(total, 'trace')}</span>
        <span className="cluster-actions">
          <GenerateButton insight={insight} search={{ area }} onCreate={props.onCreate} />
        </span>
      </div>
      <ul className="chips" aria-label="Clusters inside the lasso">
        {counted.slice(0, 12).map(({ clusterId, count }) => (
          <li key={clusterId ?? 'unassigned'}>
            <button type="button" className="chip small" onClick={() => props.onSelect(clusterId ?? 'unassigned')}>
              <span
                className={`hue-dot${clusterId === null ? ' hollow' : ''}`}
                style={{ background: toHue(clusterId) }}
                aria-hidden="true"
              />
              {clusterId === null ? (
                'Unassigned'
              ) : (
                <FromTrace text={findCluster(clusters, clusterId)?.title ?? clusterId} />
              )}
              <span className="quiet numbers">
                {toCount(count)} · {toShare(count / total)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
