// How long a server wants us to wait, in any of the ways servers say it.

/** Milliseconds asked for by the headers of an answer; `undefined` when nothing is said or it makes no sense. */
export function findRetryAfterMs(headers: Headers | undefined, now: number): number | undefined {
  if (headers === undefined) return undefined
  const exact = toNumber(headers.get('retry-after-ms'))
  if (exact !== undefined) return exact
  const after = headers.get('retry-after')
  if (after !== null) {
    const seconds = toNumber(after)
    if (seconds !== undefined) return seconds * 1000
    // A date has a month's name; "-5" would be one too, of the year 2001.
    const at = /[a-z]{3}/i.test(after) ? Date.parse(after) : NaN
    if (!Number.isNaN(at)) return Math.max(0, at - now)
  }
  // OpenAI says per kind when its limit is full again; only the kinds that are used up matter.
  const resets = ['requests', 'tokens'].flatMap((kind) => {
    if (toNumber(headers.get(`x-ratelimit-remaining-${kind}`)) !== 0) return []
    return parseDurationMs(headers.get(`x-ratelimit-reset-${kind}`)) ?? []
  })
  if (resets.length > 0) return Math.max(...resets)
  return parseResetMs(headers.get('x-ratelimit-reset'), now)
}

/** `6m0s`, `1.2s`, `120ms`, `1h2m3s` in milliseconds. */
export function parseDurationMs(text: string | null): number | undefined {
  if (text === null || !/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined
  const factors = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)]
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * factors[unit as keyof typeof factors], 0)
}

/** Other servers give one reset: a duration, seconds from now, or a moment in seconds or milliseconds since 1970. */
function parseResetMs(text: string | null, now: number): number | undefined {
  const value = toNumber(text)
  if (value === undefined) return parseDurationMs(text)
  if (value > 1e12) return Math.max(0, value - now)
  if (value > 1e9) return Math.max(0, value * 1000 - now)
  return value * 1000
}

function toNumber(text: string | null): number | undefined {
  if (text === null || text.trim() === '') return undefined
  const value = Number(text)
  return Number.isFinite(value) && value >= 0 ? value : undefined
}
