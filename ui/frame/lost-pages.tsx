import { Link, type ErrorComponentProps } from '@tanstack/react-router'
import { EmptyState, ProblemState } from '../parts/states.tsx'

export function NotFoundPage() {
  return (
    <EmptyState
      page
      icon="search"
      title="This page does not exist"
      action={
        <Link to="/experiments" className="button">
          All experiments
        </Link>
      }
    >
      The address may be cut short, or what it named is gone.
    </EmptyState>
  )
}

export function BrokenPage({ error, reset }: ErrorComponentProps) {
  const shown = error instanceof Error ? error : new Error(String(error))
  return <ProblemState page title="This page broke while it was drawn" error={shown} onRetry={reset} />
}
