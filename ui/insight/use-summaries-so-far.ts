import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api } from '../api.ts'
import { insightKey } from '../queries.ts'
import type { Live, LiveSummary } from './use-insight-events.ts'

/**
 * The summaries of a running Insight: the ones that came in while the page was open first, then some of those written
 * before, so that whoever comes late does not find an empty page.
 */
export function useSummariesSoFar(insightId: string, running: boolean, live: Live): LiveSummary[] {
  const earlier = useQuery({
    queryKey: [...insightKey(insightId), 'summaries-so-far'],
    queryFn: ({ signal }) =>
      api.insightTraces(insightId, { sort: 'request_time', order: 'desc' }, { offset: 0, size: 40 }, signal),
    enabled: running,
    staleTime: Infinity,
  }).data
  return useMemo(() => {
    const seen = new Set(live.summaries.map(({ traceId }) => traceId))
    const before = (earlier?.items ?? [])
      .filter(({ trace_id }) => !seen.has(trace_id))
      .map((row) => ({ traceId: row.trace_id, title: row.summary_title, text: row.summary }))
    return [...live.summaries, ...before].slice(0, 40)
  }, [live.summaries, earlier])
}
