// PostgreSQL stores neither NUL nor half a surrogate pair; traces hold both. Replaced here, at the edge, by U+FFFD.

const nul = /\0/g

/** The text as PostgreSQL can store it. */
export function toStorableText(text: string): string {
  return text.toWellFormed().replace(nul, '\u{FFFD}')
}

/** The value as JSON that PostgreSQL can store; what JSON cannot say (`undefined`, NaN) follows `JSON.stringify`. */
export function toStorableJson(value: unknown): string {
  const json = JSON.stringify(value) ?? 'null'
  // Both show as these escapes; a text that merely spells them takes the slow way too and comes out unchanged.
  return json.includes('\\u0000') || json.includes('\\ud') ? JSON.stringify(toStorable(JSON.parse(json))) : json
}

function toStorable(value: unknown): unknown {
  if (typeof value === 'string') return toStorableText(value)
  if (Array.isArray(value)) return value.map(toStorable)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [toStorableText(key), toStorable(inner)]))
  }
  return value
}
