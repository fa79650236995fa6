import { Fragment } from 'react'
import { Link } from '@tanstack/react-router'
import type { Evidence, Membership } from '../answer-parts.ts'
import { toFacetLabel, toFacetWords } from '../facets/choices.ts'
import { toShare } from '../figures.ts'
import { Quote } from '../insight/quote.tsx'
import { FromTrace } from '../parts/from-trace.tsx'
import { toHue } from '../parts/hues.ts'
import { OutcomeTag } from '../parts/outcome-tag.tsx'

/** What this Insight said of the trace and why it is where it is; below, the other Insights it is part of. */
export function Memberships(props: {
  memberships: readonly Membership[]
  here: string | undefined
  onEvidence: (evidence: Evidence) => void
}) {
  const main = props.memberships.find((membership) => membership.insight_id === props.here) ?? props.memberships[0]
  if (main === undefined) return null
  const others = props.memberships.filter((membership) => membership !== main)
  return (
    <section className="said" aria-label="Summary">
      <div className="said-head">
        <h3>
          <FromTrace text={main.summary_title} />
        </h3>
        <OutcomeTag outcome={main.outcome} />
      </div>
      <p>
        <FromTrace text={main.summary} />
      </p>
      <ClusterPath membership={main} />
      {main.reason !== '' && (
        <p className="small quiet">
          <FromTrace text={main.reason} />
          {main.read_share < 1 && ` The summary is of ${toShare(main.read_share)} of the trace.`}
        </p>
      )}
      {Object.values(main.facets ?? {}).some((value) => value !== null) && (
        <dl className="facts small" aria-label="Asked by the lens">
          {Object.entries(main.facets ?? {}).map(([name, value]) => (
            <Fragment key={name}>
              <dt>{toFacetLabel(name)}</dt>
              <dd>
                <FromTrace text={toFacetWords(value)} />
              </dd>
            </Fragment>
          ))}
        </dl>
      )}
      {main.evidence.length > 0 && (
        <div className="quotes">
          {main.evidence.map((evidence) => (
            <Quote key={`${evidence.span_id}:${evidence.quote}`} evidence={evidence} onOpen={props.onEvidence} />
          ))}
        </div>
      )}
      {others.length > 0 && (
        <details className="others">
          <summary>
            In {others.length} other {others.length === 1 ? 'Insight' : 'Insights'}
          </summary>
          <ul>
            {others.map((other) => (
              <li key={other.insight_id}>
                <ClusterPath membership={other} />
                <p className="small quiet">
                  <FromTrace text={other.summary} />
                </p>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  )
}

function ClusterPath({ membership }: { membership: Membership }) {
  const cluster = membership.cluster_id
  return (
    <p className="cluster-path small">
      <span
        className={`hue-dot${cluster === null ? ' hollow' : ''}`}
        style={{ background: toHue(cluster) }}
        aria-hidden="true"
      />
      <Link
        to="/insights/$insightId"
        params={{ insightId: membership.insight_id }}
        search={{ cluster: cluster ?? 'unassigned' }}
        resetScroll={false}
      >
        {cluster === null ? (
          'Unassigned'
        ) : (
          <FromTrace text={membership.cluster_path.length === 0 ? cluster : membership.cluster_path.join(' › ')} />
        )}
      </Link>{' '}
      <span className="quiet">
        in <FromTrace text={membership.insight_name} />
      </span>
    </p>
  )
}
