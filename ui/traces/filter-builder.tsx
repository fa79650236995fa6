import { useState } from 'react'
import { FieldNote } from '../parts/field-note.tsx'
import { Icon } from '../parts/icon.tsx'
import { fields, splitConditions, writeCondition } from './conditions.ts'

/**
 * A filter put together from conditions, each with a click to take it away; what it amounts to stands below as MLflow's
 * own filter string, which can be edited by hand as well.
 */
export function FilterBuilder(props: { filter: string | undefined; onChange: (filter: string | undefined) => void }) {
  const { filter, onChange } = props
  const [typed, setTyped] = useState({ field: fields[0]?.id ?? '', key: '', operator: '', value: '' })
  const [problem, setProblem] = useState<string | undefined>(undefined)
  const field = fields.find(({ id }) => id === typed.field) ?? fields[0]
  const conditions = splitConditions(filter ?? '')
  if (field === undefined) return null

  const add = () => {
    const written = writeCondition(field, typed)
    if ('problem' in written) return setProblem(written.problem)
    setProblem(undefined)
    setTyped((before) => ({ ...before, value: '' }))
    onChange([...conditions, written.condition].join(' AND '))
  }
  return (
    <div id="filter-builder" className="filter-builder">
      {conditions.length > 0 && (
        <ul className="chips" aria-label="Conditions, all of which must hold">
          {conditions.map((condition, index) => (
            <li key={`${index}:${condition}`} className="tag condition">
              <code>{condition}</code>
              <button
                type="button"
                className="chip-remove"
                aria-label={`Remove the condition ${condition}`}
                onClick={() => onChange(conditions.filter((_, other) => other !== index).join(' AND ') || undefined)}
              >
                <Icon name="cross" size={12} />
              </button>
            </li>
          ))}
        </ul>
      )}
      <form
        className="condition-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          add()
        }}
      >
        <select
          className="select"
          aria-label="Field"
          value={field.id}
          onChange={(event) => setTyped({ ...typed, field: event.target.value, operator: '' })}
        >
          {fields.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </select>
        {field.keyLabel !== undefined && (
          <input
            className="input"
            aria-label={field.keyLabel}
            placeholder={field.keyLabel}
            value={typed.key}
            onChange={(event) => setTyped({ ...typed, key: event.target.value })}
          />
        )}
        <select
          className="select"
          aria-label="Comparison"
          value={typed.operator === '' ? field.operators[0]?.id : typed.operator}
          onChange={(event) => setTyped({ ...typed, operator: event.target.value })}
        >
          {field.operators.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </select>
        <input
          className="input"
          aria-label={field.valueLabel}
          placeholder={field.valueLabel}
          value={typed.value}
          aria-invalid={problem !== undefined}
          aria-describedby="condition-note"
          onChange={(event) => setTyped({ ...typed, value: event.target.value })}
        />
        <button type="submit" className="button">
          <Icon name="plus" /> Add condition
        </button>
        <FieldNote id="condition-note" error={problem} />
      </form>
      <form
        className="filter-string"
        onSubmit={(event) => {
          event.preventDefault()
          const written = new FormData(event.currentTarget).get('filter')
          onChange(typeof written === 'string' && written.trim() !== '' ? written.trim() : undefined)
        }}
      >
        <label className="visually-hidden" htmlFor="filter-string">
          MLflow filter string
        </label>
        <input
          id="filter-string"
          key={filter ?? ''}
          name="filter"
          className="input mono"
          defaultValue={filter ?? ''}
          placeholder="tag.mlflow.source = 'app' AND execution_time_ms > 5000"
          spellCheck={false}
          autoComplete="off"
        />
        <button type="submit" className="button">
          Apply
        </button>
      </form>
    </div>
  )
}
