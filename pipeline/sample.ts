// Which of the matching traces an Insight reads when it is not to read them all.
import type { Selection, StratumCount, Targets } from './insight.ts'
import type { TraceInfo } from './trace.ts'

/** What decides about a trace; the trace itself is not held. */
export type Candidate = { traceId: string; rank: number; stratum: string }

/**
 * The stratum of a trace: `state`, `session`, `user`, `hour`, `day` (or `time`), `month`, or the value of a tag, a metadata
 * key or a feedback of that name.
 */
export function stratumOf(info: TraceInfo, stratifyBy: string): string {
  const time = new Date(info.requestTimeMs).toISOString()
  switch (stratifyBy) {
    case 'state':
      return info.state
    case 'session':
      return info.session ?? ''
    case 'user':
      return info.user ?? ''
    case 'hour':
      return time.slice(0, 13)
    case 'day':
    case 'time':
      return time.slice(0, 10)
    case 'month':
      return time.slice(0, 7)
    default:
      return info.tags[stratifyBy] ?? info.metadata[stratifyBy] ?? feedbackOf(info, stratifyBy) ?? ''
  }
}

function feedbackOf(info: TraceInfo, name: string): string | undefined {
  const found = info.assessments.find((assessment) => assessment.valid && assessment.name === name)
  if (found === undefined || found.value === null) return undefined
  return typeof found.value === 'string' ? found.value : JSON.stringify(found.value)
}

/**
 * Gathers candidates of any number in the memory of those that can still be chosen: of each stratum the `keep` of lowest
 * rank, which are a uniform sample of it (bottom-k sampling, Cohen & Kaplan 2007).
 */
export function createPool<T extends Candidate>(
  keep: number,
): {
  add: (candidate: T) => void
  strata: () => { value: string; available: number; candidates: T[] }[]
} {
  const strata = new Map<string, { available: number; candidates: T[] }>()
  const cut = (candidates: T[]): void => {
    candidates.sort(byRank)
    if (candidates.length > keep) candidates.length = keep
  }
  return {
    add: (candidate) => {
      let stratum = strata.get(candidate.stratum)
      if (stratum === undefined) strata.set(candidate.stratum, (stratum = { available: 0, candidates: [] }))
      stratum.available++
      stratum.candidates.push(candidate)
      if (stratum.candidates.length > 2 * keep + 100) cut(stratum.candidates)
    },
    strata: () =>
      [...strata]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([value, stratum]) => {
          cut(stratum.candidates)
          return { value, ...stratum }
        }),
  }
}

function byRank(a: Candidate, b: Candidate): number {
  return a.rank - b.rank || (a.traceId < b.traceId ? -1 : 1)
}

/** How many of each stratum may be needed at most, so that no more are kept. */
export function mostOfOneStratum(size: number, targets: Targets | undefined): number {
  return targets !== undefined && 'each' in targets ? Math.min(targets.each, size) : size
}

/**
 * How many to take of each stratum, at most `size` together. Without targets as equally as the strata reach: what a small
 * one leaves goes to the larger ones. `each`: that many of every stratum. `shares`: that part of `size` of each stratum
 * named, and the rest of it from the others; what a named stratum lacks is not made up for by others, which would move the
 * shares even further from what was asked.
 */
export function allocate(
  strata: readonly { value: string; available: number }[],
  { size, targets }: { size: number; targets?: Targets | undefined },
): StratumCount[] {
  if (targets === undefined) return fill(strata, size, Infinity)
  if ('each' in targets) return fill(strata, size, targets.each)
  const named = new Map(Object.entries(targets.shares))
  const others = strata.filter(({ value }) => !named.has(value))
  const counts = new Map(strata.map((stratum) => [stratum.value, stratum.available]))
  let rest = size
  const taken = [...named].map(([value, share]): StratumCount => {
    const wanted = Math.round(size * share)
    rest -= wanted
    const available = counts.get(value) ?? 0
    return { value, available, wanted, selected: Math.min(available, wanted) }
  })
  return [...taken, ...fill(others, Math.max(0, rest), Infinity)].sort((a, b) => (a.value < b.value ? -1 : 1))
}

/** Equal parts of `size`, at most `each`, the smallest stratum first, so that what it leaves can be shared. */
function fill(strata: readonly { value: string; available: number }[], size: number, each: number): StratumCount[] {
  let left = size
  const wanted = Math.min(each, Math.floor(size / Math.max(1, strata.length)))
  const ascending = [...strata].sort((a, b) => a.available - b.available || (a.value < b.value ? -1 : 1))
  return ascending
    .map(({ value, available }, index): StratumCount => {
      const fairShare = Math.ceil(left / (ascending.length - index))
      const selected = Math.min(available, fairShare, each)
      left -= selected
      return { value, available, wanted: each === Infinity ? wanted : each, selected }
    })
    .sort((a, b) => (a.value < b.value ? -1 : 1))
}

/** Strata that are written down one by one; of more than these, the ones that fell short come first. */
const maxStrata = 200

/** What goes on record of a draw: how many there were, and what each stratum gave. */
export function toSelection(matched: number | undefined, strata: readonly StratumCount[]): Selection {
  const short = strata.filter(isShort)
  const first = [...short, ...strata.filter((stratum) => !isShort(stratum))].slice(0, maxStrata)
  const counted = { strata: first, strataCount: strata.length, shortCount: short.length }
  return matched === undefined ? counted : { matched, ...counted }
}

function isShort({ selected, wanted }: StratumCount): boolean {
  return selected < wanted
}

/** What the data did not allow, in a sentence; `undefined` where everything asked for was met. */
export function describeShortfall({ strata, shortCount }: Selection): string | undefined {
  if (shortCount === 0) return undefined
  const named = strata
    .filter(isShort)
    .slice(0, 3)
    .map(({ value, selected, wanted }) => `${value === '' ? '(none)' : value.slice(0, 60)} ${selected} of ${wanted}`)
  return `${shortCount} ${shortCount === 1 ? 'kind is' : 'kinds are'} short of what was wanted: ${named.join(', ')}${shortCount > 3 ? ', …' : ''}.`
}
