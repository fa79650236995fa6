import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { CreateDialog } from '../create/create-dialog.tsx'
import { toCount, toPlural } from '../figures.ts'
import { EmptyState, ProblemState, Skeleton } from '../parts/states.tsx'
import { tracesQuery } from '../queries.ts'
import type { TracesSearch } from '../search-params.ts'
import { ColumnChooser, readColumns } from '../table/column-chooser.tsx'
import { DataTable } from '../table/data-table.tsx'
import { toListed } from '../trace/listed.ts'
import { TraceDrawer } from '../trace/trace-drawer.tsx'
import { ActionsMenu } from './actions-menu.tsx'
import { toFilter } from './filter.ts'
import { FilterBar } from './filter-bar.tsx'
import { useSelection } from './selection.ts'
import { traceChoices, traceColumns, usualColumns } from './trace-columns.tsx'
import { useMatchCount } from './use-match-count.ts'

/** Rows before the end of what is loaded at which more is fetched. */
const nearEnd = 20

const route = getRouteApi('/experiments/$experimentId/traces')

export function TracesPage() {
  const { experimentId } = route.useParams()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const change = useCallback(
    (part: Partial<TracesSearch>) =>
      void navigate({ search: (before) => ({ ...before, ...part }), replace: true, resetScroll: false }),
    [navigate],
  )

  // A period is anchored when it is chosen, so that pages fetched later belong to the same question.
  const [openedAtMs] = useState(() => Date.now())
  const { filter: typed, text, state, period } = search
  const filter = useMemo(
    () => toFilter({ filter: typed, text, state, period }, openedAtMs),
    [typed, text, state, period, openedAtMs],
  )

  const sort = search.sort ?? 'request_time'
  const order = search.order ?? 'desc'
  const traces = useInfiniteQuery(tracesQuery(experimentId, { filter, sort, order }))
  const { hasNextPage, isFetching, fetchNextPage } = traces
  const items = useMemo(() => traces.data?.pages.flatMap((page) => page.items) ?? [], [traces.data])
  const rowAt = useCallback((index: number) => items[index], [items])
  const onRange = useCallback(
    (_first: number, last: number) => {
      if (last >= items.length - nearEnd && hasNextPage && !isFetching) void fetchNextPage()
    },
    [items.length, hasNextPage, isFetching, fetchNextPage],
  )
  const openIndex = search.trace === undefined ? -1 : items.findIndex(({ id }) => id === search.trace)
  useEffect(() => {
    // Whoever reads from trace to trace needs the next page before the table does.
    if (openIndex >= 0) onRange(openIndex, openIndex + nearEnd - 5)
  }, [openIndex, onRange])
  const choices = useMemo(() => traceChoices(items), [items])
  const columns = useMemo(
    () => traceColumns(readColumns(search.columns, choices, usualColumns)),
    [search.columns, choices],
  )
  const ids = useMemo(() => items.map((trace) => trace.id), [items])
  const matching = useMatchCount(experimentId, filter)
  const [selection, select] = useSelection(experimentId)

  return (
    <div className="page">
      <div className="page-head">
        <h1>Traces</h1>
        <span className="quiet numbers" aria-live="polite">
          {matching.total !== undefined &&
            `${items.length === 0 ? '' : `${toCount(items.length)} of `}${toPlural(matching.total, 'trace')}`}
        </span>
        <div className="page-head-end">
          <ActionsMenu
            selected={selection.size}
            matching={matching.total}
            onCreate={(create) => void navigate({ search: (before) => ({ ...before, create }), resetScroll: false })}
          />
        </div>
      </div>
      <FilterBar search={search} onChange={change}>
        <ColumnChooser
          choices={choices}
          shown={readColumns(search.columns, choices, usualColumns)}
          usual={usualColumns}
          onChange={(written) => change({ columns: written })}
        />
      </FilterBar>
      {selection.size > 0 && (
        <div className="selection-bar" role="status">
          <strong className="numbers">{toPlural(selection.size, 'trace')} selected</strong>
          {ids.length > selection.size && (
            <button type="button" className="text-button" onClick={() => select(new Set([...selection, ...ids]))}>
              Select all {toCount(ids.length)} loaded
            </button>
          )}
          {matching.total !== undefined && matching.total > selection.size && (
            <button
              type="button"
              className="text-button"
              onClick={() => void navigate({ search: (before) => ({ ...before, create: 'filter' }) })}
            >
              Use all {toCount(matching.total)} matching instead
            </button>
          )}
          <button type="button" className="text-button" onClick={() => select(new Set())}>
            Clear selection
          </button>
        </div>
      )}
      {traces.error !== null && traces.data === undefined ? (
        <ProblemState title="Fetching traces failed" error={traces.error} onRetry={() => void traces.refetch()} />
      ) : traces.data === undefined ? (
        <Skeleton lines={12} label="Loading traces" />
      ) : items.length === 0 ? (
        filter === '' ? (
          <EmptyState icon="list" title="No traces yet">
            Traces appear here as soon as an application logs them to this experiment. With{' '}
            <code>npm run cli -- import FILE.jsonl --experiment NAME</code> you can bring your own.
          </EmptyState>
        ) : (
          <EmptyState
            icon="search"
            title="No traces found"
            action={
              <button
                type="button"
                className="button"
                onClick={() => change({ filter: undefined, text: undefined, state: undefined, period: undefined })}
              >
                View all
              </button>
            }
          >
            No trace of this experiment matches the filters. A shorter text or a longer period may help.
          </EmptyState>
        )
      ) : (
        <>
          <DataTable
            label="Traces of the experiment"
            columns={columns}
            count={items.length}
            rowAt={rowAt}
            keyOf={(trace) => trace.id}
            rowHeight={52}
            sort={sort}
            order={order}
            onSort={(column, next) => change({ sort: column, order: next })}
            openKey={search.trace}
            onOpen={(trace) => change({ trace })}
            onRange={onRange}
            ticks={{ ticked: selection, onChange: select }}
          />
          {traces.isFetchingNextPage && (
            <p className="quiet" role="status">
              Loading more…
            </p>
          )}
        </>
      )}
      {search.trace !== undefined && (
        <TraceDrawer
          traceId={search.trace}
          part={search.part}
          listed={toListed(ids, search.trace, matching.total ?? ids.length)}
          onPart={(part) => change({ part })}
          onOpen={(trace) => change({ trace })}
          onClose={() => change({ trace: undefined, part: undefined })}
        />
      )}
      {search.create !== undefined && (
        <CreateDialog
          experimentId={experimentId}
          ask={search.ask ?? ''}
          mode={search.create}
          filter={filter}
          selection={selection}
          onClose={() => change({ create: undefined, ask: undefined })}
        />
      )}
    </div>
  )
}
