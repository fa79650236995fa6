import { useEffect, useRef, type ReactNode } from 'react'
import type { Order } from '../search-params.ts'
import { SortHeader } from './sort-header.tsx'
import { useVirtualRows } from './use-virtual-rows.ts'

export type Column<Row, Sort extends string> = {
  id: string
  /** What the header says. */
  header: ReactNode
  /** Sorts by this key; the first click in this order. */
  sort?: { key: Sort; first: Order }
  /** Where it is shown and how it is aligned: the classes of the stylesheet. */
  className?: string
  width?: number
  cell: (row: Row) => ReactNode
}

/** The rows that are ticked, and how to change them. */
export type Ticks = { ticked: ReadonlySet<string>; onChange: (ticked: ReadonlySet<string>) => void }

/**
 * A long table inside the page's own scroll, virtualized. A row opens with a click or with the button in its first
 * column; where `ticks` are given a box chooses it, and shift chooses a range. A row that is not here yet is grey.
 */
export function DataTable<Row, Sort extends string>(props: {
  label: string
  /** The first one holds the button that opens the row. */
  columns: readonly Column<Row, Sort>[]
  count: number
  rowAt: (index: number) => Row | undefined
  keyOf: (row: Row) => string
  rowHeight: number
  sort: Sort
  order: Order
  onSort: (sort: Sort, order: Order) => void
  openKey: string | undefined
  onOpen: (key: string) => void
  /** Told which rows can be seen, so that they can be fetched. */
  onRange: (first: number, last: number) => void
  ticks?: Ticks
  stale?: boolean
}) {
  const { columns, count, rowAt, keyOf, rowHeight, onRange, ticks } = props
  const { body, rows, above, below } = useVirtualRows({ count, rowHeight })
  const first = rows[0]?.index ?? 0
  const last = rows.at(-1)?.index ?? 0
  useEffect(() => onRange(first, last), [first, last, onRange])
  const tick = useTick(props)
  return (
    <table
      className={`table virtual${props.stale === true ? ' stale' : ''}`}
      aria-label={props.label}
      aria-rowcount={count + 1}
    >
      <thead>
        <tr>
          {ticks !== undefined && (
            <th scope="col" style={{ width: 40 }}>
              <TickAll {...props} ticks={ticks} />
            </th>
          )}
          {columns.map((column) =>
            column.sort === undefined ? (
              <th key={column.id} scope="col" className={column.className} style={{ width: column.width }}>
                {column.header}
              </th>
            ) : (
              <SortHeader
                key={column.id}
                column={column.sort.key}
                first={column.sort.first}
                sort={props.sort}
                order={props.order}
                onSort={props.onSort}
                className={column.className}
                width={column.width}
              >
                {column.header}
              </SortHeader>
            ),
          )}
        </tr>
      </thead>
      <tbody ref={body}>
        {above > 0 && (
          <tr aria-hidden="true">
            <td style={{ height: above }} className="spacer" />
          </tr>
        )}
        {rows.map(({ index }) => {
          const row = rowAt(index)
          if (row === undefined) return <WaitingRow key={`waiting-${index}`} height={rowHeight} />
          const key = keyOf(row)
          const ticked = ticks?.ticked.has(key) === true
          return (
            <tr
              key={key}
              aria-rowindex={index + 2}
              className={`openable${ticked ? ' ticked' : ''}${key === props.openKey ? ' open' : ''}`}
              style={{ height: rowHeight }}
              onClick={(event) => {
                if (event.shiftKey && ticks !== undefined) tick(index, true)
                else props.onOpen(key)
              }}
            >
              {ticks !== undefined && (
                <td onClick={(event) => event.stopPropagation()}>
                  <label className="tick">
                    <span className="visually-hidden">Select trace {key}</span>
                    <input
                      type="checkbox"
                      checked={ticked}
                      onClick={(event) => tick(index, event.shiftKey)}
                      onChange={() => undefined}
                    />
                  </label>
                </td>
              )}
              {columns.map((column, place) => (
                <td key={column.id} className={column.className}>
                  {place === 0 ? (
                    <button
                      type="button"
                      className="row-link"
                      onClick={(event) => {
                        event.stopPropagation()
                        props.onOpen(key)
                      }}
                    >
                      {column.cell(row)}
                    </button>
                  ) : (
                    column.cell(row)
                  )}
                </td>
              ))}
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

function WaitingRow({ height }: { height: number }) {
  return (
    <tr className="waiting" aria-hidden="true">
      <td style={{ height }}>
        <span />
      </td>
    </tr>
  )
}

type Tickable<Row> = {
  count: number
  rowAt: (index: number) => Row | undefined
  keyOf: (row: Row) => string
  ticks?: Ticks
}

/** Ticks one row, or with shift everything from the last ticked one to it. */
function useTick<Row>({ rowAt, keyOf, ticks }: Tickable<Row>) {
  const lastTicked = useRef<number | undefined>(undefined)
  return (index: number, range: boolean) => {
    const row = rowAt(index)
    if (row === undefined || ticks === undefined) return
    const adding = !ticks.ticked.has(keyOf(row))
    const from = range && lastTicked.current !== undefined ? lastTicked.current : index
    const next = new Set(ticks.ticked)
    for (let at = Math.min(from, index); at <= Math.max(from, index); at++) {
      const between = rowAt(at)
      if (between === undefined) continue
      if (adding) next.add(keyOf(between))
      else next.delete(keyOf(between))
    }
    lastTicked.current = index
    ticks.onChange(next)
  }
}

/** The box above the boxes: ticks every row that is loaded, or none. */
function TickAll<Row>({ count, rowAt, keyOf, ticks }: Tickable<Row> & { ticks: Ticks }) {
  const loaded: string[] = []
  for (let index = 0; index < count; index++) {
    const row = rowAt(index)
    if (row !== undefined) loaded.push(keyOf(row))
  }
  const here = loaded.filter((key) => ticks.ticked.has(key)).length
  return (
    <label className="tick">
      <span className="visually-hidden">Select all loaded traces</span>
      <input
        type="checkbox"
        checked={here > 0 && here === loaded.length}
        ref={(box) => {
          if (box !== null) box.indeterminate = here > 0 && here < loaded.length
        }}
        onChange={(event) => ticks.onChange(event.target.checked ? new Set([...ticks.ticked, ...loaded]) : new Set())}
      />
    </label>
  )
}
