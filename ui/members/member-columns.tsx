// What the table of an Insight's traces can show of each.
import type { ClusterAnswer, InsightTraceRow } from '#/server/api/schemas/clusters.ts'
import { toFacetLabel, toFacetWords } from '../facets/choices.ts'
import { toCompact, toDateTime, toMilliseconds } from '../figures.ts'
import { findCluster } from '../insight/cluster-rows.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { toHue } from '../parts/hues.ts'
import { Icon } from '../parts/icon.tsx'
import { languageName } from '../parts/language-name.ts'
import { OutcomeTag } from '../parts/outcome-tag.tsx'
import { TraceStateTag } from '../parts/trace-state.tsx'
import type { MemberSort, Order } from '../search-params.ts'
import type { Choice } from '../table/column-chooser.tsx'
import type { Column } from '../table/data-table.tsx'

type MemberColumn = Column<InsightTraceRow, MemberSort>

export const usualColumns = ['outcome', 'tokens', 'time', 'request-time'] as const

const optional = {
  outcome: 'Outcome',
  tokens: 'Tokens',
  time: 'Time',
  'request-time': 'Request time',
  cluster: 'Cluster',
  reason: 'Why it is here',
  request: 'Request',
  quote: 'Quote',
  state: 'State',
  language: 'Language',
  session: 'Session',
  user: 'User',
  feedback: 'Feedback',
  mlflow: 'Open in MLflow',
} as const
type OptionalId = keyof typeof optional

/** Of an id of the columns above none has a colon in it. */
const facetPrefix = 'facet:'

/** What the chooser offers; a link into MLflow only where there is one to link to. */
export function memberChoices(hasMlflow: boolean, facetNames: readonly string[]): Choice[] {
  const own = Object.entries(optional)
    .filter(([id]) => hasMlflow || id !== 'mlflow')
    .map(([id, label]) => ({ id, label }))
  const facets = facetNames.map((name) => ({
    id: `${facetPrefix}${name}`,
    label: toFacetLabel(name),
    group: 'Asked by the lens',
  }))
  return [...own, ...facets]
}

function facetColumn(id: string): MemberColumn {
  const name = id.slice(facetPrefix.length)
  return {
    id,
    header: toFacetLabel(name),
    className: 'only-medium',
    width: 130,
    cell: (row) => <FromTrace text={toFacetWords(row.facets?.[name])} className="clamp-2 quiet" />,
  }
}

export function memberColumns(
  shown: readonly string[],
  about: { clusters: readonly ClusterAnswer[]; sort: MemberSort; order: Order },
): MemberColumn[] {
  const { clusters, sort, order } = about
  const cells: Record<OptionalId, Omit<MemberColumn, 'id' | 'header'>> = {
    outcome: { className: 'outcome-column', cell: (row) => <OutcomeTag outcome={row.outcome} /> },
    tokens: {
      sort: { key: 'tokens', first: 'desc' },
      className: 'number only-widest tokens-column',
      cell: (row) => (row.tokens === undefined ? '–' : toCompact(row.tokens)),
    },
    time: {
      sort: { key: 'execution_time', first: 'desc' },
      className: 'number only-wide time-column',
      cell: (row) => (row.execution_ms === undefined ? '–' : toMilliseconds(row.execution_ms)),
    },
    'request-time': {
      sort: { key: 'request_time', first: 'desc' },
      className: 'only-widest when-column quiet',
      cell: (row) => (row.request_time === undefined ? '–' : toDateTime(row.request_time)),
    },
    cluster: {
      className: 'only-medium',
      cell: (row) =>
        row.cluster_id === null ? (
          <span className="quiet">Unassigned</span>
        ) : (
          <FromTrace text={findCluster(clusters, row.cluster_id)?.title ?? row.cluster_id} className="clamp-2" />
        ),
    },
    reason: { className: 'only-medium', cell: (row) => <FromTrace text={row.reason} className="clamp-2 quiet" /> },
    request: {
      className: 'only-medium',
      cell: (row) => <FromTrace text={row.request_preview} className="clamp-2 quiet" />,
    },
    quote: {
      className: 'only-medium',
      cell: (row) => <FromTrace text={row.evidence[0]?.quote ?? ''} className="clamp-2 quiet" />,
    },
    state: {
      className: 'only-medium',
      width: 96,
      cell: (row) => <TraceStateTag state={row.state} />,
    },
    language: {
      className: 'only-medium',
      width: 100,
      cell: (row) => (row.language === 'und' ? '–' : languageName(row.language)),
    },
    session: {
      className: 'only-medium',
      width: 120,
      cell: (row) => <FromTrace text={row.session ?? '–'} className="one-line mono quiet" />,
    },
    user: {
      className: 'only-medium',
      width: 110,
      cell: (row) => <FromTrace text={row.user ?? '–'} className="one-line quiet" />,
    },
    feedback: {
      className: 'only-medium number',
      width: 88,
      cell: ({ feedback }) =>
        feedback.positive + feedback.negative === 0 ? '–' : `+${feedback.positive} −${feedback.negative}`,
    },
    mlflow: {
      className: 'only-medium',
      width: 76,
      cell: (row) => (
        <a
          href={row.links.mlflow}
          target="_blank"
          rel="noreferrer"
          aria-label={`Open trace ${row.trace_id} in MLflow`}
          onClick={(event) => event.stopPropagation()}
        >
          MLflow <Icon name="out" size={12} />
        </a>
      ),
    },
  }
  const summary: MemberColumn = {
    id: 'summary',
    sort: { key: 'typical', first: 'asc' },
    header: (
      <span>
        Summary
        {sort === 'typical' && (
          <span className="only-medium-inline">, most typical {order === 'asc' ? 'first' : 'last'}</span>
        )}
      </span>
    ),
    cell: (row) => (
      <span className="member">
        <span
          className={`hue-dot${row.cluster_id === null ? ' hollow' : ''}`}
          style={{ background: toHue(row.cluster_id) }}
          aria-hidden="true"
        />
        <span>
          <FromTrace text={row.summary_title === '' ? row.trace_id : row.summary_title} className="strong clamp-1" />
          <FromTrace text={row.summary === '' ? row.reason : row.summary} className="quiet clamp-1" />
        </span>
      </span>
    ),
  }
  const others = shown.flatMap((id): MemberColumn[] => {
    if (id.startsWith(facetPrefix)) return [facetColumn(id)]
    return isOptional(id) ? [{ id, header: optional[id], ...cells[id] }] : []
  })
  return [summary, ...others]
}

const isOptional = (id: string): id is OptionalId => id in optional
