import type { Outcome } from '../answer-parts.ts'
import { outcomeWords } from '../words.ts'

export function OutcomeTag({ outcome }: { outcome: Outcome }) {
  return (
    <span className="outcome-tag">
      <span className={`outcome-dot outcome-${outcome}`} aria-hidden="true" />
      {outcomeWords[outcome]}
    </span>
  )
}
