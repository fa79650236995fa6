import { useRef } from 'react'
import type { TraceAnswer } from '#/server/api/schemas.ts'
import { toCompact, toDateTime, toMilliseconds } from '../figures.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { SortHeader } from '../parts/sort-header.tsx'
import { TraceStateTag } from '../parts/trace-state.tsx'
import { useVirtualRows } from '../parts/use-virtual-rows.ts'
import type { Order, TraceSort } from '../search-params.ts'

const rowHeight = 52

/** Traces as MLflow shows them, virtualized; a click opens one, the box ticks it, shift ticks a range. */
export function TracesTable(props: {
  traces: readonly TraceAnswer[]
  selection: ReadonlySet<string>
  onSelect: (selection: ReadonlySet<string>) => void
  openTraceId: string | undefined
  onOpen: (traceId: string) => void
  sort: TraceSort
  order: Order
  onSort: (sort: TraceSort, order: Order) => void
  onNearEnd: () => void
  loadingMore: boolean
}) {
  const { traces, selection, onSelect, sort, order, onSort } = props
  const lastTicked = useRef<number | undefined>(undefined)
  const { body, rows, above, below } = useVirtualRows({ count: traces.length, rowHeight, onNearEnd: props.onNearEnd })
  const loadedSelected = traces.filter((trace) => selection.has(trace.id)).length

  const tick = (index: number, range: boolean) => {
    const trace = traces[index]
    if (trace === undefined) return
    const next = new Set(selection)
    const adding = !selection.has(trace.id)
    const from = range && lastTicked.current !== undefined ? lastTicked.current : index
    for (const { id } of traces.slice(Math.min(from, index), Math.max(from, index) + 1)) {
      if (adding) next.add(id)
      else next.delete(id)
    }
    lastTicked.current = index
    onSelect(next)
  }

  return (
    <>
      <table className="table virtual" aria-rowcount={traces.length + 1}>
        <thead>
          <tr>
            <th scope="col" style={{ width: 40 }}>
              <label className="tick">
                <span className="visually-hidden">Select all loaded traces</span>
                <input
                  type="checkbox"
                  checked={loadedSelected > 0 && loadedSelected === traces.length}
                  ref={(box) => {
                    if (box !== null) box.indeterminate = loadedSelected > 0 && loadedSelected < traces.length
                  }}
                  onChange={(event) =>
                    onSelect(event.target.checked ? new Set([...selection, ...traces.map(({ id }) => id)]) : new Set())
                  }
                />
              </label>
            </th>
            <th scope="col">Request</th>
            <th scope="col" className="only-wide">
              Response
            </th>
            <th scope="col" className="only-widest" style={{ width: 110 }}>
              Session
            </th>
            <th scope="col" className="only-medium number" style={{ width: 84 }}>
              Tokens
            </th>
            <SortHeader
              column="execution_time"
              first="desc"
              {...{ sort, order, onSort }}
              className="number time-column"
            >
              <span>
                Time<span className="only-medium-inline"> taken</span>
              </span>
            </SortHeader>
            <SortHeader
              column="request_time"
              first="desc"
              {...{ sort, order, onSort }}
              className="only-medium when-column"
            >
              Request time
            </SortHeader>
            <th scope="col" className="state-column">
              State
            </th>
          </tr>
        </thead>
        <tbody ref={body}>
          {above > 0 && (
            <tr aria-hidden="true">
              <td style={{ height: above }} className="spacer" />
            </tr>
          )}
          {rows.map((row) => {
            const trace = traces[row.index]
            if (trace === undefined) return null
            const ticked = selection.has(trace.id)
            return (
              <tr
                key={trace.id}
                aria-rowindex={row.index + 2}
                className={`openable${ticked ? ' ticked' : ''}${trace.id === props.openTraceId ? ' open' : ''}`}
                style={{ height: rowHeight }}
                onClick={(event) => {
                  if (event.shiftKey) tick(row.index, true)
                  else props.onOpen(trace.id)
                }}
              >
                <td onClick={(event) => event.stopPropagation()}>
                  <label className="tick">
                    <span className="visually-hidden">Select trace {trace.id}</span>
                    <input
                      type="checkbox"
                      checked={ticked}
                      onClick={(event) => tick(row.index, event.shiftKey)}
                      onChange={() => undefined}
                    />
                  </label>
                </td>
                <td>
                  <button
                    type="button"
                    className="row-link clamp-2"
                    onClick={(event) => {
                      event.stopPropagation()
                      props.onOpen(trace.id)
                    }}
                  >
                    {trace.request_preview === '' ? (
                      <span className="quiet">No request text</span>
                    ) : (
                      <FromTrace text={trace.request_preview} />
                    )}
                  </button>
                </td>
                <td className="only-wide">
                  <FromTrace text={trace.response_preview} className="clamp-2 quiet" />
                </td>
                <td className="only-widest">
                  {trace.session !== undefined && <FromTrace text={trace.session} className="one-line mono quiet" />}
                </td>
                <td className="only-medium number">{trace.tokens === undefined ? '–' : toCompact(trace.tokens)}</td>
                <td className="number">
                  {trace.execution_ms === undefined ? '–' : toMilliseconds(trace.execution_ms)}
                </td>
                <td className="only-medium quiet">{toDateTime(trace.request_time)}</td>
                <td>
                  <TraceStateTag state={trace.state} />
                </td>
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
      {props.loadingMore && (
        <p className="quiet" role="status">
          Loading more…
        </p>
      )}
    </>
  )
}
