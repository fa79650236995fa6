import { useQuery } from '@tanstack/react-query'
import type { ClustersAnswer } from '#/server/api/schemas/clusters.ts'
import type { InsightAnswer } from '#/server/api/schemas/insights.ts'
import { toPlural } from '../figures.ts'
import { TraceMap } from '../map/trace-map.tsx'
import { measureKeys, measures } from '../measures/measures.ts'
import { noFilters } from '../members/to-request.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { hueCount, toHue } from '../parts/hues.ts'
import { Icon } from '../parts/icon.tsx'
import { ProblemState, Skeleton } from '../parts/states.tsx'
import { mapQuery } from '../queries.ts'
import type { ChangeSearch, InsightSearch, PictureKind } from '../search-params.ts'
import { ClusterTreemap } from '../treemap/cluster-treemap.tsx'
import { findCluster, isWithin } from './cluster-rows.ts'

const kinds: { kind: PictureKind; label: string }[] = [
  { kind: 'map', label: 'Map' },
  { kind: 'treemap', label: 'Treemap' },
]

/** The hierarchy as a picture: a dot a trace, or a rectangle a cluster. What is chosen here is chosen everywhere. */
export function PictureCard(props: {
  insight: InsightAnswer
  answer: ClustersAnswer
  search: InsightSearch
  onChange: ChangeSearch
  onSelect: (cluster: string) => void
  onShow: () => void
}) {
  const { insight, answer, search, onChange } = props
  const kind = search.view ?? 'map'
  const wide = search.wide === '1'
  const chosen = search.cluster === undefined ? undefined : findCluster(answer.clusters, search.cluster)
  return (
    <section className={`card picture${wide ? ' wide' : ''}`} aria-label="Picture of the clusters">
      <div className="picture-head">
        <div className="segments" role="group" aria-label="Kind of picture">
          {kinds.map((one) => (
            <button
              key={one.kind}
              type="button"
              aria-pressed={kind === one.kind}
              onClick={() => onChange({ view: one.kind === 'map' ? undefined : one.kind })}
            >
              {one.label}
            </button>
          ))}
        </div>
        {kind === 'treemap' && (
          <select
            className="select"
            aria-label="Colour of the tiles"
            value={search.color ?? ''}
            onChange={(event) => onChange({ color: measureKeys.find((key) => key === event.target.value) })}
          >
            <option value="">Colour: topic</option>
            {measureKeys.map((key) => (
              <option key={key} value={key}>
                Colour: {measures[key].label.toLowerCase()}
              </option>
            ))}
          </select>
        )}
        <button
          type="button"
          className="button icon-only borderless picture-wide"
          aria-label={wide ? 'Make the picture smaller' : 'Make the picture larger'}
          title={wide ? 'Smaller' : 'Larger'}
          aria-pressed={wide}
          onClick={() => onChange({ wide: wide ? undefined : '1' })}
        >
          <Icon name={wide ? 'shrink' : 'expand'} />
        </button>
      </div>
      {kind === 'treemap' ? (
        <ClusterTreemap answer={answer} color={search.color} selected={search.cluster} onSelect={props.onSelect} />
      ) : (
        <MapOfTraces {...props} />
      )}
      {(chosen !== undefined || search.area !== undefined) && (
        <p className="picture-chosen">
          {chosen !== undefined && (
            <>
              <span className="hue-dot" style={{ background: toHue(chosen.id) }} aria-hidden="true" />
              <FromTrace text={chosen.title} className="clamp-1 strong" />
              <span className="quiet numbers">{toPlural(chosen.size, 'trace')}</span>
            </>
          )}
          {search.area !== undefined && <span className="strong">Traces inside the lasso</span>}
          <button type="button" className="text-button" onClick={props.onShow}>
            Show below
          </button>
          {search.area !== undefined && (
            <button type="button" className="text-button" onClick={() => onChange({ area: undefined })}>
              Clear
            </button>
          )}
        </p>
      )}
      {kind === 'map' && (
        <ul className="legend" aria-label="Colours of the map">
          {answer.clusters.slice(0, hueCount).map((cluster) => (
            <li key={cluster.id}>
              <button
                type="button"
                className="legend-item"
                aria-pressed={search.cluster !== undefined && isWithin(search.cluster, cluster.id)}
                onClick={() => props.onSelect(cluster.id)}
              >
                <span className="hue-dot" style={{ background: toHue(cluster.id) }} aria-hidden="true" />
                <FromTrace text={cluster.title} className="clamp-1" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {kind === 'map' && (
        <p className="picture-legend small quiet">
          {toPlural(insight.counts.summarized, 'trace')}, near means alike. Drag to move, Ctrl and wheel to zoom; names
          get finer as you look closer. {answer.unassigned.size > 0 && 'A ring is an unassigned trace.'}
        </p>
      )}
    </section>
  )
}

function MapOfTraces({ insight, answer, search, onChange, onSelect }: Parameters<typeof PictureCard>[0]) {
  const { data, error, refetch } = useQuery(mapQuery(insight.id))
  if (error !== null && data === undefined) {
    return <ProblemState title="Fetching the map failed" error={error} onRetry={() => void refetch()} />
  }
  if (data === undefined) {
    return (
      <div className="map">
        <Skeleton lines={8} label="Loading the map" />
      </div>
    )
  }
  if (data.trace_ids.length === 0) return <p className="quiet">This Insight has no map.</p>
  return (
    <TraceMap
      map={data}
      clusters={answer.clusters}
      selected={search.cluster}
      area={search.area}
      at={search.at}
      onAt={(at) => onChange({ at })}
      onArea={(area) => onChange({ area, cluster: undefined, ...noFilters }, { push: true })}
      onSelect={onSelect}
    />
  )
}
