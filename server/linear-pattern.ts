// Patterns from the configuration, by an engine that never goes back in the text: none of them can hang the service.
import { RE2JS } from 're2js'
import { AppError } from '#/pipeline/errors.ts'
import type { FindPlaces } from '#/pipeline/redact/redactor.ts'

/** Many times what any pattern takes that does not look to the end of the text for each of its matches. */
const patienceMs = 5_000

/**
 * Where a regular expression matches. Throws where it is none, where it needs what this engine has not (looking around,
 * back references), and where it matches the empty text. One search is linear in the text, and all of them together may
 * still be quadratic (`a.*b|a`): what takes longer than the patience is given up as `trace.unreadable`, for a text that is
 * masked in part is not masked.
 */
export function toFindPlaces(
  source: string,
  { patience = patienceMs, now = () => performance.now() }: { patience?: number; now?: () => number } = {},
): FindPlaces {
  const pattern = RE2JS.compile(RE2JS.translateRegExp(source))
  if (pattern.matcher('').find()) throw new RangeError('it matches nothing at all')
  return (text) => {
    const matcher = pattern.matcher(text)
    const places: { start: number; end: number }[] = []
    const until = now() + patience
    while (matcher.find()) {
      places.push({ start: matcher.start(), end: matcher.end() })
      if (now() > until) throw tooSlow(source, text.length)
    }
    return places
  }
}

function tooSlow(source: string, chars: number): AppError {
  return new AppError(
    'trace.unreadable',
    `A text of ${chars} characters took too long to mask with the pattern ${source}. ` +
      'Change it in INSIGHTS_REDACTION_PATTERNS so that a match needs no look at what follows: `.{0,100}` in place of `.*`.',
  )
}
