import { toCount, toPlural } from '../figures.ts'
import type { FailureAnswer } from '../answer-parts.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { stageWords } from '../words.ts'

const nextWords = {
  retry: 'Trying again may help',
  settings: 'A setting must change',
  none: 'The trace itself is at fault',
} satisfies Record<FailureAnswer['next'], string>

/** Traces that are not in the result, grouped by why; each opens. */
export function FailureList(props: {
  failures: readonly FailureAnswer[]
  total: number
  onOpen: (traceId: string) => void
}) {
  const groups = [...Map.groupBy(props.failures, (failure) => failure.code)].sort((a, b) => b[1].length - a[1].length)
  return (
    <section className="card failures" aria-label="Not summarized">
      <h2 className="card-title">{toPlural(props.total, 'trace')} not summarized</h2>
      {groups.map(([code, failures]) => (
        <details key={code} open={groups.length === 1}>
          <summary>
            <span className="numbers strong">{toCount(failures.length)}</span> <code>{code}</code>
            <span className="quiet"> {failures[0] === undefined ? '' : nextWords[failures[0].next]}</span>
          </summary>
          <ul>
            {failures.map((failure) => (
              <li key={failure.trace_id}>
                <button type="button" className="text-button mono" onClick={() => props.onOpen(failure.trace_id)}>
                  {failure.trace_id}
                </button>
                <span className="quiet">
                  {' '}
                  {stageWords[failure.stage]}, {toPlural(failure.attempts, 'attempt')}:{' '}
                </span>
                <FromTrace text={failure.message} />
              </li>
            ))}
          </ul>
        </details>
      ))}
    </section>
  )
}
