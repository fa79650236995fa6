// Where in a text something stands that must not be passed on, and which of two claims to the same place wins.
import { findNumberRuns, type Run } from './number-runs.ts'

export type Finding = Run & { kind: string }

/** Finds what it knows in time linear in the text, whatever the text is. `runs` are the text's number runs. */
export type Finder = (text: string, runs: readonly Run[]) => Finding[]

/**
 * Findings in order, none overlapping another: where two do, the one of the finder named first wins, for the finders
 * with check digits stand before those that guess.
 */
export function findAll(text: string, finders: readonly Finder[]): Finding[] {
  const runs = findNumberRuns(text)
  let taken: Finding[] = []
  for (const find of finders) {
    const found = find(text, runs)
    if (found.length === 0) continue
    // Of two by one finder, the one that starts first and, at one start, the longer.
    found.sort((a, b) => a.start - b.start || b.end - a.end)
    let end = 0
    const free = found.filter((finding) => {
      if (finding.start < end || overlapsAny(finding, taken)) return false
      end = finding.end
      return true
    })
    taken = [...taken, ...free].sort((a, b) => a.start - b.start)
  }
  return taken
}

/** `taken` is in order and without overlaps: the last that starts before our end is the only candidate. */
function overlapsAny({ start, end }: Finding, taken: readonly Finding[]): boolean {
  let low = 0
  let high = taken.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((taken[middle]?.start ?? 0) < end) low = middle + 1
    else high = middle
  }
  return (taken[low - 1]?.end ?? 0) > start
}

type Accept = (match: string, start: number) => boolean

/** All matches of a global pattern that pass a check, as findings of one kind. */
export function findMatches(text: string, pattern: RegExp, kind: string, accept: Accept = () => true): Finding[] {
  const findings: Finding[] = []
  collect(text, { pattern, kind, accept }, 0, findings)
  return findings
}

/** Characters a pattern may look at on either side of its match. */
const margin = 3

export type Rule = { pattern: RegExp; kind: string; accept: Accept }

/** The matches of several patterns, within runs alone. */
export function findInRuns(text: string, runs: readonly Run[], rules: readonly Rule[]): Finding[] {
  const findings: Finding[] = []
  for (const run of runs) {
    const from = Math.max(0, run.start - margin)
    const window = text.slice(from, run.end + margin)
    for (const rule of rules) collect(window, rule, from, findings)
  }
  return findings
}

/** Not `matchAll`: that copies the pattern each time, which costs more than looking at a short window. */
function collect(text: string, { pattern, kind, accept }: Rule, offset: number, into: Finding[]): void {
  pattern.lastIndex = 0
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    if (match[0] === '') pattern.lastIndex++
    const start = offset + match.index
    if (accept(match[0], start)) into.push({ start, end: start + match[0].length, kind })
  }
}
