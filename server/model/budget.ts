export type Budget = {
  /** Milliseconds until so much may be taken. */
  waitMs: (amount: number) => number
  /** Takes it, or with a negative amount gives it back. */
  take: (amount: number) => void
  /** The part of the budget that is this process's. */
  setShare: (share: number) => void
}

/** What may be taken at once after a quiet time; the rest of a minute's budget flows in evenly. */
const burstShare = 0.1

/**
 * A token bucket (Turner 1986) of which no minute ever takes more than `perMinute`, as long as no single amount is larger than
 * a tenth of that; without a number it never waits.
 */
export function createBudget(perMinute: number | undefined, now: () => number): Budget {
  if (perMinute === undefined) return { waitMs: () => 0, take: () => undefined, setShare: () => undefined }
  let share = 1
  let level = perMinute * burstShare
  let at = now()
  const refill = (): void => {
    const rate = (perMinute * share * (1 - burstShare)) / 60_000
    level = Math.min(perMinute * share * burstShare, level + (now() - at) * rate)
    at = now()
  }
  return {
    waitMs: (amount) => {
      refill()
      const wanted = Math.min(amount, perMinute * share * burstShare)
      return level >= wanted ? 0 : (wanted - level) / ((perMinute * share * (1 - burstShare)) / 60_000)
    },
    take: (amount) => {
      refill()
      level -= amount
    },
    setShare: (next) => {
      refill()
      share = next
    },
  }
}
