import { useMutation } from '@tanstack/react-query'
import type { ServiceAnswer } from '#/server/api/schemas/insights.ts'
import { api } from '../api.ts'
import { FieldNote } from '../parts/field-note.tsx'
import { Icon } from '../parts/icon.tsx'
import { ProblemBar } from '../parts/states.tsx'
import { toAnalystOptions, type Draft } from './draft.ts'
import { FoldedFields } from './folded-fields.tsx'
import { FacetFields } from './facet-fields.tsx'
import { emptyFacet, findFacetProblem, maxFacets, toLensDraft, type FacetDraft, type LensDraft } from './lens-draft.ts'

/** How the question will be read: suggested on demand, changed at will, and without it the question alone decides. */
export function LensFields(props: {
  draft: Draft
  change: (part: Partial<Draft>) => void
  error: string | undefined
  service: ServiceAnswer | undefined
}) {
  const { draft, change, error, service } = props
  const { lens } = draft
  const instruction = draft.instruction.trim()
  const suggest = useMutation({
    mutationFn: (asked: string) => api.suggestLens({ instruction: asked, options: toAnalystOptions(draft) }),
    onSuccess: (answer, asked) => change({ lens: toLensDraft(answer.lens, asked) }),
  })
  const isPaid = service?.analyst === 'model' && draft.analyst !== 'builtin'
  return (
    <FoldedFields
      summary={<>How the question will be read {lens !== undefined && <span className="quiet">(as set here)</span>}</>}
      wrong={error !== undefined}
    >
      <div className="lens-body">
        {lens === undefined ? (
          <p className="quiet small">
            The question alone decides. Or see how it would be read, change what you like, and have more told of every
            trace. {isPaid && 'It takes one call of the model.'}
          </p>
        ) : (
          <LensParts
            lens={lens}
            tried={error !== undefined}
            onChange={(part) => change({ lens: { ...lens, ...part } })}
          />
        )}
        {lens !== undefined && lens.instruction !== instruction && (
          <p className="small" role="status">
            The question has changed since this was suggested.
          </p>
        )}
        {suggest.error !== null && <ProblemBar error={suggest.error} />}
        {error !== undefined && <FieldNote id="lens-note" error={error} />}
        <div className="lens-buttons">
          <button
            type="button"
            data-field="lens"
            className="button small-button"
            disabled={instruction.length < 3 || suggest.isPending}
            onClick={() => suggest.mutate(instruction)}
          >
            <Icon name="spark" size={12} />
            {suggest.isPending ? 'Reading the question…' : lens === undefined ? 'Suggest a reading' : 'Suggest anew'}
          </button>
          {lens !== undefined && (
            <button type="button" className="button small-button" onClick={() => change({ lens: undefined })}>
              Let the question alone decide
            </button>
          )}
          {instruction.length < 3 && <span className="quiet small">Ask a question first.</span>}
        </div>
      </div>
    </FoldedFields>
  )
}

const parts = [
  { key: 'extract', label: 'What to take from each trace' },
  { key: 'alike', label: 'What makes two traces alike' },
  { key: 'ignore', label: 'What to leave aside' },
] as const

function LensParts(props: { lens: LensDraft; tried: boolean; onChange: (part: Partial<LensDraft>) => void }) {
  const { lens, onChange } = props
  const changeFacet = (key: string, part: Partial<FacetDraft>) =>
    onChange({ facets: lens.facets.map((facet) => (facet.key === key ? { ...facet, ...part } : facet)) })
  const conditions = lens.facets.filter(({ type }) => type === 'boolean')
  return (
    <>
      {parts.map(({ key, label }) => (
        <div key={key} className="field">
          <label htmlFor={`lens-${key}`}>{label}</label>
          <textarea
            id={`lens-${key}`}
            className="input"
            rows={2}
            value={lens[key]}
            onChange={(event) => onChange({ [key]: event.target.value })}
          />
        </div>
      ))}
      <div className="field" role="group" aria-labelledby="facets-title">
        <p id="facets-title" className="strong">
          Facets <span className="quiet">told of every trace, as columns and filters</span>
        </p>
        {lens.facets.map((facet, index) => (
          <FacetFields
            key={facet.key}
            facet={facet}
            number={index + 1}
            error={props.tried ? findFacetProblem(facet, lens.facets) : undefined}
            onChange={(part) => changeFacet(facet.key, part)}
            onRemove={() => onChange({ facets: lens.facets.filter(({ key }) => key !== facet.key) })}
          />
        ))}
        {lens.facets.length < maxFacets && (
          <button
            type="button"
            className="button small-button facet-add"
            onClick={() => onChange({ facets: [...lens.facets, emptyFacet()] })}
          >
            <Icon name="plus" size={12} /> Add a facet
          </button>
        )}
      </div>
      {conditions.length > 0 && (
        <div className="field">
          <label htmlFor="lens-only">Keep only traces of which this holds</label>
          <select
            id="lens-only"
            className="select"
            value={conditions.some(({ key }) => key === lens.only) ? lens.only : ''}
            aria-describedby="lens-only-note"
            onChange={(event) => onChange({ only: event.target.value })}
          >
            <option value="">Keep every trace</option>
            {conditions.map(({ key, name }) => (
              <option key={key} value={key}>
                {name === '' ? 'a facet without a name' : name}
              </option>
            ))}
          </select>
          <FieldNote id="lens-only-note">The others are read all the same, and counted as skipped.</FieldNote>
        </div>
      )}
    </>
  )
}
