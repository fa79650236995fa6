import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { InsightAnswer } from '#/server/api/schemas.ts'
import { toPlural } from '../figures.ts'
import { EmptyState, ProblemState, Skeleton } from '../parts/states.tsx'
import { clustersQuery, failuresQuery } from '../queries.ts'
import type { InsightSearch } from '../search-params.ts'
import { ClusterPanel, PlacePanel } from './cluster-panel.tsx'
import { findCluster, toTrail } from './cluster-rows.ts'
import { ClusterTree, isKnownCluster } from './cluster-tree.tsx'
import { FailureList } from './failure-list.tsx'
import { MemberSection } from './member-section.tsx'

/** The traces of the table in its order, as far as they are here, for previous and next in the sidebar. */
export type Listed = { traceIds: readonly string[]; total: number; loadMore?: () => void }

export type ChangeSearch = (part: Partial<InsightSearch>, options?: { push?: boolean }) => void

/** The tree on the left, and on the right whatever is chosen in it: what it is, and its traces. */
export function Explorer(props: {
  insight: InsightAnswer
  search: InsightSearch
  onChange: ChangeSearch
  onSelect: (cluster: string | undefined) => void
  onListed: (listed: Listed) => void
}) {
  const { insight, search, onChange, onSelect } = props
  const { data, error, refetch } = useQuery(clustersQuery(insight.id))
  if (data === undefined) {
    return error === null ? (
      <Skeleton lines={10} label="Loading the clusters" />
    ) : (
      <ProblemState title="Fetching the clusters failed" error={error} onRetry={() => void refetch()} />
    )
  }
  const chosen = search.cluster
  const cluster = chosen === undefined ? undefined : findCluster(data.clusters, chosen)
  return (
    <section className="explorer" id="explorer" aria-label="Clusters and their traces">
      <div className="explorer-tree">
        <h2 className="card-title">{toPlural(insight.clusters.total, 'cluster')}</h2>
        <ClusterTree answer={data} total={insight.counts.summarized} selected={chosen} onSelect={onSelect} />
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
            {cluster === undefined ? (
              <PlacePanel place={chosen} answer={data} insight={insight} onSelect={onSelect} />
            ) : (
              <ClusterPanel
                cluster={cluster}
                trail={toTrail(data.clusters, cluster.id)}
                whole={data.whole}
                onSelect={onSelect}
                onEvidence={(evidence) => onChange({ trace: evidence.trace_id, span: evidence.span_id })}
                onOpen={(trace) => onChange({ trace, span: undefined })}
                onOutcome={(outcome) => onChange({ outcome })}
              />
            )}
            {chosen === 'failed' ? (
              <Failures
                insightId={insight.id}
                total={data.failed.size}
                onListed={props.onListed}
                onOpen={(trace) => onChange({ trace })}
              />
            ) : (
              <MemberSection insightId={insight.id} search={search} onChange={onChange} onListed={props.onListed} />
            )}
          </>
        )}
      </div>
    </section>
  )
}

function Failures(props: {
  insightId: string
  total: number
  onListed: (listed: Listed) => void
  onOpen: (traceId: string) => void
}) {
  const { onListed } = props
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    failuresQuery(props.insightId),
  )
  const failures = data?.pages.flatMap((page) => page.items)
  useEffect(() => {
    const traceIds = data?.pages.flatMap((page) => page.items.map(({ trace_id }) => trace_id)) ?? []
    onListed({ traceIds, total: data?.pages[0]?.total ?? traceIds.length })
  }, [data, onListed])
  if (error !== null && failures === undefined) {
    return <ProblemState title="Fetching the failures failed" error={error} onRetry={() => void refetch()} />
  }
  if (failures === undefined) return <Skeleton lines={4} label="Loading the failures" />
  if (failures.length === 0) {
    return (
      <EmptyState icon="check" title="Every trace was summarized">
        Nothing failed and nothing was skipped.
      </EmptyState>
    )
  }
  return (
    <>
      <FailureList failures={failures} total={data?.pages[0]?.total ?? failures.length} onOpen={props.onOpen} />
      {hasNextPage && (
        <button
          type="button"
          className="button more"
          disabled={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          Show more
        </button>
      )}
    </>
  )
}
