import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { toAgo, toCount, toDateTime } from '../figures.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { ShowMore } from '../parts/show-more.tsx'
import { EmptyState, ProblemState, Skeleton } from '../parts/states.tsx'
import { experimentsQuery } from '../queries.ts'

export function ExperimentsPage() {
  const list = useInfiniteQuery(experimentsQuery())
  const { data, error, refetch } = list
  const experiments = data?.pages.flatMap((page) => page.items) ?? []
  // Not every tracking server tells it.
  const areDated = experiments.some(({ updated_at }) => updated_at !== undefined)
  return (
    <div className="page">
      <div className="page-head">
        <h1>Experiments</h1>
      </div>
      {error !== null && data === undefined ? (
        <ProblemState title="Fetching experiments failed" error={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Skeleton lines={6} label="Loading experiments" />
      ) : experiments.length === 0 ? (
        <EmptyState icon="flask" title="No experiments yet">
          An experiment appears here as soon as an application logs its first trace to MLflow.
        </EmptyState>
      ) : (
        <>
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col" className="number" style={{ width: 110 }}>
                  Insights
                </th>
                {areDated && (
                  <th scope="col" className="only-wide" style={{ width: 160 }}>
                    Last updated
                  </th>
                )}
                <th scope="col" style={{ width: 90 }}>
                  <span className="visually-hidden">Traces</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {experiments.map((experiment) => (
                <tr key={experiment.id}>
                  <td>
                    <Link
                      to="/experiments/$experimentId/insights"
                      params={{ experimentId: experiment.id }}
                      className="strong"
                    >
                      <FromTrace text={experiment.name} />
                    </Link>
                  </td>
                  <td className="number">{toCount(experiment.insights)}</td>
                  {areDated && (
                    <td
                      className="only-wide quiet"
                      title={experiment.updated_at === undefined ? undefined : toDateTime(experiment.updated_at)}
                    >
                      {experiment.updated_at === undefined ? '–' : toAgo(experiment.updated_at)}
                    </td>
                  )}
                  <td className="number">
                    <Link to="/experiments/$experimentId/traces" params={{ experimentId: experiment.id }}>
                      Traces
                      <span className="visually-hidden"> of {experiment.name}</span>
                    </Link>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <ShowMore list={list} />
        </>
      )}
    </div>
  )
}
