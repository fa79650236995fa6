// The Porter stemmer for English words (M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980).
// Words with letters beyond a–z are left alone: for other languages the character n-grams find the common stem.

const consonant = '[^aeiou]'
const vowel = '[aeiouy]'
const consonants = `${consonant}[^aeiouy]*`
const vowels = `${vowel}[aeiou]*`
/** The measure m of a stem is the number of vowel–consonant runs in it. */
const measureAboveZero = new RegExp(`^(${consonants})?${vowels}${consonants}`)
const measureOne = new RegExp(`^(${consonants})?${vowels}${consonants}(${vowels})?$`)
const measureAboveOne = new RegExp(`^(${consonants})?${vowels}${consonants}${vowels}${consonants}`)
const hasVowel = new RegExp(`^(${consonants})?${vowel}`)
const endsShort = new RegExp(`^${consonants}${vowel}[^aeiouwxy]$`)

const step2: [string, string][] = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['izer', 'ize'],
  ['bli', 'ble'],
  ['alli', 'al'],
  ['entli', 'ent'],
  ['eli', 'e'],
  ['ousli', 'ous'],
  ['ization', 'ize'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['iveness', 'ive'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['aliti', 'al'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
  ['logi', 'log'],
]
const step3: [string, string][] = [
  ['icate', 'ic'],
  ['ative', ''],
  ['alize', 'al'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
]
const step4 = /^(.+?)(al|ance|ence|er|ic|able|ible|ant|ement|ment|ent|ou|ism|ate|iti|ous|ive|ize)$/

/** The stem of a lower-case word: `refunded`, `refunding` and `refunds` give `refund`. */
export function stemOf(word: string): string {
  if (word.length < 3 || !/^[a-z']+$/.test(word)) return word
  let stem = word.replace(/'s?$/, '')
  const startsWithY = stem.startsWith('y')
  if (startsWithY) stem = `Y${stem.slice(1)}`

  stem = stem.replace(/(ss|i)es$/, '$1').replace(/([^s])s$/, '$1')
  stem = stripPast(stem)
  if (stem.endsWith('y') && hasVowel.test(stem.slice(0, -1))) stem = `${stem.slice(0, -1)}i`

  stem = replaceEnding(stem, step2)
  stem = replaceEnding(stem, step3)

  const long = step4.exec(stem)
  if (long !== null) {
    if (measureAboveOne.test(long[1]!)) stem = long[1]!
  } else {
    const ion = /^(.+?)(s|t)ion$/.exec(stem)
    if (ion !== null && measureAboveOne.test(ion[1]! + ion[2]!)) stem = ion[1]! + ion[2]!
  }

  if (stem.endsWith('e')) {
    const rest = stem.slice(0, -1)
    if (measureAboveOne.test(rest) || (measureOne.test(rest) && !endsShort.test(rest))) stem = rest
  }
  if (stem.endsWith('ll') && measureAboveOne.test(stem)) stem = stem.slice(0, -1)
  return startsWithY ? `y${stem.slice(1)}` : stem
}

/** Step 1b: `agreed` → `agree`, `hopping` → `hop`, `filing` → `file`. */
function stripPast(word: string): string {
  if (word.endsWith('eed')) return measureAboveZero.test(word.slice(0, -3)) ? word.slice(0, -1) : word
  const past = /^(.+?)(ed|ing)$/.exec(word)
  if (past === null || !hasVowel.test(past[1]!)) return word
  const stem = past[1]!
  if (/(at|bl|iz)$/.test(stem)) return `${stem}e`
  if (/([^aeiouylsz])\1$/.test(stem)) return stem.slice(0, -1)
  return endsShort.test(stem) ? `${stem}e` : stem
}

function replaceEnding(word: string, endings: readonly [string, string][]): string {
  let longest: [string, string] | undefined
  for (const ending of endings) {
    if (word.endsWith(ending[0]) && (longest === undefined || ending[0].length > longest[0].length)) longest = ending
  }
  if (longest === undefined) return word
  const rest = word.slice(0, word.length - longest[0].length)
  return measureAboveZero.test(rest) ? rest + longest[1] : word
}
