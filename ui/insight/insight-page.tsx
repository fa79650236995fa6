import { useQuery } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import type { InsightAnswer } from '#/server/api/schemas/insights.ts'
import { ApiProblem } from '../api.ts'
import { CreateDialog } from '../create/create-dialog.tsx'
import { EmptyState, ProblemState, Skeleton } from '../parts/states.tsx'
import { clustersQuery, insightQuery } from '../queries.ts'
import { runTabs, type ChangeSearch, type InsightSearch, type RunTab } from '../search-params.ts'
import { noFilters } from '../members/to-request.ts'
import { useMemberPrefetch } from '../members/use-member-prefetch.ts'
import { toListed, type Listed } from '../trace/listed.ts'
import { TraceDrawer } from '../trace/trace-drawer.tsx'
import { useSelection } from '../traces/selection.ts'
import { isUnderWay } from '../words.ts'
import { CountsStrip } from './counts-strip.tsx'
import { Explorer } from './explorer.tsx'
import { FailuresSection } from './failures-section.tsx'
import { InsightHeader } from './insight-header.tsx'
import { withLiveCounts } from './live-counts.ts'
import { OverviewSection } from './overview-section.tsx'
import { RunRecord } from './run-record.tsx'
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
  const [listed, setListed] = useState<Listed>({ total: 0, index: undefined, before: undefined, after: undefined })

  const tab = search.tab ?? 'result'
  const [selection] = useSelection(insight?.experiment_id ?? '')
  const prefetch = useMemberPrefetch(insightId, search)
  const select = useCallback(
    (cluster: string | undefined) => {
      // The rows are under way while the page is drawn, and before what else the panel asks for.
      prefetch.now(cluster)
      change({ cluster, area: undefined, ...noFilters }, { push: true })
    },
    [change, prefetch],
  )

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
  const show = (cluster?: string) => {
    if (cluster !== undefined) select(cluster)
    document.querySelector('#explorer')?.scrollIntoView({ block: 'start' })
  }

  return (
    <div className="page">
      <InsightHeader insight={insight} />
      <CountsStrip insight={shown} running={running} search={search} />
      <div className="segments page-tabs" role="group" aria-label="What to see of this Insight">
        {runTabs.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={tab === one}
            onClick={() => change({ tab: one === 'result' ? undefined : one }, { push: true })}
          >
            {tabWords[one]}
          </button>
        ))}
      </div>
      {!running && insight.status !== 'FINISHED' && <StoppedBar insight={insight} />}
      {tab === 'record' ? (
        <RunRecord insight={shown} />
      ) : (
        <>
          {running && (
            <RunningSection insight={shown} live={live} summaries={summaries} onOpen={(trace) => change({ trace })} />
          )}
          {!running && !hasTree && insight.counts.failed > 0 && (
            <FailuresSection
              insightId={insightId}
              kind="failed"
              openTraceId={search.trace}
              onListed={setListed}
              onOpen={(trace) => change({ trace })}
            />
          )}
          {hasTree && (
            <Result
              insight={insight}
              search={search}
              change={change}
              select={select}
              show={show}
              onListed={setListed}
            />
          )}
        </>
      )}
      {search.trace !== undefined && (
        <TraceDrawer
          traceId={search.trace}
          spanId={search.span}
          insightId={insightId}
          part={search.part}
          listed={
            running
              ? toListed(
                  summaries.map(({ traceId }) => traceId),
                  search.trace,
                  summaries.length,
                )
              : listed
          }
          onPart={(part) => change({ part })}
          onOpen={(trace) => change({ trace, span: undefined })}
          onClose={() => change({ trace: undefined, span: undefined, part: undefined })}
        />
      )}
      {search.create !== undefined && (
        <CreateDialog
          experimentId={insight.experiment_id}
          ask={search.ask ?? ''}
          mode={search.create}
          filter=""
          selection={selection}
          onClose={() => change({ create: undefined, ask: undefined })}
        />
      )}
    </div>
  )
}

const tabWords = { result: 'Result', record: 'Run record' } satisfies Record<RunTab, string>

/** The answer in words and as a picture, and below it the clusters and their traces. */
function Result(props: {
  insight: InsightAnswer
  search: InsightSearch
  change: ChangeSearch
  select: (cluster: string | undefined) => void
  show: (cluster?: string) => void
  onListed: (listed: Listed) => void
}) {
  const { insight, search, change } = props
  const { data, error, refetch } = useQuery(clustersQuery(insight.id))
  if (data === undefined) {
    return error === null ? (
      <Skeleton lines={10} label="Loading the clusters" />
    ) : (
      <ProblemState title="Fetching the clusters failed" error={error} onRetry={() => void refetch()} />
    )
  }
  return (
    <>
      <OverviewSection
        insight={insight}
        answer={data}
        search={search}
        onChange={change}
        onSelect={props.select}
        onShow={props.show}
        onEvidence={(evidence) => change({ trace: evidence.trace_id, span: evidence.span_id })}
      />
      <Explorer
        insight={insight}
        answer={data}
        search={search}
        onChange={change}
        onSelect={props.select}
        onListed={props.onListed}
      />
    </>
  )
}
