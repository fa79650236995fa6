import { useQuery } from '@tanstack/react-query'
import { Navigate } from '@tanstack/react-router'
import { ProblemState, Skeleton } from '../parts/states.tsx'
import { serviceQuery } from '../queries.ts'

/** The start page is the Insights tab of the default experiment, or the list of experiments. */
export function HomePage() {
  const { data, error, refetch } = useQuery(serviceQuery())
  if (error !== null) {
    return <ProblemState page title="Trace Insights is not ready" error={error} onRetry={() => void refetch()} />
  }
  if (data === undefined) return <Skeleton lines={4} label="Loading" />
  return data.default_experiment_id === undefined ? (
    <Navigate to="/experiments" replace />
  ) : (
    <Navigate to="/experiments/$experimentId/insights" params={{ experimentId: data.default_experiment_id }} replace />
  )
}
