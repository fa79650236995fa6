import type { ReactNode } from 'react'
import type { Order } from '../search-params.ts'
import { Icon } from '../parts/icon.tsx'

/** A column header that sorts: the first click uses the column's natural order, the next turns it round. */
export function SortHeader<Key extends string>(props: {
  column: Key
  /** The column that sorts; none where another order holds. */
  sort: Key | undefined
  order: Order
  first: Order
  onSort: (column: Key, order: Order) => void
  className?: string | undefined
  width?: number | undefined
  children: ReactNode
}) {
  const { column, sort, order, first, onSort } = props
  const active = sort === column
  const turned: Order = order === 'asc' ? 'desc' : 'asc'
  return (
    <th
      scope="col"
      className={props.className}
      style={{ width: props.width }}
      aria-sort={active ? (order === 'asc' ? 'ascending' : 'descending') : undefined}
    >
      <button type="button" className="sort" onClick={() => onSort(column, active ? turned : first)}>
        {props.children}
        <span className={active ? 'sort-mark' : 'sort-mark idle'}>
          <Icon name={active && order === 'asc' ? 'up' : 'down'} size={12} />
        </span>
      </button>
    </th>
  )
}
