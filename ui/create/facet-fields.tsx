import { FieldNote } from '../parts/field-note.tsx'
import { Icon } from '../parts/icon.tsx'
import type { FacetDraft, FacetType } from './lens-draft.ts'

const typeWords = {
  category: 'One of several',
  boolean: 'Yes or no',
  number: 'Number',
  text: 'Short text',
} satisfies Record<FacetType, string>
const types = Object.keys(typeWords) as FacetType[]

/** One more thing that is told of every trace: a column, a filter, and a figure of every cluster. */
export function FacetFields(props: {
  facet: FacetDraft
  number: number
  error: string | undefined
  onChange: (part: Partial<FacetDraft>) => void
  onRemove: () => void
}) {
  const { facet, number, error, onChange } = props
  const id = (part: string) => `facet-${facet.key}-${part}`
  return (
    <fieldset className="facet" aria-describedby={id('note')}>
      <legend className="visually-hidden">
        Facet {number} {facet.name}
      </legend>
      <div className="field-row">
        <div className="field">
          <label htmlFor={id('name')}>Name</label>
          <input
            id={id('name')}
            className="input mono"
            value={facet.name}
            placeholder="refund_asked"
            spellCheck={false}
            autoComplete="off"
            aria-invalid={error !== undefined}
            onChange={(event) => onChange({ name: event.target.value })}
          />
        </div>
        <div className="field">
          <label htmlFor={id('type')}>Type</label>
          <select
            id={id('type')}
            className="select"
            value={facet.type}
            onChange={(event) => onChange({ type: types.find((type) => type === event.target.value) ?? facet.type })}
          >
            {types.map((type) => (
              <option key={type} value={type}>
                {typeWords[type]}
              </option>
            ))}
          </select>
        </div>
      </div>
      <div className="field">
        <label htmlFor={id('description')}>{facet.type === 'boolean' ? 'What holds' : 'What is asked'}</label>
        <input
          id={id('description')}
          className="input"
          value={facet.description}
          placeholder={facet.type === 'boolean' ? 'A refund was asked for.' : 'What the customer wanted.'}
          onChange={(event) => onChange({ description: event.target.value })}
        />
      </div>
      {facet.type === 'category' && (
        <div className="field">
          <label htmlFor={id('choices')}>
            Choices <span className="quiet">(optional, between commas)</span>
          </label>
          <input
            id={id('choices')}
            className="input"
            value={facet.choices}
            placeholder="Any"
            onChange={(event) => onChange({ choices: event.target.value })}
          />
        </div>
      )}
      <FieldNote id={id('note')} error={error} />
      <button
        type="button"
        className="button icon-only borderless facet-remove"
        aria-label={`Remove facet ${number}${facet.name === '' ? '' : `, ${facet.name}`}`}
        title="Remove this facet"
        onClick={props.onRemove}
      >
        <Icon name="trash" />
      </button>
    </fieldset>
  )
}
