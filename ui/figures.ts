// Numbers, times and money as a reader wants them: in the browser's language and zone.

const whole = new Intl.NumberFormat()
const oneDigit = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })
const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' })

export const toCount = (value: number): string => whole.format(value)

export const toCompact = (value: number): string => compact.format(value)

/** `1 trace`, `4,812 traces`. */
export const toPlural = (value: number, one: string, many = `${one}s`): string =>
  `${whole.format(value)} ${value === 1 ? one : many}`

/** A share from 0 to 1 as a percentage; a share that is not nothing never reads `0%`. */
export function toShare(share: number): string {
  if (share > 0 && share < 0.01) return '<1%'
  return `${Math.round(share * 100)}%`
}

/** Seconds as the two largest units that matter: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function toDuration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 10) return `${oneDigit.format(seconds)} s`
  const rounded = Math.round(seconds)
  if (rounded < 60) return `${rounded} s`
  const minutes = Math.floor(rounded / 60)
  if (minutes < 60) return rounded % 60 === 0 ? `${minutes} min` : `${minutes} min ${rounded % 60} s`
  const hours = Math.floor(minutes / 60)
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
}

export const toMilliseconds = (ms: number): string => toDuration(ms / 1000)

/** Money: `$0` is said as free of charge by the caller; small sums keep two meaningful digits. */
export function toUsd(usd: number): string {
  if (usd === 0) return '$0'
  if (usd < 0.0001) return '<$0.0001'
  return new Intl.NumberFormat(undefined, {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    ...(usd < 0.01 ? { maximumSignificantDigits: 2 } : {}),
  }).format(usd)
}

export const toDateTime = (time: string): string => dateTime.format(new Date(time))

/** `5 min. ago`; the caller puts the exact time into the title. */
export function toAgo(time: string, nowMs: number = Date.now()): string {
  const seconds = (Date.parse(time) - nowMs) / 1000
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [
    ['year', 31_536_000],
    ['month', 2_592_000],
    ['week', 604_800],
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
  ]
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit)
  }
  return 'just now'
}
