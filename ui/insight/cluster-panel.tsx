import { useQuery } from '@tanstack/react-query'
import type { ClusterAnswer, ClustersAnswer, InsightAnswer } from '#/server/api/schemas.ts'
import type { ClusterMetrics, Evidence, Outcome } from '../answer-parts.ts'
import { toCompact, toCount, toMilliseconds, toPlural, toShare, toUsd } from '../figures.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { toHue } from '../parts/hues.ts'
import { Icon } from '../parts/icon.tsx'
import { serviceQuery } from '../queries.ts'
import { outcomes, outcomeWords } from '../words.ts'
import { Quote } from './quote.tsx'

/** What the chosen cluster is: its words, its numbers against the whole, and the quotes that show it. */
export function ClusterPanel(props: {
  cluster: ClusterAnswer
  trail: readonly ClusterAnswer[]
  whole: ClusterMetrics
  onSelect: (cluster: string | undefined) => void
  onEvidence: (evidence: Evidence) => void
  onOpen: (traceId: string) => void
  onOutcome: (outcome: Outcome) => void
}) {
  const { cluster, trail, onSelect } = props
  const service = useQuery(serviceQuery()).data
  return (
    <section className="card cluster-panel" aria-label="Chosen cluster">
      {trail.length > 1 && (
        <nav aria-label="Path of the cluster" className="trail">
          {trail.slice(0, -1).map((above) => (
            <button key={above.id} type="button" className="text-button" onClick={() => onSelect(above.id)}>
              <FromTrace text={above.title} />
            </button>
          ))}
        </nav>
      )}
      <div className="cluster-head">
        <span className="hue-dot large" style={{ background: toHue(cluster.id) }} aria-hidden="true" />
        <h2>
          <FromTrace text={cluster.title} />
        </h2>
        <span className="tag numbers">
          {toPlural(cluster.size, 'trace')}, {toShare(cluster.share)}
        </span>
        {service?.tracking === 'mlflow' && (
          <a className="button small-button" href={cluster.links.mlflow_traces} target="_blank" rel="noreferrer">
            Traces in MLflow <Icon name="out" size={12} />
          </a>
        )}
      </div>
      {cluster.summary !== '' && (
        <p className="cluster-summary">
          <FromTrace text={cluster.summary} />
        </p>
      )}
      {cluster.keywords.length > 0 && (
        <ul className="chips" aria-label="Keywords">
          {cluster.keywords.map((keyword) => (
            <li key={keyword} className="tag">
              <FromTrace text={keyword} />
            </li>
          ))}
        </ul>
      )}
      <Metrics metrics={cluster.metrics} whole={props.whole} size={cluster.size} onOutcome={props.onOutcome} />
      {cluster.evidence.length > 0 && (
        <div className="quotes">
          {cluster.evidence.map((evidence) => (
            <Quote key={`${evidence.trace_id}:${evidence.quote}`} evidence={evidence} onOpen={props.onEvidence} />
          ))}
        </div>
      )}
      {cluster.representative_trace_ids.length > 0 && (
        <p className="small quiet typical">
          Most typical:{' '}
          {cluster.representative_trace_ids.slice(0, 3).map((traceId, index) => (
            <button key={traceId} type="button" className="text-button" onClick={() => props.onOpen(traceId)}>
              example {index + 1}
            </button>
          ))}
        </p>
      )}
    </section>
  )
}

/** The places beside the clusters: everything, what fits nowhere, and what could not be read. */
export function PlacePanel(props: {
  place: string | undefined
  answer: ClustersAnswer
  insight: InsightAnswer
  onSelect: (cluster: string | undefined) => void
}) {
  const { place, answer, insight } = props
  if (place === 'unassigned') {
    const reasons = Object.entries(answer.unassigned.reasons).sort((a, b) => b[1] - a[1])
    return (
      <section className="card cluster-panel" aria-label="Chosen cluster">
        <div className="cluster-head">
          <span className="hue-dot large hollow" aria-hidden="true" />
          <h2>Unassigned</h2>
          <span className="tag numbers">
            {toPlural(answer.unassigned.size, 'trace')}, {toShare(answer.unassigned.share)}
          </span>
        </div>
        <p className="cluster-summary">Summarized, but unlike any group. They are kept apart rather than forced in.</p>
        {reasons.length > 0 && (
          <ul className="reasons">
            {reasons.map(([reason, count]) => (
              <li key={reason}>
                <span className="numbers strong">{toCount(count)}</span> {reason}
              </li>
            ))}
          </ul>
        )}
      </section>
    )
  }
  if (place === 'failed') {
    return (
      <section className="card cluster-panel" aria-label="Chosen cluster">
        <div className="cluster-head">
          <h2>Not summarized</h2>
          <span className="tag numbers">{toPlural(insight.counts.failed + insight.counts.skipped, 'trace')}</span>
        </div>
        <p className="cluster-summary">
          {toPlural(insight.counts.failed, 'trace')} failed and {toPlural(insight.counts.skipped, 'trace')} had no text
          to read, of {toPlural(insight.counts.selected, 'selected trace')}.
        </p>
      </section>
    )
  }
  return (
    <section className="card cluster-panel" aria-label="Chosen cluster">
      <div className="cluster-head">
        <h2>All summarized traces</h2>
        <span className="tag numbers">{toPlural(insight.counts.summarized, 'trace')}</span>
      </div>
      <Metrics metrics={answer.whole} size={insight.counts.summarized} />
    </section>
  )
}

