import { useQuery } from '@tanstack/react-query'
import type { ClusterAnswer, ClustersAnswer } from '#/server/api/schemas/clusters.ts'
import type { InsightAnswer } from '#/server/api/schemas/insights.ts'
import type { ClusterMetrics, Evidence, Outcome } from '../answer-parts.ts'
import { FacetNumbers } from '../facets/facet-numbers.tsx'
import { toCount, toPlural, toShare } from '../figures.ts'
import { isWorse, measureKeys, measures } from '../measures/measures.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { FromTrace } from '../parts/from-trace.tsx'
import { toHue } from '../parts/hues.ts'
import { Icon } from '../parts/icon.tsx'
import { languageName } from '../parts/language-name.ts'
import { serviceQuery } from '../queries.ts'
import { outcomes, outcomeWords } from '../words.ts'
import { toMarkdown } from './copy-for-model.ts'
import { Examples } from './examples.tsx'
import { GenerateButton } from './generate-button.tsx'
import { Quote } from './quote.tsx'

/** What the chosen cluster is: its words, its numbers against the whole, and the quotes that show it. */
export function ClusterPanel(props: {
  insight: InsightAnswer
  cluster: ClusterAnswer
  trail: readonly ClusterAnswer[]
  whole: ClusterMetrics
  onSelect: (cluster: string | undefined) => void
  onEvidence: (evidence: Evidence) => void
  onOpen: (traceId: string) => void
  onOutcome: (outcome: Outcome) => void
  onFacet: (name: string, value: string) => void
  onCreate: () => void
}) {
  const { insight, cluster, trail, onSelect } = props
  const service = useQuery(serviceQuery()).data
  return (
    <section className="card cluster-panel" aria-label="Chosen cluster">
      <nav aria-label="Path of the cluster" className="trail">
        <button type="button" className="text-button" onClick={() => onSelect(undefined)}>
          All
        </button>
        {trail.slice(0, -1).map((above) => (
          <button key={above.id} type="button" className="text-button" onClick={() => onSelect(above.id)}>
            <FromTrace text={above.title} />
          </button>
        ))}
      </nav>
      <div className="cluster-head">
        <span className="hue-dot large" style={{ background: toHue(cluster.id) }} aria-hidden="true" />
        <h2>
          <FromTrace text={cluster.title} />
        </h2>
        <span className="tag numbers">
          {toPlural(cluster.size, 'trace')}, {toShare(cluster.share)}
        </span>
        <span className="cluster-actions">
          <GenerateButton insight={insight} search={{ cluster: cluster.id }} onCreate={props.onCreate} />
          <CopyButton
            className="button small-button"
            label="Copy name, numbers and quotes as Markdown, for a colleague or a model"
            text={() =>
              toMarkdown(
                insight,
                cluster,
                trail.map(({ title }) => title),
              )
            }
          >
            Copy
          </CopyButton>
          {service?.tracking === 'mlflow' && (
            <a className="button small-button" href={cluster.links.mlflow_traces} target="_blank" rel="noreferrer">
              Traces in MLflow <Icon name="out" size={12} />
            </a>
          )}
        </span>
      </div>
      {cluster.hidden === true && <HiddenNote minShownSize={insight.min_shown_size} />}
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
      {cluster.hidden !== true && (
        <Metrics
          metrics={cluster.metrics}
          whole={props.whole}
          size={cluster.size}
          onOutcome={props.onOutcome}
          onFacet={props.onFacet}
        />
      )}
      <Cohesion quality={cluster.quality} />
      {cluster.evidence.length > 0 && (
        <div className="quotes">
          {cluster.evidence.map((evidence) => (
            <Quote key={`${evidence.trace_id}:${evidence.quote}`} evidence={evidence} onOpen={props.onEvidence} />
          ))}
        </div>
      )}
      <Examples insightId={insight.id} cluster={cluster} onOpen={props.onOpen} />
    </section>
  )
}

function HiddenNote({ minShownSize }: { minShownSize: number | undefined }) {
  return (
    <p className="cluster-summary">
      {minShownSize === undefined
        ? 'Groups of a few traces'
        : `Groups of fewer than ${toPlural(minShownSize, 'trace')}`}{' '}
      may tell who they are, so of this one only the size is told: no name, words or numbers. Its traces are listed as
      those of any other.
    </p>
  )
}

