// Patterns from the configuration, by an engine that never goes back in the text: none of them can hang the service.
import { RE2JS } from 're2js'
import type { FindPlaces } from '#/pipeline/redact/redactor.ts'

/**
 * Where a regular expression matches. Throws where it is none, where it needs what this engine has not (looking around,
 * back references), and where it matches the empty text.
 */
export function toFindPlaces(source: string): FindPlaces {
  const pattern = RE2JS.compile(RE2JS.translateRegExp(source))
  if (pattern.matcher('').find()) throw new RangeError('it matches nothing at all')
  return (text) => {
    const matcher = pattern.matcher(text)
    const places: { start: number; end: number }[] = []
    while (matcher.find()) places.push({ start: matcher.start(), end: matcher.end() })
    return places
  }
}
