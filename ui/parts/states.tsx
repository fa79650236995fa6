// What a screen says when it has nothing, cannot, or is not there yet.
import type { ReactNode } from 'react'
import { ApiProblem } from '../api.ts'
import { Icon, type IconName } from './icon.tsx'

/** `page`: it is all there is on the page, so its title is the page's. */
export function EmptyState(props: {
  icon: IconName
  title: string
  children: ReactNode
  action?: ReactNode
  page?: boolean
}) {
  const Heading = props.page === true ? 'h1' : 'h2'
  return (
    <div className="empty">
      <Icon name={props.icon} size={32} />
      <Heading>{props.title}</Heading>
      <div className="empty-text">{props.children}</div>
      {props.action}
    </div>
  )
}

/** What could help, for the refusals whose cure is known; the server's own sentence is always shown as well. */
function toAdvice(code: string): string | undefined {
  if (code.startsWith('mlflow.host_refused'))
    return 'Start MLflow with this service’s address in --allowed-hosts, or set MLFLOW_TRACKING_URI to a name it accepts.'
  if (code === 'mlflow.unauthorized' || code === 'mlflow.forbidden' || code.startsWith('auth.'))
    return 'Check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD (or the token), and your permission on the experiment.'
  if (code === 'mlflow.unreachable') return 'Check MLFLOW_TRACKING_URI and that the tracking server is running.'
  if (code === 'mlflow.invalid_request')
    return 'The filter may be the reason: MLflow joins conditions with AND only, and text needs single quotes.'
  return undefined
}

export function ProblemState(props: { error: Error; title: string; onRetry?: () => void; page?: boolean }) {
  const { error, title, onRetry } = props
  const Heading = props.page === true ? 'h1' : 'h2'
  const code = error instanceof ApiProblem ? error.code : undefined
  // The server may have named the setting already.
  const advice = code === undefined || error.message.includes('MLFLOW_') ? undefined : toAdvice(code)
  return (
    <div className="empty problem" role="alert">
      <Icon name="warn" size={32} />
      <Heading>{title}</Heading>
      <div className="empty-text">
        <p>{error.message}</p>
        {advice !== undefined && <p>{advice}</p>}
        {code !== undefined && (
          <p className="quiet">
            <code>{code}</code>
          </p>
        )}
      </div>
      {onRetry !== undefined && (
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}

export function ProblemBar({ error }: { error: Error }) {
  return (
    <div className="bar tone-danger" role="alert">
      <Icon name="warn" />
      <span>{error.message}</span>
    </div>
  )
}

/** Grey lines where text will be; announced once as loading. */
export function Skeleton({ lines, label }: { lines: number; label: string }) {
  return (
    <div className="skeleton" role="status">
      <span className="visually-hidden">{label}</span>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} aria-hidden="true" style={{ width: `${[92, 78, 85, 64][line % 4]}%` }} />
      ))}
    </div>
  )
}
