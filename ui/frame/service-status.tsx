import { useQuery } from '@tanstack/react-query'
import { Popover } from 'radix-ui'
import { ApiProblem } from '../api.ts'
import { serviceQuery } from '../queries.ts'

/** Which analyst, tracking store and database answer: one glance in the header, the rest on a click. */
export function ServiceStatus() {
  const { data, error } = useQuery(serviceQuery())
  if (error !== null) {
    const words =
      error instanceof ApiProblem && error.code.startsWith('mlflow.') ? 'MLflow unreachable' : 'Service unreachable'
    return (
      <span className="service-chip" title={words}>
        <span className="dot tone-danger" aria-hidden="true" />
        <span className="service-chip-text">{words}</span>
      </span>
    )
  }
  if (data === undefined) return null
  const analyst = data.analyst === 'builtin' ? 'Built-in analyst' : data.models.thinking
  const tracking = data.tracking === 'embedded' ? 'Embedded store' : 'MLflow'
  return (
    <Popover.Root>
      <Popover.Trigger className="service-chip">
        <span className="dot tone-success" aria-hidden="true" />
        <span className="service-chip-text">
          {analyst} · {tracking}
        </span>
        <span className="visually-hidden">: about this service</span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="popover" align="end" sideOffset={6} collisionPadding={8} aria-label="This service">
          <h2 className="popover-title">This service</h2>
          <dl className="facts">
            <dt>Analyst</dt>
            <dd>
              {data.analyst === 'builtin'
                ? 'Built in: no key, no network. Set OPENAI_API_KEY or OPENAI_BASE_URL to use a model.'
                : `${data.models.thinking} thinks, ${data.models.summary} summarizes, ${data.models.embedding} embeds`}
            </dd>
            <dt>Tracking</dt>
            <dd>
              {data.tracking === 'embedded'
                ? 'Embedded store. Set MLFLOW_TRACKING_URI to use your MLflow server.'
                : 'MLflow server'}
              <br />
              <code>{data.tracking_uri}</code>
            </dd>
            <dt>Database</dt>
            <dd>{data.database === 'embedded' ? 'Embedded PostgreSQL' : 'PostgreSQL'}</dd>
            <dt>Version</dt>
            <dd>{data.version}</dd>
          </dl>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}
