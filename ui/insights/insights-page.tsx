import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useCallback, useMemo, useState } from 'react'
import { CreateDialog } from '../create/create-dialog.tsx'
import { exampleQuestions } from '../create/draft.ts'
import { toPlural } from '../figures.ts'
import { Icon } from '../parts/icon.tsx'
import { SearchField } from '../parts/search-field.tsx'
import { ShowMore } from '../parts/show-more.tsx'
import { EmptyState, ProblemBar, ProblemState, Skeleton } from '../parts/states.tsx'
import { insightsQuery } from '../queries.ts'
import type { InsightsSearch } from '../search-params.ts'
import { useSelection } from '../traces/selection.ts'
import { statuses, statusWords } from '../words.ts'
import { AskBanner } from './ask-banner.tsx'
import { DeletedBar } from './deleted-bar.tsx'
import { FirstSteps } from './first-steps.tsx'
import { InsightsTable } from './insights-table.tsx'

const route = getRouteApi('/experiments/$experimentId/insights')

export function InsightsPage() {
  const { experimentId } = route.useParams()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const change = useCallback(
    (part: Partial<InsightsSearch>) =>
      void navigate({ search: (before) => ({ ...before, ...part }), replace: true, resetScroll: false }),
    [navigate],
  )
  const create = (ask?: string) =>
    void navigate({ search: (before) => ({ ...before, create: '1', ask }), resetScroll: false })

  const sort = search.sort ?? 'created_at'
  const order = search.order ?? 'desc'
  const insights = useInfiniteQuery(
    insightsQuery({
      experiment_id: experimentId,
      sort,
      order,
      ...(search.search === undefined ? {} : { search: search.search }),
      ...(search.status === undefined ? {} : { status: search.status }),
      ...(search.deleted === undefined ? {} : { deleted: 'true' }),
    }),
  )
  const rows = useMemo(() => insights.data?.pages.flatMap((page) => page.items) ?? [], [insights.data])
  const total = insights.data?.pages[0]?.total
  const filtered = search.search !== undefined || search.status !== undefined || search.deleted !== undefined
  const [selection] = useSelection(experimentId)
  const [problem, setProblem] = useState<Error | null>(null)

  return (
    <div className="page">
      <div className="page-head">
        <h1>Insights</h1>
        <span className="quiet numbers" aria-live="polite">
          {total !== undefined && toPlural(total, 'Insight')}
        </span>
        <div className="page-head-end">
          <button type="button" className="button primary" onClick={() => create()}>
            <Icon name="plus" /> Create Insight
          </button>
        </div>
      </div>
      <AskBanner onAsk={create} />
      {(rows.length > 0 || filtered) && (
        <search className="filters">
          <SearchField
            label="Search Insights"
            placeholder="Search by name or question"
            value={search.search ?? ''}
            onChange={(text) => change({ search: text === '' ? undefined : text })}
            hotkey
          />
          <select
            className="select"
            aria-label="Status"
            value={search.deleted === undefined ? (search.status ?? '') : 'deleted'}
            onChange={(event) =>
              change({
                status: statuses.find((status) => status === event.target.value),
                deleted: event.target.value === 'deleted' ? '1' : undefined,
              })
            }
          >
            <option value="">Any status</option>
            {statuses.map((status) => (
              <option key={status} value={status}>
                {statusWords[status]}
              </option>
            ))}
            <option value="deleted">Deleted</option>
          </select>
        </search>
      )}
      {problem !== null && <ProblemBar error={problem} />}
      {search.gone !== undefined && (
        <DeletedBar key={search.gone} insightId={search.gone} onDone={() => change({ gone: undefined })} />
      )}
      {insights.error !== null && insights.data === undefined ? (
        <ProblemState title="Fetching Insights failed" error={insights.error} onRetry={() => void insights.refetch()} />
      ) : insights.data === undefined ? (
        <Skeleton lines={8} label="Loading Insights" />
      ) : rows.length > 0 ? (
        <>
          <InsightsTable
            rows={rows}
            sort={sort}
            order={order}
            onSort={(column, next) => change({ sort: column, order: next })}
            onDeleted={(gone) => change({ gone })}
            onProblem={setProblem}
          />
          {total === 1 && !filtered && rows[0] !== undefined && (
            <FirstSteps experimentId={experimentId} first={rows[0]} />
          )}
          <ShowMore list={insights} total={total} />
        </>
      ) : filtered ? (
        <EmptyState
          icon="search"
          title="No Insight matches"
          action={
            <button
              type="button"
              className="button"
              onClick={() => change({ search: undefined, status: undefined, deleted: undefined })}
            >
              View all
            </button>
          }
        >
          {search.deleted === undefined
            ? 'Try a shorter text, or any status.'
            : 'Nothing was deleted here. A deleted Insight can be brought back from this list.'}
        </EmptyState>
      ) : (
        <EmptyState
          icon="spark"
          title="No Insights yet"
          action={
            <div className="examples" role="group" aria-label="Example questions">
              {exampleQuestions.map((question) => (
                <button key={question} type="button" className="chip" onClick={() => create(question)}>
                  {question}
                </button>
              ))}
            </div>
          }
        >
          Ask a question above, or start with one of these. Every trace is summarized under it, and the summaries are
          grouped into named clusters you can open, count and follow back to the conversations.
        </EmptyState>
      )}
      {search.create !== undefined && (
        <CreateDialog
          experimentId={experimentId}
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
