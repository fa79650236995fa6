import type { ReactNode } from 'react'
import { FieldNote } from '../parts/field-note.tsx'

/** A whole number that may be left out; what is wrong with it stands below, in the place of its note. */
export function NumberField(props: {
  id: string
  /** The name the form looks for when it leads to a mistake. */
  field: string
  label: ReactNode
  value: string
  placeholder: string
  error: string | undefined
  onChange: (value: string) => void
  /** The note. */
  children?: ReactNode
}) {
  const { id, error } = props
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      <input
        id={id}
        data-field={props.field}
        className="input numbers"
        inputMode="numeric"
        value={props.value}
        placeholder={props.placeholder}
        aria-invalid={error !== undefined}
        aria-describedby={`${id}-note`}
        onChange={(event) => props.onChange(event.target.value)}
      />
      <FieldNote id={`${id}-note`} error={error}>
        {props.children}
      </FieldNote>
    </div>
  )
}
