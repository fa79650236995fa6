// Quotes that stand literally in a span.
import type { Evidence } from '../insight.ts'
import { dropControls } from '../transcript/render-turns.ts'
import { foldWhitespace, isVerbatim } from '../transcript/span-text.ts'
import type { Turn } from '../transcript/transcript.ts'

const longestQuote = 200

/** A quote for evidence, cut between words at 200 characters; `undefined` where there is nothing fit to quote. */
function toQuote(raw: string): string | undefined {
  const folded = foldWhitespace(raw)
  // Text with terminal escapes or direction marks is not repeated anywhere.
  if (folded === '' || dropControls(folded) !== folded || folded.includes('… characters left out …')) return undefined
  if (folded.length <= longestQuote) return folded
  const head = folded.slice(0, longestQuote)
  const space = head.lastIndexOf(' ')
  return (space > 80 ? head.slice(0, space) : head.replace(/[\uD800-\uDBFF]$/, '')).trim()
}

/** Up to three different quotes, each checked against the turn it is from. */
export function toEvidence(sources: readonly { raw: string; turn: Turn }[]): Omit<Evidence, 'traceId'>[] {
  const evidence: Omit<Evidence, 'traceId'>[] = []
  for (const { raw, turn } of sources) {
    const quote = toQuote(raw)
    if (quote === undefined || turn.spanId === '' || evidence.some((item) => item.quote === quote)) continue
    if (!isVerbatim(quote, turn.text)) continue
    evidence.push({ spanId: turn.spanId, quote, verified: true })
    if (evidence.length === 3) break
  }
  return evidence
}
