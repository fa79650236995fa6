// Fitting a trace that is too large into the space there is.
import type { Turn } from './transcript.ts'

/**
 * Keeps every short turn whole and head and tail of the long ones: the cap per turn is the largest with which all fit
 * (water filling). When even that is not enough, turns in the middle go, and one line says how many.
 * `chars` counts original characters kept, `totalChars` all of them.
 */
export function shortenTurns(
  turns: readonly Turn[],
  maxChars: number,
): { turns: Turn[]; chars: number; totalChars: number } {
  const totalChars = turns.reduce((sum, turn) => sum + turn.text.length, 0)
  if (totalChars <= maxChars) return { turns: [...turns], chars: totalChars, totalChars }
  const kept = keepEnds(turns, maxChars)
  const cap = capFor(
    kept.flatMap((turn) => (turn === null ? [] : turn.text.length)),
    maxChars,
  )
  let chars = 0
  const shown = kept.map((turn): Turn => {
    if (turn === null)
      return {
        kind: 'data',
        spanId: '',
        text: `[${(turns.length - kept.length + 1).toLocaleString('en')} turns left out]`,
      }
    if (turn.text.length <= cap) {
      chars += turn.text.length
      return turn
    }
    const head = clean(turn.text.slice(0, Math.ceil(cap * 0.6)))
    const tail = clean(turn.text.slice(turn.text.length - Math.floor(cap * 0.4)))
    chars += head.length + tail.length
    const left = turn.text.length - head.length - tail.length
    return { ...turn, text: `${head}\n[… ${left.toLocaleString('en')} characters left out …]\n${tail}` }
  })
  return { turns: shown, chars, totalChars }
}

const leastPerTurn = 200

/** The first and last turns that get a fair share of at least 200 characters (or all they have); `null` marks the gap. */
function keepEnds(turns: readonly Turn[], maxChars: number): (Turn | null)[] {
  const need = (turn: Turn | undefined) => Math.min(turn?.text.length ?? 0, leastPerTurn)
  if (turns.reduce((sum, turn) => sum + need(turn), 0) <= maxChars) return [...turns]
  let head = 0
  let tail = turns.length
  for (let spent = 0; head < tail;) {
    const cost = need(turns[head]) + need(turns[tail - 1])
    if (spent + cost > maxChars) break
    spent += cost
    head += 1
    if (head < tail) tail -= 1
  }
  if (head === 0) return turns.slice(0, 1)
  return [...turns.slice(0, head), null, ...turns.slice(tail)]
}

/** The largest cap with which lengths cut to it sum up to at most `budget`. */
function capFor(lengths: number[], budget: number): number {
  const ascending = lengths.sort((a, b) => a - b)
  let left = budget
  for (const [index, length] of ascending.entries()) {
    const share = left / (ascending.length - index)
    if (length > share) return Math.max(0, Math.floor(share))
    left -= length
  }
  return budget
}

/** No half of a surrogate pair at the cut. */
function clean(text: string): string {
  return text.replace(/[\uD800-\uDBFF]$/, '').replace(/^[\uDC00-\uDFFF]/, '')
}
