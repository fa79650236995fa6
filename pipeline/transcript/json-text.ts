// JSON that arrives as text, and values that leave as text.
import { replaceBlobs } from './placeholders.ts'

export type JsonObject = Record<string, unknown>

export function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/** The object or array that a string holds as JSON, or `undefined`. */
export function parseJsonText(text: string): JsonObject | unknown[] | undefined {
  const first = text.search(/\S/)
  if (first === -1 || (text[first] !== '{' && text[first] !== '[')) return undefined
  const last = text.trimEnd().at(-1)
  if (last !== '}' && last !== ']') return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) || Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

const longNumbers = 32

/** A value as compact JSON for reading: blobs and long rows of numbers become placeholders. Never throws. */
export function toJsonText(value: unknown): string {
  try {
    return (
      JSON.stringify(value, (_key, inner: unknown) => {
        if (typeof inner === 'string') return replaceBlobs(inner)
        if (Array.isArray(inner) && inner.length > longNumbers && inner.every((item) => typeof item === 'number')) {
          return `[${inner.length} numbers]`
        }
        return inner
      }) ?? ''
    )
  } catch {
    // Only nesting deeper than the stack gets here: JSON read from a wire has no cycles.
    return '[deeply nested value]'
  }
}

/** One text for one value whatever the order of its keys, and whether or not it was JSON text. */
export function canonicalJson(value: unknown): string {
  const parsed = typeof value === 'string' ? (parseJsonText(value) ?? value.replace(/\s+/g, ' ').trim()) : value
  try {
    return (
      JSON.stringify(parsed, (_key, inner: unknown) =>
        isObject(inner)
          ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
          : inner,
      ) ?? ''
    )
  } catch {
    return '[deeply nested value]'
  }
}
