// Which verified quote may stand in a text: a full clause, in the reader's language, about the matter.
import { stemOf } from '#/clustering/text/stem.ts'
import type { Evidence, SummaryRecord } from '../insight.ts'

const shortest = 25
const longest = 140

/** The first of the members' own words that is fit to print and speaks of at least two of the stems (of one, where there is but one). */
export function quoteFrom(
  members: readonly SummaryRecord[],
  stems: ReadonlySet<string>,
  frame: string,
): Evidence | undefined {
  for (const { traceId, summary } of members) {
    const item = summary.evidence[0]
    if (item === undefined || !item.verified || summary.language !== frame || !isFullClause(item.quote)) continue
    const words = item.quote.toLowerCase().match(/\p{L}[\p{L}'-]*/gu) ?? []
    const spoken = new Set(words.map((word) => stemOf(word.replace(/'s$/, ''))))
    const shared = [...stems].filter((stem) => spoken.has(stem)).length
    if (shared >= Math.max(1, Math.min(2, stems.size))) return { traceId, ...item }
  }
  return undefined
}

function isFullClause(quote: string): boolean {
  return (
    quote.length >= shortest &&
    quote.length <= longest &&
    /^\p{Lu}/u.test(quote) &&
    /[.!?]$/.test(quote) &&
    !/[…<>{}[\]|=\\]|\.\.|\bhttps?:/.test(quote) &&
    quote.split(' ').length >= 5
  )
}

/** A quote in a sentence of its own: its full stop is the sentence's. */
export function asSentence(quote: string, mark: (text: string) => string): string {
  return quote.endsWith('.') ? `${mark(quote.slice(0, -1))}.` : mark(quote)
}
