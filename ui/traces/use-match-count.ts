import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { traceCountQuery } from '../queries.ts'

/** How many traces a filter matches, asked once the typing has paused. `settled` is false while the answer is older than the question. */
export function useMatchCount(experimentId: string, filter: string) {
  const [asked, setAsked] = useState(filter)
  useEffect(() => {
    if (asked === filter) return undefined
    const timer = setTimeout(() => setAsked(filter), 300)
    return () => clearTimeout(timer)
  }, [asked, filter])
  const { data, error, isPlaceholderData, isFetching } = useQuery({
    ...traceCountQuery(experimentId, asked),
    placeholderData: keepPreviousData,
  })
  return {
    total: error === null ? data?.total : undefined,
    error,
    settled: asked === filter && !isPlaceholderData && !(isFetching && data === undefined),
  }
}
