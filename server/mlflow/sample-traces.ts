// Some of the traces that match a filter, from all over them, in a handful of small requests.
import type { Cancellable } from '#/pipeline/ports.ts'
import type { TraceInfo } from '#/pipeline/trace.ts'
import { toOffsetToken } from './count-traces.ts'
import type { TracePage, TracePageQuery } from './trace-page.ts'

/** Places that are looked at: traces of one hour are more alike than those of another day. */
const places = 16

/**
 * Up to `size` traces out of `count`, in groups that stand evenly apart among the newest `count`. Where the server's page
 * tokens are not offsets, they are the newest.
 */
export async function sampleEvenly(
  findTracePage: (query: TracePageQuery, options: Cancellable) => Promise<TracePage>,
  query: TracePageQuery & { count: number; size: number; hasOffsets: boolean },
  options: Cancellable,
): Promise<TraceInfo[]> {
  const { count, size, hasOffsets, ...search } = query
  if (count <= size || !hasOffsets) {
    const { traces } = await findTracePage({ ...search, maxResults: Math.min(500, size) }, options)
    return traces.slice(0, count)
  }
  const groupSize = Math.ceil(size / places)
  const pages = await Promise.all(
    Array.from({ length: places }, (_, place) => {
      const offset = Math.floor(((place + 0.5) * count) / places - groupSize / 2)
      return findTracePage(
        { ...search, maxResults: groupSize, ...(offset <= 0 ? {} : { pageToken: toOffsetToken(offset) }) },
        options,
      )
    }),
  )
  const seen = new Set<string>()
  return pages.flatMap(({ traces }) => traces).filter(({ traceId }) => !seen.has(traceId) && seen.add(traceId))
}
