// How honest the time left was: what was told while a job ran, against when it was done.
import type { EventRecord } from '#/server/db/records.ts'

export type EtaError = {
  /** Median of |middle of the range − truth| / truth over all that was told; 0 is a prophet. */
  eta_error_median: number
  /** Share of what was told whose range held the truth. */
  eta_within_range: number
  told: number
}

/** Nothing is asked of what is told in the last moments: half a second off is far off when one is left. */
const leastLeftMs = 2_000

/** Measures the events of an Insight that ended at `endMs`. Throws where nothing was told that could be measured. */
export function measureEtaError(events: readonly EventRecord[], endMs: number): EtaError {
  const told = events.flatMap(({ at, event }) => {
    const leftS = (endMs - at.getTime()) / 1000
    if (event.type !== 'progress' || event.pace?.job === undefined || leftS * 1000 < leastLeftMs) return []
    const { lowS, highS } = event.pace.job
    return [{ error: Math.abs((lowS + highS) / 2 - leftS) / leftS, isWithin: lowS <= leftS && leftS <= highS }]
  })
  const errors = told.map(({ error }) => error).sort((a, b) => a - b)
  const median = errors[Math.floor(errors.length / 2)]
  if (median === undefined) throw new Error('Nothing was told of the time left.')
  return {
    eta_error_median: median,
    eta_within_range: told.filter(({ isWithin }) => isWithin).length / told.length,
    told: told.length,
  }
}