function Metrics(props: {
  metrics: ClusterMetrics
  whole?: ClusterMetrics
  size: number
  onOutcome?: (outcome: Outcome) => void
}) {
  const { metrics, whole } = props
  const rows: { label: string; value: string; whole: string | undefined; worse: boolean }[] = []
  const add = (label: string, key: NumericMetric, write: (value: number) => string, worseBy = 1.25) => {
    const value = metrics[key]
    if (value === undefined) return
    const other = whole?.[key]
    const worse =
      other !== undefined &&
      (key === 'feedback_positive' ? value < other - 0.1 : value > other * worseBy && value - other > 0.005)
    rows.push({ label, value: write(value), whole: other === undefined ? undefined : write(other), worse })
  }
  add('Error rate', 'error_rate', toShare)
  add('Time p50', 'latency_ms_p50', toMilliseconds)
  add('Time p95', 'latency_ms_p95', toMilliseconds)
  add('Tokens, mean', 'mean_tokens', toCompact)
  add('Cost of the traces', 'cost_usd', toUsd, Infinity)
  add('Good feedback', 'feedback_positive', toShare)
  return (
    <div className="metrics">
      <dl className="metric-list">
        {rows.map((row) => (
          <div key={row.label} className="metric">
            <dt>{row.label}</dt>
            <dd className={`numbers${row.worse ? ' worse' : ''}`}>
              {row.value}
              {row.whole !== undefined && <span className="metric-whole">all {row.whole}</span>}
            </dd>
          </div>
        ))}
      </dl>
      <OutcomeBar metrics={metrics} onOutcome={props.onOutcome} />
      <Languages languages={metrics.languages} size={props.size} />
    </div>
  )
}

type NumericMetric = Exclude<keyof ClusterMetrics, 'outcomes' | 'languages'>

function OutcomeBar(props: { metrics: ClusterMetrics; onOutcome: ((outcome: Outcome) => void) | undefined }) {
  const counted = outcomes.flatMap((outcome) => {
    const count = props.metrics.outcomes[outcome] ?? 0
    return count === 0 ? [] : [{ outcome, count }]
  })
  const total = counted.reduce((sum, { count }) => sum + count, 0)
  if (total === 0) return null
  return (
    <div className="outcomes">
      <span className="outcome-bar" aria-hidden="true">
        {counted.map(({ outcome, count }) => (
          <span key={outcome} className={`outcome-${outcome}`} style={{ flexGrow: count }} />
        ))}
      </span>
      <ul className="outcome-list" aria-label="Outcomes">
        {counted.map(({ outcome, count }) => (
          <li key={outcome}>
            <span className={`outcome-dot outcome-${outcome}`} aria-hidden="true" />
            {props.onOutcome === undefined ? (
              outcomeWords[outcome]
            ) : (
              <button type="button" className="text-button" onClick={() => props.onOutcome?.(outcome)}>
                {outcomeWords[outcome]}
              </button>
            )}{' '}
            <span className="numbers quiet">
              {toCount(count)} · {toShare(count / total)}
            </span>
          </li>
        ))}
      </ul>
    </div>
  )
}

function Languages({ languages, size }: { languages: Record<string, number>; size: number }) {
  const counted = Object.entries(languages)
    .filter(([language]) => language !== 'und')
    .sort((a, b) => b[1] - a[1])
  if (counted.length < 2 || size === 0) return null
  return (
    <p className="small quiet">
      Languages:{' '}
      {counted
        .slice(0, 6)
        .map(([language, count]) => `${languageName(language)} ${toShare(count / size)}`)
        .join(', ')}
    </p>
  )
}

const languageNames = new Intl.DisplayNames(undefined, { type: 'language', fallback: 'code' })

function languageName(tag: string): string {
  try {
    return languageNames.of(tag) ?? tag
  } catch {
    return tag
  }
}
