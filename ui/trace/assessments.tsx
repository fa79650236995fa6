import type { Assessment } from '../answer-parts.ts'
import { FromTrace } from '../parts/from-trace.tsx'

const kindWords = {
  feedback: 'Feedback',
  expectation: 'Expectations',
  issue: 'Issues',
} satisfies Record<Assessment['kind'], string>

const sourceWords: Record<string, string> = {
  HUMAN: 'Human feedback',
  LLM_JUDGE: 'LLM judge feedback',
  CODE: 'Custom code judge feedback',
}

/** What people, judges and code said of the trace, in MLflow's sections. */
export function Assessments({ assessments }: { assessments: readonly Assessment[] }) {
  if (assessments.length === 0) return <p className="quiet">Nobody has assessed this trace yet.</p>
  const groups = Map.groupBy(assessments, ({ kind }) => kind)
  return (
    <>
      {[...groups].map(([kind, items]) => (
        <section key={kind} className="assessments" aria-label={kindWords[kind]}>
          <h3>{kindWords[kind]}</h3>
          <ul>
            {items.map((item) => (
              <li key={item.id} className="assessment">
                <div className="assessment-head">
                  <FromTrace text={item.name} className="strong" />
                  <span className="quiet small">
                    {sourceWords[item.source_type] ?? item.source_type} · <FromTrace text={item.source_id} />
                  </span>
                </div>
                <ValueTag value={item.value} />
                {item.rationale !== undefined && item.rationale !== '' && (
                  <p className="quiet small">
                    <FromTrace text={item.rationale} />
                  </p>
                )}
              </li>
            ))}
          </ul>
        </section>
      ))}
    </>
  )
}

function ValueTag({ value }: { value: unknown }) {
  if (value === null || value === undefined) return <span className="quiet">No value</span>
  if (typeof value === 'boolean') {
    return <span className={`tag ${value ? 'tone-success' : 'tone-danger'}`}>{value ? 'True' : 'False'}</span>
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 60 ? (
    <p>
      <FromTrace text={text} />
    </p>
  ) : (
    <span className="tag">
      <FromTrace text={text} />
    </span>
  )
}
