import { useInfiniteQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo } from 'react'
import { toPlural } from '../figures.ts'
import { SearchField } from '../parts/search-field.tsx'
import { EmptyState, ProblemState, Skeleton } from '../parts/states.tsx'
import { insightTracesQuery } from '../queries.ts'
import type { InsightSearch } from '../search-params.ts'
import { outcomes, outcomeWords } from '../words.ts'
import { MemberTable } from './member-table.tsx'
import type { ChangeSearch, Listed } from './explorer.tsx'

/** The traces of what is chosen, with search, outcome filter and order; all of it in the URL. */
export function MemberSection(props: {
  insightId: string
  search: InsightSearch
  onChange: ChangeSearch
  onListed: (listed: Listed) => void
}) {
  const { search, onChange, onListed } = props
  const sort = search.sort ?? 'typical'
  const order = search.order ?? 'asc'
  const members = useInfiniteQuery(
    insightTracesQuery(props.insightId, {
      sort,
      order,
      ...(search.cluster === undefined ? {} : { cluster: search.cluster }),
      ...(search.search === undefined ? {} : { search: search.search }),
      ...(search.outcome === undefined ? {} : { outcome: search.outcome }),
    }),
  )
  const rows = useMemo(() => members.data?.pages.flatMap((page) => page.items) ?? [], [members.data])
  const { hasNextPage, isFetching, fetchNextPage } = members
  const onNearEnd = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage()
  }, [hasNextPage, isFetching, fetchNextPage])
  const onSearch = useCallback((text: string) => onChange({ search: text === '' ? undefined : text }), [onChange])
  const total = members.data?.pages[0]?.total
  useEffect(
    () =>
      onListed({ traceIds: rows.map(({ trace_id }) => trace_id), total: total ?? rows.length, loadMore: onNearEnd }),
    [rows, total, onNearEnd, onListed],
  )
  return (
    <section aria-label="Traces">
      <search className="filters">
        <SearchField
          label="Search these traces"
          placeholder="Search these traces"
          value={search.search ?? ''}
          onChange={onSearch}
          hotkey
        />
        <select
          className="select"
          aria-label="Outcome"
          value={search.outcome ?? ''}
          onChange={(event) => onChange({ outcome: outcomes.find((outcome) => outcome === event.target.value) })}
        >
          <option value="">Any outcome</option>
          {outcomes.map((outcome) => (
            <option key={outcome} value={outcome}>
              {outcomeWords[outcome]}
            </option>
          ))}
        </select>
        <span className="quiet numbers filters-end" aria-live="polite">
          {total !== undefined && toPlural(total, 'trace')}
        </span>
      </search>
      {members.error !== null && members.data === undefined ? (
        <ProblemState title="Fetching traces failed" error={members.error} onRetry={() => void members.refetch()} />
      ) : members.data === undefined ? (
        <Skeleton lines={8} label="Loading traces" />
      ) : rows.length === 0 ? (
        <EmptyState icon="search" title="No traces here">
          {search.search === undefined && search.outcome === undefined
            ? 'This place is empty.'
            : 'None of these traces matches the search and the outcome.'}
        </EmptyState>
      ) : (
        <MemberTable
          rows={rows}
          openTraceId={search.trace}
          onOpen={(trace) => onChange({ trace, span: undefined })}
          sort={sort}
          order={order}
          onSort={(column, next) => onChange({ sort: column, order: next })}
          onNearEnd={onNearEnd}
          stale={members.isPlaceholderData}
        />
      )}
    </section>
  )
}
