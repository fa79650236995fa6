import { toCount } from '../figures.ts'

/** The next page of a list that is read from the top; nothing where the list is at its end. */
export function ShowMore(props: {
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }
  total?: number | undefined
}) {
  const { list, total } = props
  if (!list.hasNextPage) return null
  return (
    <button
      type="button"
      className="button more"
      disabled={list.isFetchingNextPage}
      onClick={() => void list.fetchNextPage()}
    >
      {total === undefined ? 'Show more' : `Show more of ${toCount(total)}`}
    </button>
  )
}
