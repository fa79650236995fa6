import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useMemo, useRef } from 'react'
import { insightTracesPageQuery } from '../queries.ts'
import type { InsightSearch } from '../search-params.ts'
import { toMemberRequest } from './to-request.ts'

/** A pointer that only passes over a row asks for nothing. */
const dwellMs = 60

/** Asks for the first rows of a cluster before they are shown: at once when it is chosen, or soon when it may be. */
export function useMemberPrefetch(insightId: string, { sort, order }: Pick<InsightSearch, 'sort' | 'order'>) {
  const queryClient = useQueryClient()
  const timer = useRef<number | undefined>(undefined)
  const now = useCallback(
    (cluster: string | undefined) => {
      clearTimeout(timer.current)
      // These two are lists of failures, which have another table.
      if (cluster === 'failed' || cluster === 'skipped') return
      void queryClient.prefetchQuery(insightTracesPageQuery(insightId, toMemberRequest({ cluster, sort, order }), 0))
    },
    [queryClient, insightId, sort, order],
  )
  const soon = useCallback(
    (cluster: string | undefined) => {
      clearTimeout(timer.current)
      timer.current = window.setTimeout(now, dwellMs, cluster)
    },
    [now],
  )
  const never = useCallback(() => clearTimeout(timer.current), [])
  return useMemo(() => ({ now, soon, never }), [now, soon, never])
}
