// Numbers by which states know people. One with a strict shape or strong check digits speaks for itself; one that is only
// a run of digits counts when a word before it says so.
import { passesLuhn, passesMod1110, passesVerhoeff, weightedSum } from './check-digits.ts'
import { cueBefore } from './cues.ts'
import { findInRuns, type Finder } from './findings.ts'

type Rule = {
  pattern: RegExp
  isValid: (compact: string) => boolean
  /** The word that must stand before it, such as "SSN". */
  cue?: 'national_id' | 'passport'
}

const always = (): boolean => true
const spanishLetters = 'TRWAGMYFPDXBNJZSQVHLCKE'

const rules: readonly Rule[] = [
  // United States: SSN and ITIN. Never issued: area 000 and 666, group 00, serial 0000.
  { pattern: /(?<![\w-])(?!000|666)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])/g, isValid: isSsn },
  { pattern: /(?<![\w.-])(?!000|666)\d{3} ?(?!00)\d{2} ?(?!0000)\d{4}(?![\w.-])/g, isValid: isSsn, cue: 'national_id' },
  // United Kingdom: National Insurance number, HMRC NIM39110.
  {
    pattern:
      /(?<!\w)(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D](?!\w)/g,
    isValid: always,
  },
  // United Kingdom: NHS number, modulus 11.
  { pattern: /(?<![\w-])\d{3}[ -]?\d{3}[ -]?\d{4}(?![\w-])/g, isValid: isNhs, cue: 'national_id' },
  // Germany: tax number of a person.
  { pattern: /(?<![\w-])[1-9]\d ?\d{3} ?\d{3} ?\d{3}(?![\w-])/g, isValid: passesMod1110, cue: 'national_id' },
  // France: NIR, key modulo 97.
  {
    pattern: /(?<![\w-])[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}(?![\w-])/g,
    isValid: isNir,
  },
  // Spain: DNI and NIE, letter modulo 23.
  { pattern: /(?<![\w-])\d{8}[ -]?[A-HJ-NP-TV-Z](?![\w-])/g, isValid: isDni },
  { pattern: /(?<![\w-])[XYZ][ -]?\d{7}[ -]?[A-HJ-NP-TV-Z](?![\w-])/g, isValid: isDni },
  // Italy: codice fiscale.
  { pattern: /(?<!\w)[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)/g, isValid: always },
  // Netherlands: BSN, the eleven test.
  { pattern: /(?<![\w-])\d{9}(?![\w-])/g, isValid: isBsn, cue: 'national_id' },
  // Belgium: national register, modulo 97.
  { pattern: /(?<![\w.-])\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}(?![\w.-]\w)/g, isValid: isBelgian },
  { pattern: /(?<![\w-])\d{11}(?![\w-])/g, isValid: isBelgian, cue: 'national_id' },
  // Switzerland: AHV, an EAN-13 beginning with 756.
  { pattern: /(?<![\w.-])756\.\d{4}\.\d{4}\.\d{2}(?!\w)/g, isValid: isEan13 },
  // Sweden and Finland.
  { pattern: /(?<![\w-])(?:19|20)?\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])[-+]\d{4}(?![\w-])/g, isValid: isSwedish },
  {
    pattern: /(?<![\w-])(?:[0-2]\d|3[01])(?:0[1-9]|1[0-2])\d{2}[-+A]\d{3}[0-9A-FHJ-NPR-Y](?![\w-])/g,
    isValid: isFinnish,
  },
  // Poland: PESEL.
  { pattern: /(?<![\w-])\d{11}(?![\w-])/g, isValid: isPesel, cue: 'national_id' },
  // Brazil: CPF.
  { pattern: /(?<![\w.-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\w-])/g, isValid: isCpf },
  { pattern: /(?<![\w-])\d{11}(?![\w-])/g, isValid: isCpf, cue: 'national_id' },
  // Canada: SIN.
  { pattern: /(?<![\w-])\d{3}[ -]?\d{3}[ -]?\d{3}(?![\w-])/g, isValid: passesLuhn, cue: 'national_id' },
  // Australia: TFN.
  { pattern: /(?<![\w-])\d{3} ?\d{3} ?\d{3}(?![\w-])/g, isValid: isTfn, cue: 'national_id' },
  // India: Aadhaar (Verhoeff) and PAN.
  { pattern: /(?<![\w-]|\d )[2-9]\d{3} \d{4} \d{4}(?![\w-]| \d)/g, isValid: passesVerhoeff },
  { pattern: /(?<![\w-])[2-9]\d{3} ?\d{4} ?\d{4}(?![\w-])/g, isValid: always, cue: 'national_id' },
  { pattern: /(?<!\w)[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z](?!\w)/g, isValid: always },
  // Mexico: CURP. Singapore: NRIC. Korea: RRN. China: resident identity number.
  { pattern: /(?<!\w)[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d(?!\w)/g, isValid: always },
  { pattern: /(?<!\w)[STFGM]\d{7}[A-Z](?!\w)/g, isValid: isNric },
  { pattern: /(?<![\w-])\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])-[1-8]\d{6}(?![\w-])/g, isValid: always },
  {
    pattern: /(?<![\w-])[1-8]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dX](?![\w-])/g,
    isValid: isChinese,
  },
  // Passports have no common shape: letters and digits after the word.
  { pattern: /(?<![\w#-])(?=[A-Z]{0,8}\d)[A-Z0-9]{7,9}(?![\w-])/g, isValid: always, cue: 'passport' },
]

/** Finds national identity, tax and social security numbers of some twenty countries. */
export const findNationalIds: Finder = (text, runs) =>
  findInRuns(
    text,
    runs,
    rules.map(({ pattern, isValid, cue }) => ({
      pattern,
      kind: 'national-id',
      accept: (match, start) =>
        isValid(match.replace(/[ .+-]/g, '')) &&
        (cue === undefined ? cueBefore(text, start) !== 'order' : cueBefore(text, start) === cue),
    })),
  )

function isSsn(digits: string): boolean {
  // Areas from 900 are ITINs, which have middle digits of their own.
  return !digits.startsWith('9') || /^9\d{2}(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])/.test(digits)
}

function isNhs(digits: string): boolean {
  return (11 - (weightedSum(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11 === Number(digits[9])
}

function isNir(compact: string): boolean {
  // Corsica's departments 2A and 2B count as 19 and 18.
  const number = Number(compact.slice(0, 13).replace('2A', '19').replace('2B', '18'))
  return 97 - (number % 97) === Number(compact.slice(13))
}

function isDni(compact: string): boolean {
  const digits = compact.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)))
  return spanishLetters[Number(digits) % 23] === compact.at(-1)
}

function isBsn(digits: string): boolean {
  return weightedSum(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0 && Number(digits) > 0
}

function isBelgian(digits: string): boolean {
  const [number, check] = [Number(digits.slice(0, 9)), Number(digits.slice(9))]
  return 97 - (number % 97) === check || 97 - ((2_000_000_000 + number) % 97) === check
}

function isEan13(digits: string): boolean {
  return weightedSum(digits, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 === 0
}

function isSwedish(digits: string): boolean {
  return passesLuhn(digits.slice(-10))
}

function isFinnish(compact: string): boolean {
  const digits = compact.replace(/^(\d{6})A/, '$1')
  return '0123456789ABCDEFHJKLMNPRSTUVWXY'[Number(digits.slice(0, 9)) % 31] === digits.at(-1)
}

function isPesel(digits: string): boolean {
  return weightedSum(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0
}

function isCpf(digits: string): boolean {
  if (/^(\d)\1*$/.test(digits)) return false
  const check = (length: number): boolean => {
    const weights = Array.from({ length }, (_, index) => length + 1 - index)
    return ((weightedSum(digits, weights) * 10) % 11) % 10 === Number(digits[length])
  }
  return check(9) && check(10)
}

function isTfn(digits: string): boolean {
  return weightedSum(digits, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0
}

function isNric(compact: string): boolean {
  const offset = /^[TG]/.test(compact) ? 4 : compact.startsWith('M') ? 3 : 0
  const rest = (weightedSum(compact.slice(1, 8), [2, 7, 6, 5, 4, 3, 2]) + offset) % 11
  const letters = /^[ST]/.test(compact) ? 'JZIHGFEDCBA' : compact.startsWith('M') ? 'XWUTRQPNJLK' : 'XWUTRQPNMLK'
  return letters[compact.startsWith('M') ? 10 - rest : rest] === compact[8] || letters[rest] === compact[8]
}

function isChinese(compact: string): boolean {
  const sum = weightedSum(compact, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
  return '10X98765432'[sum % 11] === compact[17]
}
