// What a cluster holds, in one to three sentences with numbers.
import type { SummaryRecord } from '../insight.ts'
import { outcomes, type Outcome } from '../insight.ts'
import type { NodeToName } from '../ports.ts'
import { joinAnd } from './actions.ts'
import { frames } from './frames.ts'
import type { FrameLanguage } from './lens.ts'
import { cutWords } from './plain-text.ts'

type Words = {
  size: (size: number, share: string) => string
  typical: (titles: string) => string
  ends: (base: string, ends: string) => string
  among: (count: number) => string
  all: string
  errors: (share: string) => string
  languages: (list: string) => string
  quote: (quoted: string) => string
}

const words: Readonly<Record<FrameLanguage, Words>> = {
  en: {
    size: (size, share) => `${size} ${size === 1 ? 'trace' : 'traces'} (${share})`,
    typical: (titles) => `typical: ${titles}`,
    ends: (base, ends) => `${base}: ${ends}`,
    among: (count) => `Of the ${count} most typical`,
    all: 'Of all',
    errors: (share) => `${share} broke off with an error`,
    languages: (list) => `languages: ${list}`,
    quote: (quoted) => `For example: ${quoted}`,
  },
  de: {
    size: (size, share) => `${size} ${size === 1 ? 'Trace' : 'Traces'} (${share})`,
    typical: (titles) => `typisch: ${titles}`,
    ends: (base, ends) => `${base}: ${ends}`,
    among: (count) => `Von den ${count} typischsten`,
    all: 'Von allen',
    errors: (share) => `${share} brachen mit einem Fehler ab`,
    languages: (list) => `Sprachen: ${list}`,
    quote: (quoted) => `Zum Beispiel: ${quoted}`,
  },
  fr: {
    size: (size, share) => `${size} ${size === 1 ? 'trace' : 'traces'} (${share})`,
    typical: (titles) => `typique : ${titles}`,
    ends: (base, ends) => `${base} : ${ends}`,
    among: (count) => `Parmi les ${count} plus typiques`,
    all: 'Sur le total',
    errors: (share) => `${share} interrompues par une erreur`,
    languages: (list) => `langues : ${list}`,
    quote: (quoted) => `Par exemple : ${quoted}`,
  },
  es: {
    size: (size, share) => `${size} ${size === 1 ? 'traza' : 'trazas'} (${share})`,
    typical: (titles) => `típico: ${titles}`,
    ends: (base, ends) => `${base}: ${ends}`,
    among: (count) => `De las ${count} más típicas`,
    all: 'De todas',
    errors: (share) => `${share} se cortaron con un error`,
    languages: (list) => `idiomas: ${list}`,
    quote: (quoted) => `Por ejemplo: ${quoted}`,
  },
  nl: {
    size: (size, share) => `${size} ${size === 1 ? 'trace' : 'traces'} (${share})`,
    typical: (titles) => `typisch: ${titles}`,
    ends: (base, ends) => `${base}: ${ends}`,
    among: (count) => `Van de ${count} meest typische`,
    all: 'Van alle',
    errors: (share) => `${share} brak af met een fout`,
    languages: (list) => `talen: ${list}`,
    quote: (quoted) => `Bijvoorbeeld: ${quoted}`,
  },
}

/** Size and share, what typical members want, how they end, languages and errors where notable, and a short quote. */
export function describeNode(node: NodeToName, frame: FrameLanguage): string {
  const say = words[frame]
  const { members } = node
  // Of the most central, those whose titles were not cut read best.
  const known = distinct(members.slice(0, 10).map(({ summary }) => cutWords(summary.title, 70)))
  const titles = [
    ...known.filter((title) => !title.endsWith('…')),
    ...known.filter((title) => title.endsWith('…')),
  ].slice(0, 2)
  const first = `${say.size(node.size, percent(node.share))}; ${say.typical(
    joinAnd(
      titles.map((title) => frames[frame].quote(title)),
      frames[frame].and,
    ),
  )}.`
  const base = members.length < node.size ? say.among(members.length) : say.all
  const facts = [endings(members, frame) || errorsOf(members, say), ...languagesOf(members, say)].filter(
    (fact) => fact !== '',
  )
  const second = facts.length === 0 ? '' : ` ${say.ends(base, facts.join('; '))}.`
  const quote = quoteOf(members)
  return `${first}${second}${quote === undefined ? '' : ` ${say.quote(frames[frame].quote(quote))}`}`
}

function endings(members: readonly SummaryRecord[], frame: FrameLanguage): string {
  const shares = outcomeShares(members)
  return shares
    .slice(0, 3)
    .map(([outcome, share]) => `${percent(share)} ${lower(frames[frame].outcomes[outcome])}`)
    .join(', ')
}

/** Outcomes by their share, largest first; nothing where no ending is known. */
export function outcomeShares(members: readonly SummaryRecord[]): [Outcome, number][] {
  if (members.every(({ summary }) => summary.outcome === 'unclear')) return []
  return outcomes
    .map((outcome): [Outcome, number] => [
      outcome,
      members.filter(({ summary }) => summary.outcome === outcome).length / members.length,
    ])
    .filter(([, share]) => share >= 0.05)
    .sort((a, b) => b[1] - a[1])
}

function errorsOf(members: readonly SummaryRecord[], say: Words): string {
  const share = members.filter(({ facts }) => facts.state === 'ERROR').length / Math.max(1, members.length)
  return share >= 0.1 ? say.errors(percent(share)) : ''
}

function languagesOf(members: readonly SummaryRecord[], say: Words): string[] {
  const counts = new Map<string, number>()
  for (const { summary } of members)
    if (summary.language !== 'und') counts.set(summary.language, (counts.get(summary.language) ?? 0) + 1)
  const known = [...counts]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .filter(([, count]) => count / members.length >= 0.1)
  return known.length < 2
    ? []
    : [say.languages(known.map(([language, count]) => `${language} ${percent(count / members.length)}`).join(', '))]
}

function quoteOf(members: readonly SummaryRecord[]): string | undefined {
  for (const { summary } of members) {
    const quote = summary.evidence.find((item) => item.quote.length >= 20 && item.quote.length <= 140)?.quote
    if (quote !== undefined) return quote
  }
  return undefined
}

export function percent(share: number): string {
  const value = share * 100
  return value > 0 && value < 1 ? '<1%' : `${Math.round(value)}%`
}

function distinct(texts: readonly string[]): string[] {
  return [...new Map(texts.map((text) => [text.toLowerCase(), text])).values()]
}

function lower(text: string): string {
  return text === '' ? text : text[0]!.toLowerCase() + text.slice(1)
}
