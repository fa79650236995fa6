import { toCount, toPlural } from '../figures.ts'
import { FieldNote } from '../parts/field-note.tsx'
import { readWhole, type Draft, type FieldErrors, type ScopeChoice } from './draft.ts'

type Match = { total: number | undefined; error: Error | null; settled: boolean }

/** Which traces are read, with a line that always says how many. */
export function ScopeFields(props: {
  draft: Draft
  change: (part: Partial<Draft>) => void
  errors: FieldErrors
  selected: number
  match: Match
}) {
  const { draft, change, errors, selected, match } = props
  const choices: { value: ScopeChoice; label: string; hidden?: boolean }[] = [
    { value: 'selected', label: toPlural(selected, 'selected trace'), hidden: selected === 0 },
    { value: 'all', label: 'All traces of the experiment' },
    { value: 'filter', label: 'Traces that match a filter' },
  ]
  const limited = draft.scope !== 'selected' && draft.maxTraces.trim() !== ''
  return (
    <fieldset className="field">
      <legend>Which traces?</legend>
      <div className="choices">
        {choices
          .filter(({ hidden }) => hidden !== true)
          .map(({ value, label }) => (
            <label key={value} className="choice">
              <input
                type="radio"
                name="scope"
                data-field={value === draft.scope ? 'scope' : undefined}
                checked={draft.scope === value}
                onChange={() => change({ scope: value })}
              />
              {label}
            </label>
          ))}
      </div>
      {draft.scope === 'filter' && (
        <div className="field">
          <label className="visually-hidden" htmlFor="scope-filter">
            MLflow filter string
          </label>
          <input
            id="scope-filter"
            data-field="filter"
            className="input mono"
            value={draft.filter}
            placeholder="status = 'ERROR' AND execution_time_ms > 5000"
            spellCheck={false}
            autoComplete="off"
            aria-invalid={errors.filter !== undefined || match.error !== null}
            aria-describedby="scope-line"
            onChange={(event) => change({ filter: event.target.value })}
          />
        </div>
      )}
      {draft.scope !== 'selected' && (
        <div className="field-row limits">
          <div className="field">
            <label htmlFor="max-traces">
              Read at most <span className="quiet">(optional)</span>
            </label>
            <input
              id="max-traces"
              data-field="maxTraces"
              className="input numbers"
              inputMode="numeric"
              value={draft.maxTraces}
              placeholder="No limit"
              aria-invalid={errors.maxTraces !== undefined}
              aria-describedby="max-note"
              onChange={(event) => change({ maxTraces: event.target.value })}
            />
          </div>
          {limited && (
            <div className="field">
              <label htmlFor="sample">If more match</label>
              <select
                id="sample"
                className="select"
                value={draft.sample}
                onChange={(event) => {
                  const sample = event.target.value
                  if (sample === 'all' || sample === 'random' || sample === 'stratified') change({ sample })
                }}
              >
                <option value="random">take a fair random sample</option>
                <option value="stratified">take equally many of each kind</option>
                <option value="all">take the newest</option>
              </select>
            </div>
          )}
          {limited && draft.sample === 'stratified' && (
            <div className="field">
              <label htmlFor="stratify">A kind is</label>
              <select
                id="stratify"
                data-field="stratifyBy"
                className="select"
                value={draft.stratifyBy}
                onChange={(event) => change({ stratifyBy: event.target.value })}
              >
                <option value="state">a state (OK, Error)</option>
                <option value="day">a day</option>
                <option value="session">a session</option>
                <option value="user">a user</option>
              </select>
            </div>
          )}
          <FieldNote id="max-note" error={errors.maxTraces ?? errors.stratifyBy} />
        </div>
      )}
      <ScopeLine {...props} />
    </fieldset>
  )
}

function ScopeLine({ draft, errors, selected, match }: Parameters<typeof ScopeFields>[0]) {
  const error =
    errors.scope ??
    errors.filter ??
    (draft.scope !== 'selected' && match.error !== null
      ? `This filter cannot be used. ${match.error.message}`
      : undefined)
  if (error !== undefined) {
    return (
      <p id="scope-line" className="scope-line tone-danger" role="alert">
        {error}
      </p>
    )
  }
  return (
    <p id="scope-line" className="scope-line" role="status">
      {draft.scope === 'selected' ? (
        <>
          <strong className="numbers">{toCount(selected)}</strong> selected,{' '}
          <strong className="numbers">{toCount(selected)}</strong> will be read
        </>
      ) : match.total === undefined || !match.settled ? (
        'Counting…'
      ) : (
        <MatchLine draft={draft} total={match.total} />
      )}
    </p>
  )
}

const methodWords = {
  random: 'a fair random sample, the same one for the same seed',
  stratified: 'equally many of each kind, as far as each reaches',
  all: 'the newest',
}

function MatchLine({ draft, total }: { draft: Draft; total: number }) {
  const limit = readWhole(draft.maxTraces)
  const read = limit === undefined ? total : Math.min(limit, total)
  return (
    <>
      <strong className="numbers">{toCount(total)}</strong> match, <strong className="numbers">{toCount(read)}</strong>{' '}
      will be read
      {read < total && `: ${methodWords[draft.sample]}`}
      {total > 0 && read < 20 && <span className="quiet"> Groups say more with at least 20 traces.</span>}
    </>
  )
}
