import type { ServiceAnswer } from '#/server/api/schemas/insights.ts'
import { FieldNote } from '../parts/field-note.tsx'
import { FoldedFields } from './folded-fields.tsx'
import { NumberField } from './number-field.tsx'
import { efforts, type Draft, type FieldErrors } from './draft.ts'

/** Depth, seed, privacy and analyst: the defaults are right for nearly everybody, so they are folded away. */
export function AdvancedFields(props: {
  draft: Draft
  change: (part: Partial<Draft>) => void
  errors: FieldErrors
  service: ServiceAnswer | undefined
}) {
  const { draft, change, errors, service } = props
  const wrong =
    errors.seed !== undefined ||
    errors.levels !== undefined ||
    errors.minShownSize !== undefined ||
    errors.analyst !== undefined ||
    errors.model !== undefined
  return (
    <FoldedFields summary="Advanced" wrong={wrong}>
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
        <NumberField
          id="seed"
          field="seed"
          label="Seed"
          value={draft.seed}
          placeholder="Chosen for you"
          error={errors.seed}
          onChange={(seed) => change({ seed })}
        >
          The same traces, question and seed give the same hierarchy.
        </NumberField>
        <NumberField
          id="min-shown-size"
          field="minShownSize"
          label="Hide groups of fewer than"
          value={draft.minShownSize}
          placeholder="None are hidden"
          error={errors.minShownSize}
          onChange={(minShownSize) => change({ minShownSize })}
        >
          Traces: a group of a few may tell who they are. Only its size is shown.
        </NumberField>
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
      {service?.analyst === 'model' && draft.analyst !== 'builtin' && (
        <div className="field-row">
          <div className="field">
            <label htmlFor="model">Thinking model</label>
            <input
              id="model"
              data-field="model"
              className="input"
              value={draft.model}
              placeholder={service.models.thinking}
              aria-describedby="model-note"
              onChange={(event) => change({ model: event.target.value })}
            />
            <FieldNote id="model-note" error={errors.model}>
              Names the clusters and writes the overview.
            </FieldNote>
          </div>
          <div className="field">
            <label htmlFor="effort">Reasoning effort</label>
            <select
              id="effort"
              data-field="effort"
              className="select"
              value={draft.effort}
              onChange={(event) => change({ effort: efforts.find((effort) => effort === event.target.value) ?? '' })}
            >
              <option value="">As configured</option>
              {efforts.map((effort) => (
                <option key={effort} value={effort}>
                  {effort}
                </option>
              ))}
            </select>
            <FieldNote id="effort-note" error={errors.effort}>
              More takes longer and costs more.
            </FieldNote>
          </div>
        </div>
      )}
    </FoldedFields>
  )
}
