import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useLocation, useParams } from '@tanstack/react-router'
import { useEffect, type ReactNode } from 'react'
import { BrandMark } from '../parts/brand-mark.tsx'
import { Icon, type IconName } from '../parts/icon.tsx'
import { FromTrace } from '../parts/from-trace.tsx'
import { insightQuery, serviceQuery } from '../queries.ts'
import { ServiceStatus } from './service-status.tsx'
import { ThemeToggle } from './theme-toggle.tsx'
import { useExperiment } from './use-experiment.ts'

/** What surrounds every page: where I am, where I can go, and what is answering. */
export function Frame() {
  const place = usePlace()
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <header className="top">
        <Link to="/" className="brand" aria-label="Trace Insights, start page">
          <BrandMark />
          <span>Trace Insights</span>
        </Link>
        <Breadcrumb {...place} />
        <div className="top-end">
          <ServiceStatus />
          <ThemeToggle />
        </div>
      </header>
      <div className="below-top">
        <SideList experimentId={place.experimentId} />
        <main id="main" tabIndex={-1}>
          <Outlet />
        </main>
      </div>
    </>
  )
}

type Place = { experimentId: string | undefined; experimentName: string | undefined; insightName: string | undefined }

function usePlace(): Place {
  const { experimentId, insightId } = useParams({ strict: false })
  const insight = useQuery({ ...insightQuery(insightId ?? ''), enabled: insightId !== undefined }).data
  const known = experimentId ?? insight?.experiment_id
  const experiment = useExperiment(insight === undefined ? known : undefined)
  return {
    experimentId: known,
    experimentName: insight?.experiment_name ?? experiment?.name,
    insightName: insight?.name,
  }
}

function Breadcrumb({ experimentId, experimentName, insightName }: Place) {
  const { pathname } = useLocation()
  const tab = pathname.endsWith('/traces') ? 'Traces' : 'Insights'
  useEffect(() => {
    const parts = experimentId === undefined ? ['Experiments'] : [insightName ?? tab, experimentName ?? experimentId]
    document.title = `${parts.join(' · ')} · Trace Insights`
  }, [experimentId, experimentName, insightName, tab])
  return (
    <nav aria-label="Breadcrumb" className="breadcrumb">
      <ol>
        <li className="breadcrumb-first">
          <Link to="/experiments">Experiments</Link>
        </li>
        {experimentId !== undefined && (
          <>
            <li>
              <Link to="/experiments/$experimentId/insights" params={{ experimentId }}>
                <FromTrace text={experimentName ?? `Experiment ${experimentId}`} />
              </Link>
            </li>
            <li className="breadcrumb-last">
              {insightName === undefined ? (
                <span aria-current="page">{tab}</span>
              ) : (
                <Link to="/experiments/$experimentId/insights" params={{ experimentId }}>
                  Insights
                </Link>
              )}
            </li>
          </>
        )}
      </ol>
    </nav>
  )
}

function SideList({ experimentId }: { experimentId: string | undefined }) {
  const service = useQuery(serviceQuery()).data
  const { pathname } = useLocation()
  return (
    <nav className="side" aria-label="Experiment">
      <h2 className="side-heading">Observability</h2>
      {experimentId === undefined ? (
        <SideLink icon="flask" label="Experiments" active={pathname === '/experiments'}>
          {(inner) => <Link to="/experiments">{inner}</Link>}
        </SideLink>
      ) : (
        <>
          <SideLink icon="list" label="Traces" active={pathname.endsWith('/traces')}>
            {(inner, props) => (
              <Link to="/experiments/$experimentId/traces" params={{ experimentId }} {...props}>
                {inner}
              </Link>
            )}
          </SideLink>
          <SideLink icon="spark" label="Insights" active={!pathname.endsWith('/traces')}>
            {(inner, props) => (
              <Link to="/experiments/$experimentId/insights" params={{ experimentId }} {...props}>
                {inner}
              </Link>
            )}
          </SideLink>
        </>
      )}
      {service?.tracking === 'mlflow' && experimentId !== undefined && (
        <>
          <h2 className="side-heading">In MLflow</h2>
          {mlflowPlaces.map(({ path, label, icon }) => (
            <SideLink key={path} icon={icon} label={label} active={false} outside>
              {(inner) => (
                <a
                  href={`${service.tracking_uri.replace(/\/$/, '')}/#/experiments/${encodeURIComponent(experimentId)}/${path}`}
                  target="_blank"
                  rel="noreferrer"
                >
                  {inner}
                </a>
              )}
            </SideLink>
          ))}
        </>
      )}
    </nav>
  )
}

const mlflowPlaces: readonly { path: string; label: string; icon: IconName }[] = [
  { path: 'overview/usage', label: 'Overview', icon: 'home' },
  { path: 'traces?startTimeLabel=ALL', label: 'Traces', icon: 'list' },
  { path: 'chat-sessions', label: 'Sessions', icon: 'people' },
  { path: 'evaluation-runs', label: 'Evaluation runs', icon: 'bars' },
]

function SideLink(props: {
  icon: IconName
  label: string
  active: boolean
  outside?: boolean
  children: (inner: ReactNode, props: { 'aria-current'?: 'page' }) => ReactNode
}) {
  const inner = (
    <>
      <Icon name={props.icon} />
      <span className="side-label">{props.label}</span>
      {props.outside === true && (
        <span className="side-out">
          <Icon name="out" size={12} />
        </span>
      )}
    </>
  )
  return (
    <div className={props.active ? 'side-item active' : 'side-item'} title={props.label}>
      {props.children(inner, props.active ? { 'aria-current': 'page' } : {})}
    </div>
  )
}
