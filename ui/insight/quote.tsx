import type { Evidence } from '../answer-parts.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { Icon } from '../parts/icon.tsx'

/** A quote that opens its trace at the place it was taken from; the check says it was found there literally. */
export function Quote({ evidence, onOpen }: { evidence: Evidence; onOpen: (evidence: Evidence) => void }) {
  return (
    <button type="button" className="quote" onClick={() => onOpen(evidence)}>
      <Icon name="quote" size={14} />
      <FromTrace text={evidence.quote} className="clamp-2" />
      {evidence.verified && (
        <span className="verified" title="Found literally in the trace">
          <Icon name="check" size={12} />
          <span className="visually-hidden">(found literally in the trace)</span>
        </span>
      )}
    </button>
  )
}
