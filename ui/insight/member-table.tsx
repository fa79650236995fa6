import type { InsightTraceRow } from '#/server/api/schemas.ts'
import { toCompact, toDateTime, toMilliseconds } from '../figures.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { toHue } from '../parts/hues.ts'
import { OutcomeTag } from '../parts/outcome-tag.tsx'
import { SortHeader } from '../parts/sort-header.tsx'
import { useVirtualRows } from '../parts/use-virtual-rows.ts'
import type { MemberSort, Order } from '../search-params.ts'

const rowHeight = 60

/** The traces of a cluster as the Insight sees them: what was said of each, and how typical it is. */
export function MemberTable(props: {
  rows: readonly InsightTraceRow[]
  openTraceId: string | undefined
  onOpen: (traceId: string) => void
  sort: MemberSort
  order: Order
  onSort: (sort: MemberSort, order: Order) => void
  onNearEnd: () => void
  stale: boolean
}) {
  const { rows: members, sort, order, onSort } = props
  const { body, rows, above, below } = useVirtualRows({ count: members.length, rowHeight, onNearEnd: props.onNearEnd })
  return (
    <table className={`table virtual${props.stale ? ' stale' : ''}`} aria-rowcount={members.length + 1}>
      <thead>
        <tr>
          <SortHeader column="typical" first="asc" {...{ sort, order, onSort }}>
            <span>
              Summary
              {sort === 'typical' && (
                <span className="only-medium-inline">, most typical {order === 'asc' ? 'first' : 'last'}</span>
              )}
            </span>
          </SortHeader>
          <th scope="col" className="outcome-column">
            Outcome
          </th>
          <SortHeader
            column="tokens"
            first="desc"
            {...{ sort, order, onSort }}
            className="number only-widest tokens-column"
          >
            Tokens
          </SortHeader>
          <SortHeader
            column="execution_time"
            first="desc"
            {...{ sort, order, onSort }}
            className="number only-wide time-column"
          >
            Time
          </SortHeader>
          <SortHeader
            column="request_time"
            first="desc"
            {...{ sort, order, onSort }}
            className="only-widest when-column"
          >
            Request time
          </SortHeader>
        </tr>
      </thead>
      <tbody ref={body}>
        {above > 0 && (
          <tr aria-hidden="true">
            <td style={{ height: above }} className="spacer" />
          </tr>
        )}
        {rows.map((row) => {
          const member = members[row.index]
          if (member === undefined) return null
          return (
            <tr
              key={member.trace_id}
              aria-rowindex={row.index + 2}
              className={`openable${member.trace_id === props.openTraceId ? ' open' : ''}`}
              style={{ height: rowHeight }}
              onClick={() => props.onOpen(member.trace_id)}
            >
              <td>
                <div className="member">
                  <span
                    className={`hue-dot${member.cluster_id === null ? ' hollow' : ''}`}
                    style={{ background: toHue(member.cluster_id) }}
                    aria-hidden="true"
                  />
                  <button
                    type="button"
                    className="row-link"
                    onClick={(event) => {
                      event.stopPropagation()
                      props.onOpen(member.trace_id)
                    }}
                  >
                    <FromTrace text={member.summary_title} className="strong clamp-1" />
                    <FromTrace text={member.summary} className="quiet clamp-1" />
                  </button>
                </div>
              </td>
              <td>
                <OutcomeTag outcome={member.outcome} />
              </td>
              <td className="only-widest number">{member.tokens === undefined ? '–' : toCompact(member.tokens)}</td>
              <td className="only-wide number">
                {member.execution_ms === undefined ? '–' : toMilliseconds(member.execution_ms)}
              </td>
              <td className="only-widest quiet">{toDateTime(member.request_time)}</td>
            </tr>
          )
        })}
        {below > 0 && (
          <tr aria-hidden="true">
            <td style={{ height: below }} className="spacer" />
          </tr>
        )}
      </tbody>
    </table>
  )
}
