import { useQuery } from '@tanstack/react-query'
import type { InsightAnswer } from '#/server/api/schemas.ts'
import type { Evidence } from '../answer-parts.ts'
import { toShare } from '../figures.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { toHue } from '../parts/hues.ts'
import { ShareBar } from '../parts/share-bar.tsx'
import { clustersQuery } from '../queries.ts'
import { ClusterMap } from './cluster-map.tsx'
import { findCluster } from './cluster-rows.ts'
import { Quote } from './quote.tsx'

/** The answer in words, with the share and the quotes behind every claim; beside it the same answer as a picture. */
export function OverviewSection(props: {
  insight: InsightAnswer
  selected: string | undefined
  onSelect: (cluster: string) => void
  /** Chooses a cluster and brings it into view. */
  onShow: (cluster: string) => void
  onEvidence: (evidence: Evidence) => void
}) {
  const { insight, selected } = props
  const clusters = useQuery(clustersQuery(insight.id)).data?.clusters ?? []
  return (
    <div className="overview-row">
      <section className="card overview" aria-label="Overview">
        <h2 className="card-title">Overview</h2>
        <p className="overview-text">
          <FromTrace text={insight.overview} />
        </p>
        {insight.key_points.length > 0 && (
          <ol className="key-points">
            {insight.key_points.map((point, index) => {
              const first = point.cluster_ids[0]
              const active = selected !== undefined && point.cluster_ids.includes(selected)
              return (
                <li key={`${index}:${point.text}`} className={active ? 'key-point active' : 'key-point'}>
                  <span className="key-share numbers">
                    {toShare(point.share)}
                    <ShareBar share={point.share} color={toHue(first ?? null)} />
                  </span>
                  <div className="key-body">
                    {first === undefined ? (
                      <FromTrace text={point.text} />
                    ) : (
                      <button type="button" className="claim" onClick={() => props.onShow(first)}>
                        <FromTrace text={point.text} />
                      </button>
                    )}
                    {point.cluster_ids.length > 1 && (
                      <div className="chips">
                        {point.cluster_ids.map((id) => (
                          <button key={id} type="button" className="chip small" onClick={() => props.onShow(id)}>
                            <span className="hue-dot" style={{ background: toHue(id) }} aria-hidden="true" />
                            <FromTrace text={findCluster(clusters, id)?.title ?? `Cluster ${id}`} />
                          </button>
                        ))}
                      </div>
                    )}
                    {point.evidence.slice(0, insight.key_points.length > 3 ? 1 : 2).map((evidence) => (
                      <Quote
                        key={`${evidence.trace_id}:${evidence.quote}`}
                        evidence={evidence}
                        onOpen={props.onEvidence}
                      />
                    ))}
                  </div>
                </li>
              )
            })}
          </ol>
        )}
      </section>
      <ClusterMap
        insightId={insight.id}
        clusters={clusters}
        selected={selected}
        onSelect={props.onSelect}
        onShow={props.onShow}
      />
    </div>
  )
}
