import { isIP } from 'node:net'
import { cueBefore } from './cues.ts'
import { type Finder, findMatches } from './findings.ts'

const dotted = /(?<![\w.-]|[A-Za-z]\/)(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)/g
const colons =
  /(?<![\w:.])(?:[0-9a-fA-F]{1,4}:|::?)(?:[0-9a-fA-F]{0,4}:){1,7}(?:[0-9a-fA-F]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])/g
/** Loopback, unspecified and masks belong to nobody. */
const nobody = /^(?:127\.|0\.0\.0\.0$|255\.255\.)/

/** Addresses of the internet protocol, both versions; a version of a program with four parts is none. */
export const findAddresses: Finder = (text) => {
  const four = findMatches(
    text,
    dotted,
    'ip',
    (match, start) => isIP(match) === 4 && !nobody.test(match) && !isVersion(text, start),
  )
  if (!text.includes(':')) return four
  const six = (match: string): boolean => isIP(match) === 6 && /\d/.test(match) && /[0-9a-f]{2}/i.test(match)
  return [...four, ...findMatches(text, colons, 'ip', six)]
}

function isVersion(text: string, start: number): boolean {
  return (
    /(?:\bv|version|ver\.?|release|build|firmware|driver|update|upgrade|patch|section|chapter|clause|abschnitt)[ :"=]{0,4}(?:to |from )?$/i.test(
      text.slice(Math.max(0, start - 24), start),
    ) || cueBefore(text, start) === 'order'
  )
}
