// A quote counts only when a turn really says it.
import type { Evidence } from '../insight.ts'
import { foldWhitespace, isVerbatim } from '../transcript/span-text.ts'
import type { Turn } from '../transcript/transcript.ts'

export const maxQuotes = 3
const maxQuoteChars = 300

export type Claim = { quote: string; turn: number }

/**
 * The claims that stand literally (white space folded) in a turn, with its span. The turn named (counted from one in
 * `shown`) is looked at first, then all others: models count badly, but what they copied is still somebody's words.
 * System text is never evidence. Long quotes are cut at a word, which keeps them literal.
 */
export function verifyQuotes(claims: readonly Claim[], shown: readonly Turn[]): Omit<Evidence, 'traceId'>[] {
  const evidence: Omit<Evidence, 'traceId'>[] = []
  for (const claim of claims) {
    if (evidence.length === maxQuotes) break
    const quote = cutAtWord(foldWhitespace(claim.quote))
    if (quote.length < 2 || evidence.some((item) => item.quote === quote)) continue
    const named = shown[claim.turn - 1]
    const turn = [...(named === undefined ? [] : [named]), ...shown].find(
      ({ kind, spanId, text }) => kind !== 'system' && spanId !== '' && isVerbatim(quote, text),
    )
    if (turn !== undefined) evidence.push({ spanId: turn.spanId, quote, verified: true })
  }
  return evidence
}

function cutAtWord(quote: string): string {
  if (quote.length <= maxQuoteChars) return quote
  const head = quote.slice(0, maxQuoteChars)
  const end = head.lastIndexOf(' ')
  return end > maxQuoteChars / 2 ? head.slice(0, end) : head.replace(/[\uD800-\uDBFF]$/, '')
}
