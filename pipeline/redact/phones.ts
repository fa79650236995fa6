import { cueBefore } from './cues.ts'
import { findInRuns, type Finder } from './findings.ts'

/** E.164 with or without gaps, `00` for the plus; what the plus may be followed by is checked apart. */
const international = /(?<![\w+.]|\d[-/])(?:\+|00(?=[1-9]\d{0,2}[ .()-]))(?:[ .()-]{0,2}\d){7,15}(?![\w]|[.-]\d)/g
/** North America: area code and exchange begin with 2 to 9. */
const northAmerican =
  /(?<![\w.+/]|[\w]-)(?:1[-. ])?(?:\([2-9]\d{2}\)[ -]?|[2-9]\d{2}([-. ]))[2-9]\d{2}(?:\1|[-. ])\d{4}(?![\w]|[.-]\d)/g
/** Elsewhere a number dialled within the country begins with 0 and is written in groups. */
const national =
  /(?<![\w.,:/+-]|\d[ ])(?:\(0\d{1,4}\)|0[1-9]\d{0,4})(?:[ /-]{1,3}|(?<=\)))\d{2,8}(?:[ -]\d{2,5}){0,4}(?![\w]|[.,:/-]\d)/g
const dotted = /(?<![\w.,:/+-])(?:0[1-9](?:\.\d{2}){4}|0\d{2,3}\.\d{3}\.\d{3,4})(?![\w]|[.,]\d)/g
/** Digits alone are a phone number only where the text says so. */
const bare = /(?<![\w.,:/+#-])(?:\d{7,12}|\d{2,5}(?:[ .-]\d{2,6}){1,4})(?![\w]|[.,:/-]\d)/g
const dateLike = /^\d{1,2}[-/]\d{1,2}[-/](?:\d{4}|\d{2})(?!\d)/

/**
 * Phone numbers as people write them. A number's own shape decides (country code, area code, trunk prefix); bare digits
 * count only after a word such as "call", and no number does after a word such as "order" unless its country code is there.
 */
export const findPhones: Finder = (text, runs) => {
  const isNoOrder = (start: number): boolean => cueBefore(text, start) !== 'order'
  const kind = 'phone'
  return findInRuns(text, runs, [
    { kind, pattern: international, accept: isInternational },
    { kind, pattern: northAmerican, accept: (match, start) => match.includes('(') || isNoOrder(start) },
    { kind, pattern: national, accept: (match, start) => isNational(match) && isNoOrder(start) },
    { kind, pattern: dotted, accept: (_match, start) => isNoOrder(start) },
    { kind, pattern: bare, accept: (match, start) => isLongEnough(match) && cueBefore(text, start) === 'phone' },
  ])
}

function isInternational(match: string): boolean {
  const digits = match.replace(/\D/g, '').replace(/^00/, '')
  if (digits.length < 8 || digits.length > 15 || digits.startsWith('0')) return false
  // A signed decimal such as +1.4155550132 has one point and no other gap.
  if (/^\+\d\.\d+$/.test(match)) return false
  return digits.startsWith('1')
    ? /^1[2-9]\d{2}[2-9]\d{6}$/.test(digits)
    : /^(?:2[07]|2[1-69]\d|3|4|5|6|7|8[124568]|9)/.test(digits)
}

function isNational(match: string): boolean {
  const digits = match.replace(/\D/g, '').length
  return digits >= 9 && digits <= 12 && !dateLike.test(match)
}

function isLongEnough(match: string): boolean {
  const digits = match.replace(/\D/g, '').length
  return digits >= 7 && digits <= 12
}
