import { useCallback, useMemo } from 'react'
import type { ClustersAnswer } from '#/server/api/schemas/clusters.ts'
import type { InsightAnswer } from '#/server/api/schemas/insights.ts'
import { withFacet } from '../facets/choices.ts'
import { toPlural } from '../figures.ts'
import { useMemberPrefetch } from '../members/use-member-prefetch.ts'
import { MemberSection } from '../members/member-section.tsx'
import { SearchField } from '../parts/search-field.tsx'
import { EmptyState } from '../parts/states.tsx'
import type { ChangeSearch, InsightSearch } from '../search-params.ts'
import type { Listed } from '../trace/listed.ts'
import { AreaPanel } from './area-panel.tsx'
import { ClusterCompare } from './cluster-compare.tsx'
import { ClusterPanel, PlacePanel } from './cluster-panel.tsx'
import { findCluster, toTrail } from './cluster-rows.ts'
import { ClusterTree, isKnownCluster } from './cluster-tree.tsx'
import { FailuresSection } from './failures-section.tsx'

/** The tree on the left, and on the right whatever is chosen in it: what it is, what is below it, and its traces. */
export function Explorer(props: {
  insight: InsightAnswer
  answer: ClustersAnswer
  search: InsightSearch
  onChange: ChangeSearch
  onSelect: (cluster: string | undefined) => void
  onListed: (listed: Listed) => void
}) {
  const { insight, answer: data, search, onChange, onSelect } = props
  const onFind = useCallback((find: string) => onChange({ find: find === '' ? undefined : find }), [onChange])
  const prefetch = useMemberPrefetch(insight.id, search)
  const onCreate = () => onChange({ create: 'selected' })
  const chosen = search.cluster
  const cluster = chosen === undefined ? undefined : findCluster(data.clusters, chosen)
  // What the facets of the table count; a lasso has no numbers of its own, and those of a hidden group are not told.
  const counted =
    search.area !== undefined || cluster?.hidden === true
      ? undefined
      : chosen === undefined
        ? data.whole
        : cluster?.metrics
  const facetNames = useMemo(() => (insight.lens?.facets ?? []).map(({ name }) => name), [insight.lens])
  const onFacet = (name: string, value: string) => onChange({ facets: withFacet(search.facets, { name, value }) })
  const below = chosen === undefined ? data.clusters : (cluster?.children ?? [])
  return (
    <section className="explorer" id="explorer" aria-label="Clusters and their traces">
      <div className="explorer-tree">
        <h2 className="card-title">{toPlural(insight.clusters.total, 'cluster')}</h2>
        <SearchField
          label="Find a cluster by its name, description or quotes"
          placeholder="Find a cluster"
          value={search.find ?? ''}
          onChange={onFind}
        />
        <ClusterTree
          answer={data}
          total={insight.counts.summarized}
          selected={chosen}
          find={search.find}
          onSelect={onSelect}
          onNear={prefetch.soon}
          onAway={prefetch.never}
        />
      </div>
      <div className="explorer-chosen">
        {chosen !== undefined && !isKnownCluster(data, chosen) ? (
          <EmptyState
            icon="search"
            title="There is no such cluster"
            action={
              <button type="button" className="button" onClick={() => onSelect(undefined)}>
                All summarized traces
              </button>
            }
          >
            This Insight has no cluster {chosen}. The link may come from another one.
          </EmptyState>
        ) : (
          <>
            {search.area !== undefined ? (
              <AreaPanel
                insight={insight}
                clusters={data.clusters}
                area={search.area}
                onSelect={onSelect}
                onCreate={onCreate}
              />
            ) : cluster === undefined ? (
              <PlacePanel place={chosen} answer={data} insight={insight} onFacet={onFacet} onCreate={onCreate} />
            ) : (
              <ClusterPanel
                insight={insight}
                cluster={cluster}
                trail={toTrail(data.clusters, cluster.id)}
                whole={data.whole}
                onSelect={onSelect}
                onEvidence={(evidence) => onChange({ trace: evidence.trace_id, span: evidence.span_id })}
                onOpen={(trace) => onChange({ trace, span: undefined })}
                onOutcome={(outcome) => onChange({ outcome })}
                onFacet={onFacet}
                onCreate={onCreate}
              />
            )}
            {search.area === undefined && below.length > 1 && (
              <ClusterCompare
                clusters={below}
                whole={data.whole}
                rank={search.rank}
                leaves={search.level === 'leaves'}
                onRank={(rank) => onChange({ rank: rank === 'size' ? undefined : rank })}
                onLeaves={(leaves) => onChange({ level: leaves ? 'leaves' : undefined })}
                onSelect={onSelect}
              />
            )}
            {chosen === 'failed' || chosen === 'skipped' ? (
              <FailuresSection
                insightId={insight.id}
                kind={chosen}
                openTraceId={search.trace}
                onListed={props.onListed}
                onOpen={(trace) => onChange({ trace })}
              />
            ) : (
              <MemberSection
                insightId={insight.id}
                clusters={data.clusters}
                metrics={counted}
                facetNames={facetNames}
                search={search}
                onChange={onChange}
                onListed={props.onListed}
              />
            )}
          </>
        )}
      </div>
    </section>
  )
}
