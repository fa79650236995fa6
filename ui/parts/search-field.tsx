import { useEffect, useRef, useState } from 'react'
import { Icon } from './icon.tsx'

/**
 * A search box whose value lives in the URL: typing is sent on after a pause, `/` focuses it from anywhere on the page,
 * Escape empties it.
 */
export function SearchField(props: {
  label: string
  placeholder: string
  value: string
  onChange: (value: string) => void
  hotkey?: boolean
}) {
  const { value, onChange, hotkey = false } = props
  const input = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState(value)
  const [sent, setSent] = useState(value)
  if (value !== sent) {
    setSent(value)
    setTyped(value)
  }
  useEffect(() => {
    if (typed === value) return undefined
    const timer = setTimeout(() => {
      setSent(typed)
      onChange(typed)
    }, 250)
    return () => clearTimeout(timer)
  }, [typed, value, onChange])
  useEffect(() => {
    if (!hotkey) return undefined
    const listen = (event: KeyboardEvent) => {
      if (event.key !== '/' || isTyping(event.target)) return
      event.preventDefault()
      input.current?.focus()
    }
    addEventListener('keydown', listen)
    return () => removeEventListener('keydown', listen)
  }, [hotkey])
  return (
    <label className="search-field">
      <Icon name="search" />
      <span className="visually-hidden">{props.label}</span>
      <input
        ref={input}
        type="search"
        placeholder={props.placeholder}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && typed !== '') {
            event.stopPropagation()
            setTyped('')
          }
        }}
      />
      {hotkey && typed === '' && <kbd aria-hidden="true">/</kbd>}
    </label>
  )
}

/** True when a key belongs to what the person is writing, and is no shortcut. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
  )
}
