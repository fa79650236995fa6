// What the table of an experiment's traces can show of each, in MLflow's words and groups.
import type { TraceAnswer } from '#/server/api/schemas/traces.ts'
import type { Assessment } from '../answer-parts.ts'
import { toCompact, toDateTime, toMilliseconds, toUsd } from '../figures.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { TraceStateTag } from '../parts/trace-state.tsx'
import type { TraceSort } from '../search-params.ts'
import type { Choice } from '../table/column-chooser.tsx'
import type { Column } from '../table/data-table.tsx'

type TraceColumn = Column<TraceAnswer, TraceSort>

export const usualColumns = ['response', 'session', 'tokens', 'execution-time', 'request-time', 'state'] as const

const info = {
  response: 'Response',
  session: 'Session',
  tokens: 'Tokens',
  'execution-time': 'Execution time',
  'request-time': 'Request time',
  state: 'State',
  id: 'Trace ID',
  name: 'Trace name',
  user: 'User',
  cost: 'Cost',
} as const
type InfoId = keyof typeof info

/** The fixed columns, and one for every assessment and tag that the loaded traces have. */
export function traceChoices(traces: readonly TraceAnswer[]): Choice[] {
  const assessments = new Set(traces.flatMap((trace) => trace.assessments.map(({ name }) => name)))
  const tags = new Set(traces.flatMap((trace) => Object.keys(trace.tags)))
  return [
    ...Object.entries(info).map(([id, label]) => ({ id, label, group: 'Info' })),
    ...[...assessments].sort().map((name) => ({ id: `assessment:${name}`, label: name, group: 'Assessments' })),
    ...[...tags]
      .filter((key) => !key.startsWith('mlflow.'))
      .sort()
      .map((key) => ({ id: `tag:${key}`, label: key, group: 'Tags' })),
  ]
}

const infoCells: Record<InfoId, Omit<TraceColumn, 'id' | 'header'>> = {
  response: {
    className: 'only-wide',
    cell: (trace) => <FromTrace text={trace.response_preview} className="clamp-2 quiet" />,
  },
  session: {
    className: 'only-widest',
    width: 110,
    cell: (trace) => trace.session !== undefined && <FromTrace text={trace.session} className="one-line mono quiet" />,
  },
  tokens: {
    className: 'only-medium number',
    width: 84,
    cell: (trace) => (trace.tokens === undefined ? '–' : toCompact(trace.tokens)),
  },
  'execution-time': {
    sort: { key: 'execution_time', first: 'desc' },
    className: 'number time-column',
    cell: (trace) => (trace.execution_ms === undefined ? '–' : toMilliseconds(trace.execution_ms)),
  },
  'request-time': {
    sort: { key: 'request_time', first: 'desc' },
    className: 'only-medium when-column quiet',
    cell: (trace) => toDateTime(trace.request_time),
  },
  state: { className: 'state-column', cell: (trace) => <TraceStateTag state={trace.state} /> },
  id: { className: 'only-medium', width: 150, cell: (trace) => <span className="one-line mono">{trace.id}</span> },
  name: {
    className: 'only-medium',
    width: 140,
    cell: (trace) => <FromTrace text={trace.name ?? '–'} className="one-line" />,
  },
  user: {
    className: 'only-medium',
    width: 120,
    cell: (trace) => <FromTrace text={trace.user ?? '–'} className="one-line quiet" />,
  },
  cost: {
    className: 'only-medium number',
    width: 84,
    cell: (trace) => (trace.cost_usd === undefined ? '–' : toUsd(trace.cost_usd)),
  },
}

export function traceColumns(shown: readonly string[]): TraceColumn[] {
  const request: TraceColumn = {
    id: 'request',
    header: 'Request',
    cell: (trace) =>
      trace.request_preview === '' ? (
        <span className="quiet">No request text</span>
      ) : (
        <FromTrace text={trace.request_preview} className="clamp-2" />
      ),
  }
  return [request, ...shown.flatMap((id) => toColumn(id) ?? [])]
}

function toColumn(id: string): TraceColumn | undefined {
  if (isInfo(id)) {
    const header = id === 'execution-time' ? <ShortTime /> : info[id]
    return { id, header, ...infoCells[id] }
  }
  if (id.startsWith('assessment:')) {
    const name = id.slice('assessment:'.length)
    return {
      id,
      header: <FromTrace text={name} className="one-line" />,
      className: 'only-medium',
      cell: (trace) => {
        const found = trace.assessments.findLast((assessment) => assessment.name === name)
        return found === undefined ? '–' : <FromTrace text={toValue(found.value)} className="clamp-2" />
      },
    }
  }
  if (id.startsWith('tag:')) {
    const key = id.slice('tag:'.length)
    return {
      id,
      header: <FromTrace text={key} className="one-line" />,
      className: 'only-medium',
      cell: (trace) => <FromTrace text={trace.tags[key] ?? '–'} className="clamp-2 quiet" />,
    }
  }
  return undefined
}

const isInfo = (id: string): id is InfoId => id in info

function ShortTime() {
  return (
    <span>
      Time<span className="only-medium-inline"> taken</span>
    </span>
  )
}

function toValue(value: Assessment['value']): string {
  if (value === null || value === undefined) return '–'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
