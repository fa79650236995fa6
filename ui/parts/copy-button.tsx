import { useState } from 'react'
import { Icon } from './icon.tsx'

/** Copies a text, and says so: with the mark for the eye, in words for a screen reader. */
export function CopyButton(props: {
  text: string | (() => string)
  label: string
  className?: string
  children?: string
}) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof props.text === 'string' ? props.text : props.text())
      setCopied(true)
    } catch {
      // A page without permission (or not over HTTPS) may not write to the clipboard; the text stays selectable.
      setCopied(false)
    }
  }
  return (
    <button
      type="button"
      className={props.className ?? 'button icon-only borderless copy'}
      aria-label={props.children === undefined ? props.label : undefined}
      title={props.label}
      onClick={() => void copy()}
    >
      <Icon name={copied ? 'check' : 'copy'} size={14} />
      {props.children !== undefined && <span>{props.children}</span>}
      <span className="visually-hidden" aria-live="polite">
        {copied ? 'copied' : ''}
      </span>
    </button>
  )
}
