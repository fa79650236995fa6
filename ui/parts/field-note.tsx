import type { ReactNode } from 'react'

/** The line below a field: what is wrong with it, or else what it is for. */
export function FieldNote(props: { id: string; error?: string | undefined; children?: ReactNode }) {
  if (props.error !== undefined) {
    return (
      <p id={props.id} className="field-note tone-danger" role="alert">
        {props.error}
      </p>
    )
  }
  return (
    <p id={props.id} className="field-note">
      {props.children}
    </p>
  )
}
