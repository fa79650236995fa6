import type { ClusterMetrics } from '../answer-parts.ts'
import { toCount, toShare } from '../figures.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { ShareBar } from '../parts/share-bar.tsx'
import { toFacetLabel, toFacetWords } from './choices.ts'

type FacetMetrics = NonNullable<ClusterMetrics['facets']>[string]

const shownValues = 5

/** What the lens asked of every trace, counted: how often each value, beside how often in the whole. */
export function FacetNumbers(props: {
  metrics: ClusterMetrics
  whole: ClusterMetrics | undefined
  size: number
  onChoose: (name: string, value: string) => void
}) {
  const facets = Object.entries(props.metrics.facets ?? {})
  if (facets.length === 0) return null
  return (
    <div className="facet-list">
      {facets.map(([name, facet]) => (
        <section key={name} className="facet-numbers" aria-label={toFacetLabel(name)}>
          <h3>
            {toFacetLabel(name)}{' '}
            {facet.known < props.size && (
              <span className="quiet small numbers">
                told by {toCount(facet.known)} of {toCount(props.size)}
              </span>
            )}
          </h3>
          {facet.counts === undefined ? (
            <Range facet={facet} />
          ) : (
            <Counts {...props} name={name} counts={facet.counts} known={facet.known} />
          )}
        </section>
      ))}
    </div>
  )
}

function Range({ facet }: { facet: FacetMetrics }) {
  if (facet.mean === undefined) return <p className="small quiet">In words; see the column of the table.</p>
  return (
    <p className="small numbers">
      {toFacetWords(facet.mean)} on average, {toFacetWords(facet.min)} to {toFacetWords(facet.max)}
    </p>
  )
}

function Counts(props: {
  name: string
  counts: Record<string, number>
  known: number
  whole: ClusterMetrics | undefined
  onChoose: (name: string, value: string) => void
}) {
  const { name, counts, known, whole, onChoose } = props
  // The database keeps no order; the most frequent are the ones to show.
  const values = Object.entries(counts).toSorted((a, b) => b[1] - a[1])
  const all = whole?.facets?.[name]
  return (
    <ul>
      {values.slice(0, shownValues).map(([value, count]) => {
        const share = all?.known === undefined || all.known === 0 ? undefined : (all.counts?.[value] ?? 0) / all.known
        return (
          <li key={value}>
            <button type="button" className="text-button" onClick={() => onChoose(name, value)}>
              <FromTrace text={toFacetWords(value)} className="clamp-1" />
            </button>
            <span className="numbers quiet">
              {toCount(count)} · {toShare(count / known)}
              {share !== undefined && `, all ${toShare(share)}`}
            </span>
            <ShareBar share={count / known} />
          </li>
        )
      })}
      {values.length > shownValues && (
        <li className="small quiet">and {toCount(values.length - shownValues)} more in the filter below</li>
      )}
    </ul>
  )
}
