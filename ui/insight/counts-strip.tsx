import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { InsightAnswer } from '#/server/api/schemas/insights.ts'
import { toCompact, toCount, toDuration, toUsd } from '../figures.ts'
import { Tip } from '../parts/tip.tsx'
import type { InsightSearch } from '../search-params.ts'
import { countUnread } from './live-counts.ts'

/**
 * The numbers, as the two sums they are: selected = summarized + skipped + failed (and what is not read yet), and
 * summarized = clustered + unassigned. Each opens the traces it counts.
 */
export function CountsStrip(props: { insight: InsightAnswer; running: boolean; search: InsightSearch }) {
  const { insight, running, search } = props
  const { counts, usage, clusters } = insight
  const unread = countUnread(insight)
  const grouped = !running && counts.clustered + counts.unassigned > 0
  const to = (cluster: string | undefined) =>
    grouped ? { ...search, cluster, area: undefined, tab: undefined } : undefined
  return (
    <section className="counts" aria-label="Counts">
      <div className="sum">
        <Figure label="Selected" value={toCount(counts.selected)} search={to(undefined)} insightId={insight.id} />
        <Sign text="=" />
        <Figure label="Summarized" value={toCount(counts.summarized)} search={to(undefined)} insightId={insight.id} />
        <Sign text="+" />
        <Figure
          label="Skipped"
          value={toCount(counts.skipped)}
          search={to(counts.skipped > 0 ? 'skipped' : undefined)}
          insightId={insight.id}
          quiet={counts.skipped === 0}
          note="Traces without text to read, and those the lens leaves out; the list says which"
        />
        <Sign text="+" />
        <Figure
          label="Failed"
          value={toCount(counts.failed)}
          search={to(counts.failed > 0 ? 'failed' : undefined)}
          insightId={insight.id}
          quiet={counts.failed === 0}
          note="Traces that could not be read or summarized"
        />
        {unread > 0 && (
          <>
            <Sign text="+" />
            <Figure
              label={running ? 'To go' : 'Not read'}
              value={toCount(unread)}
              note={running ? 'Waiting for their turn' : 'It ended before their turn came'}
            />
          </>
        )}
      </div>
      {grouped && (
        <div className="sum">
          <span className="sum-lead">
            Summarized <Sign text="=" />
          </span>
          <Figure label="Clustered" value={toCount(counts.clustered)} search={to(undefined)} insightId={insight.id} />
          <Sign text="+" />
          <Figure
            label="Unassigned"
            value={toCount(counts.unassigned)}
            search={to('unassigned')}
            insightId={insight.id}
            quiet={counts.unassigned === 0}
            note="Summarized, but unlike any group"
          />
        </div>
      )}
      <div className="sum facts-end">
        {!running && clusters.total > 0 && (
          <Figure
            label="Clusters"
            value={toCount(clusters.total)}
            note={`${toCount(clusters.leaves)} leaf clusters in ${clusters.depth} levels`}
          />
        )}
        <Figure
          label="Analysis cost"
          value={toUsd(usage.cost_usd)}
          note={`${toCompact(usage.input_tokens)} tokens in (${toCompact(usage.cached_tokens)} cached), ${toCompact(usage.output_tokens)} out, ${toCount(usage.calls)} calls`}
        />
        <Figure label="Duration" value={toDuration(insight.duration_s)} />
      </div>
    </section>
  )
}

function Sign({ text }: { text: string }) {
  return (
    <span className="sign" aria-hidden="true">
      {text}
    </span>
  )
}

function Figure(props: {
  label: string
  value: ReactNode
  note?: string
  quiet?: boolean
  search?: InsightSearch | undefined
  insightId?: string
}) {
  const { label, value, note, search, insightId } = props
  const inner = (
    <>
      <span className="figure-value numbers">{value}</span>
      <span className="figure-label">{label}</span>
    </>
  )
  const className = props.quiet === true ? 'figure zero' : 'figure'
  const figure =
    search === undefined || insightId === undefined || props.quiet === true ? (
      <span className={className} {...(note === undefined ? {} : { tabIndex: 0, role: 'note' })}>
        {inner}
      </span>
    ) : (
      <Link
        to="/insights/$insightId"
        params={{ insightId }}
        search={search}
        hash="explorer"
        hashScrollIntoView={{ behavior: 'smooth' }}
        resetScroll={false}
        className={className}
      >
        {inner}
      </Link>
    )
  return note === undefined ? figure : <Tip text={note}>{figure}</Tip>
}
