import { DropdownMenu } from 'radix-ui'
import type { InsightAnswer } from '#/server/api/schemas/insights.ts'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api } from '../api.ts'
import { toAgo, toDateTime } from '../figures.ts'
import { BrandMark } from '../parts/brand-mark.tsx'
import { FromTrace } from '../parts/from-trace.tsx'
import { Icon } from '../parts/icon.tsx'
import { StatusMark } from '../parts/status.tsx'
import { serviceQuery } from '../queries.ts'
import { LifecycleButtons } from '../lifecycle/lifecycle-buttons.tsx'

/** What was asked, under which name, and where it lives in MLflow. */
export function InsightHeader({ insight }: { insight: InsightAnswer }) {
  const service = useQuery(serviceQuery()).data
  return (
    <header className="insight-head">
      <div className="insight-title">
        <h1>
          <FromTrace text={insight.name} />
        </h1>
        <StatusMark status={insight.status} labelled />
        <span className="quiet small" title={toDateTime(insight.created_at)}>
          created {toAgo(insight.created_at)}
        </span>
        <div className="page-head-end">
          {service?.tracking === 'mlflow' && (
            <>
              <a className="button" href={insight.links.mlflow_run} target="_blank" rel="noreferrer">
                Run in MLflow <Icon name="out" size={12} />
              </a>
              <a className="button only-medium" href={insight.links.mlflow_traces} target="_blank" rel="noreferrer">
                Its traces <Icon name="out" size={12} />
              </a>
            </>
          )}
          {insight.status === 'FINISHED' && (
            <DropdownMenu.Root>
              <DropdownMenu.Trigger className="button">
                <Icon name="download" /> Export
              </DropdownMenu.Trigger>
              <DropdownMenu.Portal>
                <DropdownMenu.Content className="menu" align="end" sideOffset={4}>
                  <DropdownMenu.Item asChild className="menu-item">
                    <a href={api.exportUrl(insight.id, 'csv')} download>
                      <span>
                        CSV<span className="menu-hint">a row for every trace</span>
                      </span>
                    </a>
                  </DropdownMenu.Item>
                  <DropdownMenu.Item asChild className="menu-item">
                    <a href={api.exportUrl(insight.id, 'json')} download>
                      <span>
                        JSON<span className="menu-hint">the whole hierarchy</span>
                      </span>
                    </a>
                  </DropdownMenu.Item>
                </DropdownMenu.Content>
              </DropdownMenu.Portal>
            </DropdownMenu.Root>
          )}
          <LifecycleButtons insight={insight} />
        </div>
      </div>
      {insight.instruction !== insight.name && (
        <p className="question">
          <BrandMark size={16} />
          <FromTrace text={insight.instruction} />
        </p>
      )}
      {insight.parent_id !== undefined && (
        <p className="quiet">
          A new look at the same question.{' '}
          <Link to="/insights/$insightId" params={{ insightId: insight.parent_id }}>
            The result before it
          </Link>{' '}
          stays as it was.
        </p>
      )}
      {insight.description !== '' && (
        <p className="quiet">
          <FromTrace text={insight.description} />
        </p>
      )}
    </header>
  )
}