const unread = {
  failed: { title: 'Failed', words: 'They could not be read or summarized; the list says why and what would help.' },
  skipped: {
    title: 'Skipped',
    words: 'Nothing went wrong: they have no text to read, or the lens leaves them out; the list says which.',
  },
}

/** The places beside the clusters: everything, what fits nowhere, and what could not be read. */
export function PlacePanel(props: {
  place: string | undefined
  answer: ClustersAnswer
  insight: InsightAnswer
  onFacet: (name: string, value: string) => void
  onCreate: () => void
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
          <span className="cluster-actions">
            <GenerateButton insight={insight} search={{ cluster: 'unassigned' }} onCreate={props.onCreate} />
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
  if (place === 'failed' || place === 'skipped') {
    const { title, words } = unread[place]
    const count = insight.counts[place]
    const only = insight.lens?.facets.find(({ name }) => name === insight.lens?.only)
    return (
      <section className="card cluster-panel" aria-label="Chosen cluster">
        <div className="cluster-head">
          <h2>{title}</h2>
          <span className="tag numbers">{toPlural(count, 'trace')}</span>
        </div>
        <p className="cluster-summary">
          {words} {toCount(count)} of {toPlural(insight.counts.selected, 'selected trace')}.
        </p>
        {place === 'skipped' && only !== undefined && (
          <p className="quiet">
            The lens keeps only traces of which this holds: <FromTrace text={only.description} />
          </p>
        )}
      </section>
    )
  }
  return (
    <section className="card cluster-panel" aria-label="Chosen cluster">
      <div className="cluster-head">
        <h2>All summarized traces</h2>
        <span className="tag numbers">{toPlural(insight.counts.summarized, 'trace')}</span>
      </div>
      <Metrics metrics={answer.whole} size={insight.counts.summarized} onFacet={props.onFacet} />
    </section>
  )
}

function Metrics(props: {
  metrics: ClusterMetrics
  whole?: ClusterMetrics
  size: number
  onOutcome?: (outcome: Outcome) => void
  onFacet: (name: string, value: string) => void
}) {
  const { metrics, whole } = props
  const rows = measureKeys.flatMap((key) => {
    const measure = measures[key]
    const value = measure.read(metrics, props.size)
    if (value === undefined) return []
    // The cost of the whole is a sum over other traces.
    const other = whole === undefined || key === 'cost' ? undefined : measure.read(whole, 1)
    return [
      {
        label: measure.label,
        words: measure.words,
        value: measure.write(value),
        whole: other === undefined ? undefined : measure.write(other),
        worse: isWorse(measure, value, other),
      },
    ]
  })
  return (
    <div className="metrics">
      <dl className="metric-list">
        {rows.map((row) => (
          <div key={row.label} className="metric" title={row.words}>
            <dt>{row.label}</dt>
            <dd className={`numbers${row.worse ? ' worse' : ''}`}>
              {row.value}
              {row.whole !== undefined && <span className="metric-whole">all {row.whole}</span>}
            </dd>
          </div>
        ))}
      </dl>
      <OutcomeBar metrics={metrics} onOutcome={props.onOutcome} />
      <FacetNumbers metrics={metrics} whole={whole} size={props.size} onChoose={props.onFacet} />
      <Languages languages={metrics.languages} size={props.size} />
    </div>
  )
}

function OutcomeBar(props: { metrics: ClusterMetrics; onOutcome: ((outcome: Outcome) => void) | undefined }) {
  const counted = outcomes.flatMap((outcome) => {
    const count = props.metrics.outcomes[outcome] ?? 0
    return count === 0 ? [] : [{ outcome, count }]
  })
  const total = counted.reduce((sum, { count }) => sum + count, 0)
  if (total === 0) return null
  if (total === props.metrics.outcomes.unclear) {
    return <p className="quiet small">None of these traces tells how it ended.</p>
  }
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

/** How well the cluster holds together, for whoever wonders how much to make of it. */
function Cohesion({ quality }: { quality: ClusterAnswer['quality'] }) {
  const { stability = null, silhouette = null } = quality ?? {}
  if (stability === null && silhouette === null) return null
  return (
    <p className="small quiet numbers">
      {stability !== null && `${toShare(stability)} of it comes back when a part of the traces is clustered anew`}
      {stability !== null && silhouette !== null && ' · '}
      {silhouette !== null && (
        <span title="How much nearer its traces are to it than to the next cluster, -1 to 1">
          silhouette {silhouette.toFixed(2)}
        </span>
      )}
    </p>
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
