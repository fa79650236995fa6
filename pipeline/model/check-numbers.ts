// Every number in a sentence must be one that was counted.

/** What a sentence may say: how many, which share of all, and digits that belong to names and quotes ("firmware 4.2"). */
export type KnownNumbers = { counts: ReadonlySet<number>; shares: readonly number[]; named: ReadonlySet<string> }

/** The digits of a text as they stand in it, such as `4.2` or `1,234`. */
export function findNumbers(text: string): { token: string; isPercent: boolean }[] {
  const pattern =
    /(\p{Nd}+(?:[.,'’\u00A0\u202F]\p{Nd}+)*)(\s*(?:%|％|٪|per\s?cent\b|percent\b|prozent\b|procent\b|pour cent\b|por ciento\b|per cento\b))?/giu
  return [...text.matchAll(pattern)].map(([, token = '', percent]) => ({ token, isPercent: percent !== undefined }))
}

/**
 * Whether every number in the sentence is known. A percentage must be a known share, rounded as it is written; any other
 * number must be a known count, or stand digit by digit in a name or quote.
 */
export function isSupported(sentence: string, known: KnownNumbers): boolean {
  return findNumbers(sentence).every(({ token, isPercent }) => {
    if (isPercent) return readings(token).some((reading) => isShare(reading, known.shares))
    if (known.named.has(token)) return true
    return readings(token).some(({ value }) => known.counts.has(value))
  })
}

type Reading = { value: number; decimals: number }

/** What digits may mean in some language: separators of thousands left out, or the last one a decimal sign. */
function readings(token: string): Reading[] {
  const digits = token.replace(/[^\p{Nd}]/gu, '')
  const all: Reading[] = []
  const isGrouped = /^\p{Nd}{1,3}(?:[.,'’\u00A0\u202F]\p{Nd}{3})*$/u.test(token)
  if (isGrouped || digits === token) all.push({ value: Number(digits), decimals: 0 })
  const decimal = /^(.*)[.,](\p{Nd}+)$/u.exec(token)
  if (decimal !== null) {
    const [, whole = '', fraction = ''] = decimal
    all.push({ value: Number(`${whole.replace(/[^\p{Nd}]/gu, '')}.${fraction}`), decimals: fraction.length })
  }
  return all
}

function isShare({ value, decimals }: Reading, shares: readonly number[]): boolean {
  const halfStep = 0.5 / 10 ** decimals + 1e-9
  return shares.some((share) => Math.abs(share * 100 - value) <= halfStep)
}

/** The sentences of a text, with the space after each. */
export function toSentences(text: string): string[] {
  return [...new Intl.Segmenter('en', { granularity: 'sentence' }).segment(text)].map(({ segment }) => segment)
}
