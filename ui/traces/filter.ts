// The friendly filters, said as MLflow's filter string (AND only; no escapes, so the quote follows the value).
import type { Period, TracesSearch } from '../search-params.ts'

const periodMs = { '24h': 86_400_000, '7d': 7 * 86_400_000, '30d': 30 * 86_400_000 } satisfies Record<Period, number>

export const periodWords = {
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
} satisfies Record<Period, string>

/**
 * A value in the only quoting MLflow knows. A value with both kinds of quote cannot be said: its double quotes become
 * `_`, the wildcard for one character, which is why this is for LIKE patterns only.
 */
function quotePattern(pattern: string): string {
  if (!pattern.includes("'")) return `'${pattern}'`
  return `"${pattern.replaceAll('"', '_')}"`
}

/** The filter string the page's search stands for; empty for every trace. `nowMs` anchors the period. */
export function toFilter(search: Pick<TracesSearch, 'filter' | 'text' | 'state' | 'period'>, nowMs: number): string {
  const conditions: string[] = []
  if (search.filter !== undefined && search.filter.trim() !== '') conditions.push(search.filter.trim())
  if (search.state !== undefined) conditions.push(`status = '${search.state}'`)
  if (search.period !== undefined) conditions.push(`timestamp_ms > ${nowMs - periodMs[search.period]}`)
  if (search.text !== undefined) {
    conditions.push(
      /^tr-[0-9a-f]{8,}$/i.test(search.text)
        ? `request_id = '${search.text}'`
        : `trace.text ILIKE ${quotePattern(`%${search.text}%`)}`,
    )
  }
  return conditions.join(' AND ')
}
