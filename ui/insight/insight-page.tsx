import { useQuery } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import { ApiProblem } from '../api.ts'
import { EmptyState, ProblemState, Skeleton } from '../parts/states.tsx'
import { insightQuery } from '../queries.ts'
import type { InsightSearch } from '../search-params.ts'
import { TraceDrawer } from '../trace/trace-drawer.tsx'
import { isUnderWay } from '../words.ts'
import { AboutRun } from './about-run.tsx'
import { CountsStrip } from './counts-strip.tsx'
import { Explorer, type Listed } from './explorer.tsx'
import { InsightHeader } from './insight-header.tsx'
import { withLiveCounts } from './live-counts.ts'
import { OverviewSection } from './overview-section.tsx'
import { RunningSection } from './running-section.tsx'
import { StoppedBar } from './stopped-bar.tsx'
import { useInsightEvents } from './use-insight-events.ts'
import { useSummariesSoFar } from './use-summaries-so-far.ts'

const route = getRouteApi('/insights/$insightId')

export function InsightPage() {
  const { insightId } = route.useParams()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const change = useCallback(
    (part: Partial<InsightSearch>, options: { push?: boolean } = {}) =>
      void navigate({
        search: (before) => ({ ...before, ...part }),
        replace: options.push !== true,
        resetScroll: false,
      }),
    [navigate],
  )
  const { data: insight, error, refetch } = useQuery(insightQuery(insightId))
  const running = insight !== undefined && isUnderWay(insight.status)
  const live = useInsightEvents(insightId, running)
  const summaries = useSummariesSoFar(insightId, running, live)
  const [listed, setListed] = useState<Listed>({ traceIds: [], total: 0 })

  if (insight === undefined) {
    if (error instanceof ApiProblem && error.status === 404) {
      return (
        <EmptyState
          page
          icon="search"
          title="There is no such Insight"
          action={
            <Link to="/experiments" className="button">
              All experiments
            </Link>
          }
        >
          {error.message} It may have been deleted, or its run belongs to another tracking server.
        </EmptyState>
      )
    }
    if (error !== null) {
      return <ProblemState page title="Fetching the Insight failed" error={error} onRetry={() => void refetch()} />
    }
    return (
      <div className="page">
        <Skeleton lines={10} label="Loading the Insight" />
      </div>
    )
  }

  const shown = running ? withLiveCounts(insight, live) : insight
  const hasTree = !running && insight.counts.clustered + insight.counts.unassigned > 0
  const select = (cluster: string | undefined) =>
    change({ cluster, outcome: undefined, search: undefined }, { push: true })
  const selectAndShow = (cluster: string | undefined) => {
    select(cluster)
    document.querySelector('#explorer')?.scrollIntoView({ block: 'start' })
  }

  return (
    <div className="page">
      <InsightHeader insight={insight} />
      <CountsStrip insight={shown} running={running} search={search} />
      {running && (
        <RunningSection insight={shown} live={live} summaries={summaries} onOpen={(trace) => change({ trace })} />
      )}
      {!running && insight.status !== 'FINISHED' && <StoppedBar insight={insight} />}
      {hasTree && (
        <>
          <OverviewSection
            insight={insight}
            selected={search.cluster}
            onSelect={select}
            onShow={selectAndShow}
            onEvidence={(evidence) => change({ trace: evidence.trace_id, span: evidence.span_id })}
          />
          <Explorer insight={insight} search={search} onChange={change} onSelect={select} onListed={setListed} />
        </>
      )}
      <AboutRun insight={insight} />
      {search.trace !== undefined && (
        <TraceDrawer
          traceId={search.trace}
          spanId={search.span}
          insightId={insightId}
          order={running ? summaries.map(({ traceId }) => traceId) : listed.traceIds}
          {...(running ? {} : { total: listed.total, onNearEnd: listed.loadMore })}
          onOpen={(trace) => change({ trace, span: undefined })}
          onClose={() => change({ trace: undefined, span: undefined })}
        />
      )}
    </div>
  )
}
