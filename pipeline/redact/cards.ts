import { passesIban, passesLuhn } from './check-digits.ts'
import { cueBefore } from './cues.ts'
import { findInRuns, type Finder } from './findings.ts'

/** As printed: four groups of four, Amex's and Diners' groups, or no gaps at all. */
const grouped = /(?<!\w|\w-)(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|3\d{3}([ -])\d{6}\2\d{4,5})(?![\w]|-\w)/g
const bare = /(?<![\w.]|\w-)[2-6]\d{12,18}(?![\w]|\.\d|-\w)/g
const iban = /(?<!\w)[A-Z]{2}\d{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,4})?)(?!\w)/g

/** Numbers of payment cards and bank accounts (IBAN), told from others by issuer, length and check digits. */
export const findPayments: Finder = (text, runs) =>
  findInRuns(text, runs, [
    { pattern: grouped, kind: 'card', accept: (match, start) => isCard(match, cueBefore(text, start) === 'card') },
    {
      pattern: bare,
      kind: 'card',
      accept: (match, start) => {
        const cue = cueBefore(text, start)
        return cue !== 'order' && isCard(match, cue === 'card')
      },
    },
    { pattern: iban, kind: 'iban', accept: isAccount },
  ])

function isAccount(match: string): boolean {
  const compact = match.replaceAll(' ', '')
  return compact.length >= 15 && compact.length <= 34 && passesIban(compact)
}

/** Issuers' ranges and lengths (ISO/IEC 7812): Visa, Mastercard, American Express, Discover, Diners, JCB, UnionPay, Maestro. */
const issued =
  /^(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|(?:222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|62\d{14,17}|35(?:2[89]|[3-8]\d)\d{12}|(?:5018|5020|5038|6304|6759|676[1-3])\d{8,15})$/

/** Where the text calls it a card, the check digit is proof enough. */
function isCard(match: string, isNamed: boolean): boolean {
  const digits = match.replace(/\D/g, '')
  return (isNamed || issued.test(digits)) && passesLuhn(digits)
}
