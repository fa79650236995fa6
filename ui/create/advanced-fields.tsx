import type { ServiceAnswer } from '#/server/api/schemas.ts'
import { FieldNote } from '../parts/field-note.tsx'
import type { Draft, FieldErrors } from './draft.ts'

/** Depth, seed and analyst: the defaults are right for nearly everybody, so they are folded away. */
export function AdvancedFields(props: {
  draft: Draft
  change: (part: Partial<Draft>) => void
  errors: FieldErrors
  service: ServiceAnswer | undefined
}) {
  const { draft, change, errors, service } = props
  const wrong = errors.seed !== undefined || errors.levels !== undefined || errors.analyst !== undefined
  return (
    <details className="advanced" open={wrong || undefined}>
      <summary>Advanced</summary>
      <div className="field-row">
        <div className="field">
          <label htmlFor="levels">Levels of the hierarchy</label>
          <select
            id="levels"
            data-field="levels"
            className="select"
            value={draft.levels}
            onChange={(event) => change({ levels: event.target.value })}
          >
            <option value="">As the data suggests</option>
            {['1', '2', '3', '4'].map((levels) => (
              <option key={levels} value={levels}>
                {levels}
              </option>
            ))}
          </select>
          <FieldNote id="levels-note" error={errors.levels} />
        </div>
        <div className="field">
          <label htmlFor="seed">Seed</label>
          <input
            id="seed"
            data-field="seed"
            className="input numbers"
            inputMode="numeric"
            value={draft.seed}
            placeholder="Chosen for you"
            aria-invalid={errors.seed !== undefined}
            aria-describedby="seed-note"
            onChange={(event) => change({ seed: event.target.value })}
          />
          <FieldNote id="seed-note" error={errors.seed}>
            The same traces, question and seed give the same hierarchy.
          </FieldNote>
        </div>
        <div className="field">
          <label htmlFor="analyst">Analyst</label>
          <select
            id="analyst"
            data-field="analyst"
            className="select"
            value={draft.analyst}
            disabled={service?.analyst !== 'model'}
            onChange={(event) => {
              const analyst = event.target.value
              change({ analyst: analyst === 'builtin' || analyst === 'model' ? analyst : '' })
            }}
          >
            {service?.analyst === 'model' ? (
              <>
                <option value="">{service.models.thinking}</option>
                <option value="builtin">Built in: no model, free of charge</option>
              </>
            ) : (
              <option value="">Built in</option>
            )}
          </select>
          <FieldNote id="analyst-note" error={errors.analyst}>
            {service?.analyst === 'builtin' && 'Set OPENAI_API_KEY or OPENAI_BASE_URL to use a model.'}
          </FieldNote>
        </div>
      </div>
    </details>
  )
}
