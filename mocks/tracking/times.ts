// Protobuf's JSON forms of times and durations.

/** Epoch milliseconds as RFC 3339 with no fraction or three digits, as protobuf prints them. */
export function toTimestamp(ms: number): string {
  const text = new Date(ms).toISOString()
  return ms % 1000 === 0 ? text.replace('.000Z', 'Z') : text
}

/** Milliseconds of an RFC 3339 text; `undefined` when it is none. */
export function parseTimestamp(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(value))
    return undefined
  const ms = Date.parse(value.replace(/(\.\d{3})\d+/, '$1'))
  return Number.isNaN(ms) ? undefined : ms
}

/** Milliseconds as a protobuf duration: `1.500s`, `2s`. */
export function toDuration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${(ms / 1000).toFixed(3)}s`
}

export function parseDuration(value: unknown): number | undefined {
  const match = typeof value === 'string' ? /^(-?\d+(?:\.\d{1,9})?)s$/.exec(value) : null
  return match?.[1] === undefined ? undefined : Math.trunc(Number(match[1]) * 1000 + 1e-6)
}
