import { toCount, toPlural } from '../figures.ts'
import type { FailureAnswer } from '../answer-parts.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { stageWords } from '../words.ts'

const nextWords = {
  retry: 'Trying again may help',
  settings: 'A setting must change',
  none: 'The trace itself is at fault',
} satisfies Record<FailureAnswer['next'], string>

/** Nothing is at fault where a trace is skipped. */
const skippedWords: Record<string, string> = {
  'trace.empty': 'No text to read',
  'trace.left_out': 'The lens keeps others',
}

/** Traces that are not in the result, grouped by why; each opens. */
export function FailureList(props: {
  failures: readonly FailureAnswer[]
  total: number
  title: string
  onOpen: (traceId: string) => void
}) {
  const groups = [...Map.groupBy(props.failures, (failure) => failure.code)].sort((a, b) => b[1].length - a[1].length)
  return (
    <section className="card failures" aria-label={`Traces ${props.title}`}>
      <h2 className="card-title">
        {toPlural(props.total, 'trace')} {props.title}
      </h2>
      {groups.map(([code, failures]) => (
        <details key={code} open={groups.length === 1}>
          <summary>
            <span className="numbers strong">{toCount(failures.length)}</span> <code>{code}</code>
            <span className="quiet">
              {' '}
              {skippedWords[code] ?? (failures[0] === undefined ? '' : nextWords[failures[0].next])}
            </span>
          </summary>
          <FailedTraces failures={failures} onOpen={props.onOpen} />
        </details>
      ))}
    </section>
  )
}

/** What is said of all of them is said once, above them. */
function FailedTraces({ failures, onOpen }: { failures: readonly FailureAnswer[]; onOpen: (traceId: string) => void }) {
  const common = new Set(failures.map(toReason)).size === 1 ? failures[0] : undefined
  return (
    <>
      {common !== undefined && <FromTrace text={toReason(common)} />}
      <ul className={common === undefined ? undefined : 'side-by-side'}>
        {failures.map((failure) => (
          <li key={failure.trace_id}>
            <button type="button" className="text-button mono" onClick={() => onOpen(failure.trace_id)}>
              {failure.trace_id}
            </button>
            {common === undefined && (
              <>
                {' '}
                <FromTrace text={toReason(failure)} />
              </>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}

const toReason = ({ stage, attempts, message }: FailureAnswer): string =>
  `${message} (${stageWords[stage]}, ${toPlural(attempts, 'attempt')})`
