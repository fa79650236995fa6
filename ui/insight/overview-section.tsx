import type { ClustersAnswer } from '#/server/api/schemas/clusters.ts'
import type { InsightAnswer } from '#/server/api/schemas/insights.ts'
import type { Evidence } from '../answer-parts.ts'
import { toShare } from '../figures.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { toHue } from '../parts/hues.ts'
import { ShareBar } from '../parts/share-bar.tsx'
import type { ChangeSearch, InsightSearch } from '../search-params.ts'
import { findCluster } from './cluster-rows.ts'
import { LinkedText } from './linked-text.tsx'
import { PictureCard } from './picture-card.tsx'
import { Quote } from './quote.tsx'

/** The answer in words, with the share and the quotes behind every claim; beside it the same answer as a picture. */
export function OverviewSection(props: {
  insight: InsightAnswer
  answer: ClustersAnswer | undefined
  search: InsightSearch
  onChange: ChangeSearch
  onSelect: (cluster: string) => void
  /** Chooses a cluster, where one is named, and brings what is chosen into view. */
  onShow: (cluster?: string) => void
  onEvidence: (evidence: Evidence) => void
}) {
  const { insight, answer, search } = props
  const clusters = answer?.clusters ?? []
  const selected = search.cluster
  return (
    <div className="overview-row">
      <section className="card overview" aria-label="Overview">
        <h2 className="card-title">Overview</h2>
        <p className="overview-text">
          <LinkedText text={insight.overview} clusters={clusters} onShow={props.onShow} />
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
      {answer !== undefined && (
        <PictureCard
          insight={insight}
          answer={answer}
          search={search}
          onChange={props.onChange}
          onSelect={props.onSelect}
          onShow={() => props.onShow()}
        />
      )}
    </div>
  )
}
