import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { ShowMore } from '../parts/show-more.tsx'
import { EmptyState, ProblemState, Skeleton } from '../parts/states.tsx'
import { failuresQuery, type FailureKind } from '../queries.ts'
import { toListed, type Listed } from '../trace/listed.ts'
import { FailureList } from './failure-list.tsx'

const emptyWords = {
  failed: { title: 'Nothing failed', text: 'Every trace that could be read was summarized.' },
  skipped: { title: 'Nothing was skipped', text: 'Every trace has text to read, and the lens left none out.' },
} satisfies Record<FailureKind, { title: string; text: string }>

/** The traces that have no summary, and why: those that failed, or those that were not to be told of. */
export function FailuresSection(props: {
  insightId: string
  kind: FailureKind
  openTraceId: string | undefined
  onListed: (listed: Listed) => void
  onOpen: (traceId: string) => void
}) {
  const { kind, openTraceId, onListed } = props
  const list = useInfiniteQuery(failuresQuery(props.insightId, kind))
  const { data, error, refetch } = list
  const failures = data?.pages.flatMap((page) => page.items)
  useEffect(() => {
    const traceIds = data?.pages.flatMap((page) => page.items.map(({ trace_id }) => trace_id)) ?? []
    onListed(toListed(traceIds, openTraceId ?? '', data?.pages[0]?.total ?? traceIds.length))
  }, [data, openTraceId, onListed])
  if (error !== null && failures === undefined) {
    return <ProblemState title="Fetching the list failed" error={error} onRetry={() => void refetch()} />
  }
  if (failures === undefined) return <Skeleton lines={4} label="Loading the list" />
  if (failures.length === 0) {
    return (
      <EmptyState icon="check" title={emptyWords[kind].title}>
        {emptyWords[kind].text}
      </EmptyState>
    )
  }
  return (
    <>
      <FailureList
        failures={failures}
        total={data?.pages[0]?.total ?? failures.length}
        title={kind === 'failed' ? 'failed' : 'skipped'}
        onOpen={props.onOpen}
      />
      <ShowMore list={list} />
    </>
  )
}
