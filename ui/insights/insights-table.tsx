import { Link } from '@tanstack/react-router'
import type { InsightRow } from '#/server/api/schemas/insights.ts'
import { toAgo, toCount, toDateTime, toDuration, toUsd } from '../figures.ts'
import { LifecycleMenu } from '../lifecycle/lifecycle-menu.tsx'
import { possibleDeeds, useLifecycle } from '../lifecycle/use-lifecycle.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { ProgressBar } from '../parts/progress-bar.tsx'
import { SortHeader } from '../table/sort-header.tsx'
import { StatusMark } from '../parts/status.tsx'
import type { InsightSort, Order } from '../search-params.ts'
import { isUnderWay, stageSentences } from '../words.ts'

/** The Insights of an experiment; the ones under way show how far they are. */
export function InsightsTable(props: {
  rows: readonly InsightRow[]
  sort: InsightSort
  order: Order
  onSort: (sort: InsightSort, order: Order) => void
  onDeleted: (insightId: string) => void
  onProblem: (error: Error | null) => void
}) {
  const sorting = { sort: props.sort, order: props.order, onSort: props.onSort }
  return (
    <table className="table insights-table">
      <thead>
        <tr>
          <SortHeader column="status" first="asc" {...sorting} className="status-column">
            <span className="visually-hidden">Status</span>
          </SortHeader>
          <SortHeader column="name" first="asc" {...sorting} className="name-column">
            Name
          </SortHeader>
          <th scope="col" className="only-medium">
            Overview
          </th>
          <SortHeader column="traces" first="desc" {...sorting} className="number count-column">
            Traces
          </SortHeader>
          <th scope="col" className="only-wide number" style={{ width: 84 }}>
            Clusters
          </th>
          <th scope="col" className="only-wide number" style={{ width: 76 }}>
            Cost
          </th>
          <th scope="col" className="only-wide number" style={{ width: 96 }}>
            Duration
          </th>
          <SortHeader column="updated_at" first="desc" {...sorting} className="only-medium ago-column">
            Updated
          </SortHeader>
          <th scope="col" className="row-actions">
            <span className="visually-hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {props.rows.map((row) => (
          <tr key={row.id}>
            <td>
              <StatusMark status={row.status} />
            </td>
            <td>
              <Link to="/insights/$insightId" params={{ insightId: row.id }} className="strong clamp-2">
                <FromTrace text={row.name} />
              </Link>
              {row.instruction !== row.name && <FromTrace text={row.instruction} className="clamp-1 quiet small" />}
              {isUnderWay(row.status) && (
                <span className="only-narrow">
                  <OverviewLine row={row} />
                </span>
              )}
            </td>
            <td className="only-medium">
              <OverviewLine row={row} />
            </td>
            <td className="number">{toCount(row.counts.selected)}</td>
            <td className="only-wide number">{row.clusters.total === 0 ? '–' : toCount(row.clusters.total)}</td>
            <td className="only-wide number">{toUsd(row.usage.cost_usd)}</td>
            <td className="only-wide number">{toDuration(row.duration_s)}</td>
            <td className="only-medium quiet" title={toDateTime(row.updated_at)}>
              {toAgo(row.updated_at)}
            </td>
            <td className="row-actions">
              <RowActions row={row} onDeleted={props.onDeleted} onProblem={props.onProblem} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function RowActions(props: {
  row: InsightRow
  onDeleted: (insightId: string) => void
  onProblem: (error: Error | null) => void
}) {
  const { row, onProblem } = props
  const act = useLifecycle(row, (deed) => {
    onProblem(null)
    if (deed === 'delete') props.onDeleted(row.id)
  })
  return (
    <LifecycleMenu
      insight={row}
      deeds={possibleDeeds(row)}
      isPending={act.isPending}
      onDeed={(deed) => act.mutate(deed, { onError: onProblem })}
    />
  )
}

function OverviewLine({ row }: { row: InsightRow }) {
  if (row.status === 'SCHEDULED') return <span className="quiet">Waiting for its turn</span>
  if (isUnderWay(row.status)) {
    const progress = row.progress
    return (
      <span className="row-progress">
        <span className="small">
          {stageSentences[row.stage]}
          {progress !== undefined && progress.total > 0 && (
            <span className="quiet numbers">
              {' '}
              {toCount(progress.done)} of {toCount(progress.total)}
              {progress.eta_s !== undefined && `, ${toDuration(Math.max(1, progress.eta_s))} left`}
            </span>
          )}
        </span>
        <ProgressBar done={progress?.done ?? 0} total={progress?.total ?? 0} label={`Progress of ${row.name}`} />
      </span>
    )
  }
  if (row.overview !== '') return <FromTrace text={row.overview} className="clamp-2" />
  if (row.status === 'KILLED') {
    return (
      <span className="quiet">
        Cancelled after {toCount(row.counts.summarized)} of {toCount(row.counts.selected)} summaries. Open it to resume.
      </span>
    )
  }
  if (row.status === 'FAILED') return <span className="tone-danger">Stopped. Open it to see why.</span>
  return <span className="quiet">–</span>
}
