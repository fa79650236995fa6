// The rows of a table of up to 100,000 and more, fetched where the reader looks and nowhere else.
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import type { InsightTraceRow } from '#/server/api/schemas/clusters.ts'
import type { InsightTracesRequest } from '../api.ts'
import { insightTracesPageQuery, rowsPerPage } from '../queries.ts'

/** Pages around the rows on the screen and around the open trace; the first page says how many rows there are. */
export function useMemberRows(insightId: string, request: InsightTracesRequest, openTraceId: string | undefined) {
  const [range, setRange] = useState({ first: 0, last: 0 })
  const [openAt, setOpenAt] = useState<number | undefined>(undefined)
  const first = useQuery({ ...insightTracesPageQuery(insightId, request, 0), placeholderData: keepPreviousData })
  const total = first.data?.total ?? 0

  const wanted = new Set<number>()
  const want = (from: number, to: number) => {
    const lastPage = Math.max(0, Math.ceil(total / rowsPerPage) - 1)
    for (let page = pageOf(from); page <= Math.min(lastPage, pageOf(to)); page++) if (page > 0) wanted.add(page)
  }
  want(range.first, range.last)
  if (openAt !== undefined && openTraceId !== undefined) want(Math.max(0, openAt - 2), openAt + 2)
  const pages = [...wanted]
  const others = useQueries({
    queries: pages.map((page) => ({
      ...insightTracesPageQuery(insightId, request, page),
      enabled: !first.isPlaceholderData,
    })),
  })
  const loaded = new Map<number, readonly InsightTraceRow[]>()
  if (first.data !== undefined) loaded.set(0, first.data.items)
  for (const [index, page] of pages.entries()) {
    const items = others[index]?.data?.items
    if (items !== undefined) loaded.set(page, items)
  }
  // Says when `loaded` differs, so that the table is not drawn again for nothing.
  const version = [...loaded].map(([page, items]) => `${page}:${items[0]?.trace_id ?? ''}`).join()
  const rowAt = useCallback((index: number) => loaded.get(pageOf(index))?.[index % rowsPerPage], [version])

  const index = useMemo(() => {
    if (openTraceId === undefined) return undefined
    for (const [page, items] of loaded) {
      const at = items.findIndex(({ trace_id }) => trace_id === openTraceId)
      if (at >= 0) return page * rowsPerPage + at
    }
    return undefined
  }, [openTraceId, version])
  if (index !== undefined && openAt !== index) setOpenAt(index)
  return {
    total,
    rowAt,
    openIndex: index,
    isStale: first.isPlaceholderData,
    isLoading: first.data === undefined,
    error: first.error,
    refetch: first.refetch,
    onRange: useCallback((from: number, to: number) => setRange({ first: from, last: to }), []),
  }
}

const pageOf = (index: number) => Math.floor(index / rowsPerPage)
