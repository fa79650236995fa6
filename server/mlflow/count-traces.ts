// Counting matches without fetching them: MLflow has no count for a filter string, and a page of 500 infos is megabytes.
import type { Cancellable } from '#/pipeline/ports.ts'
import type { TracePage, TracePageQuery } from './trace-page.ts'

/** `hasOffsets`: page tokens are offsets, so any row can be asked for at once. */
export type Count = { count: number; isExact: boolean; hasOffsets: boolean }

/**
 * How many traces match, by asking for single rows at growing offsets and then halving: about 2 log2(n) small requests.
 * It rests on MLflow's page token being base64 of `{"offset": n}`, which MLflow calls unstable: the first token is
 * looked at, and `undefined` returned when it is anything else.
 */
export async function countByOffset(
  findTracePage: (query: TracePageQuery, options: Cancellable) => Promise<TracePage>,
  query: TracePageQuery & { atMost: number },
  options: Cancellable,
): Promise<Count | undefined> {
  const first = await findTracePage({ ...query, maxResults: 1 }, options)
  if (first.nextPageToken === undefined) return { count: first.traces.length, isExact: true, hasOffsets: true }
  if (parseOffset(first.nextPageToken) !== 1) return undefined
  const hasRow = async (offset: number): Promise<boolean> => {
    const page = await findTracePage({ ...query, maxResults: 1, pageToken: toOffsetToken(offset) }, options)
    return page.traces.length > 0
  }
  // Row `low` exists and row `high` does not: the count is between them.
  let low = 0
  let high = 1
  while (await hasRow(high)) {
    low = high
    if (low >= query.atMost) return { count: query.atMost, isExact: false, hasOffsets: true }
    high = Math.min(high * 4, Math.max(query.atMost, high + 1))
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (await hasRow(middle)) low = middle
    else high = middle
  }
  return { count: high, isExact: true, hasOffsets: true }
}

function parseOffset(token: string): number | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64').toString('utf8'))
    const offset = typeof parsed === 'object' && parsed !== null && 'offset' in parsed ? parsed.offset : undefined
    return typeof offset === 'number' ? offset : undefined
  } catch {
    return undefined
  }
}

/** The page token that begins at this row. */
export function toOffsetToken(offset: number): string {
  return Buffer.from(JSON.stringify({ offset })).toString('base64')
}
