import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import type { ClusterAnswer } from '#/server/api/schemas/clusters.ts'
import type { ClusterMetrics } from '../answer-parts.ts'
import { EmptyState, ProblemState, Skeleton } from '../parts/states.tsx'
import { serviceQuery } from '../queries.ts'
import type { ChangeSearch, InsightSearch } from '../search-params.ts'
import { readColumns } from '../table/column-chooser.tsx'
import { DataTable } from '../table/data-table.tsx'
import type { Listed } from '../trace/listed.ts'
import { memberChoices, memberColumns, usualColumns } from './member-columns.tsx'
import { MemberFilters } from './member-filters.tsx'
import { isFiltered, toMemberRequest } from './to-request.ts'
import { useMemberRows } from './use-member-rows.ts'

/** The traces of what is chosen, with search, facets, columns and order; all of it in the URL. */
export function MemberSection(props: {
  insightId: string
  clusters: readonly ClusterAnswer[]
  metrics: ClusterMetrics | undefined
  facetNames: readonly string[]
  search: InsightSearch
  onChange: ChangeSearch
  onListed: (listed: Listed) => void
}) {
  const { insightId, clusters, facetNames, search, onChange, onListed } = props
  const service = useQuery(serviceQuery()).data
  const request = toMemberRequest(search)
  const { sort, order } = request
  const members = useMemberRows(insightId, request, search.trace)
  const { rowAt, openIndex, total } = members
  const isOpen = search.trace !== undefined
  useEffect(() => {
    // Only an open trace has a place in the list; the whole page is drawn again to say it.
    if (!isOpen) return
    onListed({
      total,
      index: openIndex,
      before: openIndex === undefined || openIndex === 0 ? undefined : rowAt(openIndex - 1)?.trace_id,
      after: openIndex === undefined ? undefined : rowAt(openIndex + 1)?.trace_id,
    })
  }, [isOpen, total, openIndex, rowAt, onListed])
  const columns = useMemo(() => {
    const choices = memberChoices(service?.tracking === 'mlflow', facetNames)
    return memberColumns(readColumns(search.columns, choices, usualColumns), { clusters, sort, order })
  }, [search.columns, service?.tracking, facetNames, clusters, sort, order])
  return (
    <section aria-label="Traces">
      <MemberFilters
        insightId={insightId}
        search={search}
        metrics={props.metrics}
        facetNames={facetNames}
        total={members.isLoading ? undefined : total}
        onChange={onChange}
      />
      {members.error !== null && members.isLoading ? (
        <ProblemState title="Fetching traces failed" error={members.error} onRetry={() => void members.refetch()} />
      ) : members.isLoading ? (
        <Skeleton lines={8} label="Loading traces" />
      ) : total === 0 ? (
        <EmptyState icon="search" title="No traces here">
          {isFiltered(search) ? 'None of these traces matches the search and the filters.' : 'This place is empty.'}
        </EmptyState>
      ) : (
        <DataTable
          label="Traces of the chosen cluster"
          columns={columns}
          count={total}
          rowAt={rowAt}
          keyOf={(row) => row.trace_id}
          rowHeight={60}
          sort={sort}
          order={order}
          onSort={(column, next) => onChange({ sort: column, order: next })}
          openKey={search.trace}
          onOpen={(trace) => onChange({ trace, span: undefined })}
          onRange={members.onRange}
          stale={members.isStale}
        />
      )}
    </section>
  )
}
