// What a trace is about, and what makes it like others: its request, or whatever it has instead.
import { stemOf } from '#/clustering/text/stem.ts'
import type { Turn } from '../transcript/transcript.ts'
import { wordsOf } from './actions.ts'
import type { Frame } from './frames.ts'
import { englishWordsFor } from './glossary.ts'
import type { Lens } from './lens.ts'
import { cutWords, sentenceCase, sentencesOf, toPlain } from './plain-text.ts'
import type { Reading } from './reading.ts'
import { reportRequest, titleOfRequest, withoutOpeners, type Request } from './request.ts'

/** A sentence and the turn it stands in. */
export type Source = { raw: string; plain: string; turn: Turn }

/** What a trace is about: its request, or whatever it has instead. */
export type Subject = {
  head: (lens: Lens, frame: Frame) => string
  title: string
  grouping: string
  sources: (Source | undefined)[]
}

/** The subject of a reading; `undefined` when it holds nothing but system text. */
export function subjectOf(reading: Reading): Subject | undefined {
  const [best, ...more] = reading.wishes
  if (best !== undefined) {
    const second = more.find(
      ({ said, score, request }) => score > 0.9 && said.order !== best.said.order && addsTo(request, best.request),
    )
    return {
      head: (lens, frame) => tellRequest(best, second, reading, lens, frame),
      title: titleOfRequest(best.request),
      grouping: groupingOf(reading),
      sources: [best.said, second?.said],
    }
  }
  const spoken = reading.user[0] ?? reading.assistant[0]
  const other = spoken ?? firstOf(reading.transcript.turns.filter((turn) => turn.kind !== 'system'))
  if (other === undefined) return undefined
  const plain = withoutOpeners(other.plain)
  return {
    head: (lens, frame) =>
      spoken === undefined
        ? `${sentenceCase(label(other.turn))}: ${frame.quote(cutWords(plain, 160))}`
        : frame.says(speaker(other.turn, lens), frame.quote(cutWords(plain, 160))),
    title: sentenceCase(cutWords(plain, 80)),
    grouping: plain,
    sources: [other],
  }
}

function speaker(turn: Turn, lens: Lens): string {
  return turn.kind === 'assistant' ? sentenceCase(lens.assistant) : lens.user
}

function label(turn: Turn): string {
  return `${turn.kind.replace('_', ' ')}${turn.name === undefined ? '' : ` ${cutWords(toPlain(turn.name), 40)}`}`
}

function firstOf(turns: readonly Turn[]): Source | undefined {
  for (const turn of turns) {
    const first = sentencesOf(turn.text)[0]
    if (first !== undefined) return { ...first, turn }
  }
  // Nothing but signs: “👍” still says something.
  for (const turn of turns) {
    const plain = toPlain(turn.text.slice(0, 500))
    if (plain !== '') return { raw: turn.text.slice(0, 200), plain, turn }
  }
  return undefined
}

function addsTo(request: Request, to: Request): boolean {
  const known = new Set((to.phrase.toLowerCase().match(/\p{L}{3,}/gu) ?? []).map(stemOf))
  const words = (request.phrase.toLowerCase().match(/\p{L}{3,}/gu) ?? []).map(stemOf)
  return words.length > 0 && words.filter((word) => !known.has(word)).length / words.length > 0.5
}

function tellRequest(
  best: Reading['wishes'][number],
  second: Reading['wishes'][number] | undefined,
  reading: Reading,
  lens: Lens,
  frame: Frame,
): string {
  const told = tell(best, reading, lens)
  const also = second === undefined ? undefined : tell(second, reading, lens)
  if (told !== undefined) return `${lens.user} ${told}${also === undefined ? '' : `, and later ${also}`}`
  const quoted = frame.quote(cutWords(withoutOpeners(best.said.plain).replace(/[.]+$/, ''), 180))
  return best.said.plain.endsWith('?') ? frame.asks(lens.user, quoted) : frame.says(lens.user, quoted)
}

function tell({ request }: Reading['wishes'][number], reading: Reading, lens: Lens): string | undefined {
  if (lens.frame !== 'en' || (reading.language !== 'en' && reading.language !== 'und')) return undefined
  const told = reportRequest(request)
  return told === undefined || told.length > 240 ? undefined : told.replace('the assistant', lens.assistant)
}

/** What makes requests alike: the sentences that ask, in the order they were said; one sentence stays as it is. */
function groupingOf(reading: Reading): string {
  const best = reading.wishes[0]?.score ?? 0
  const chosen = reading.wishes
    .filter(({ score }, index) => index === 0 || (index < 4 && score > 0.8 && score > best - 2.2))
    .map(({ said }) => said)
  chosen.sort((a, b) => a.order - b.order || a.position - b.position)
  return cutWords(chosen.map((said) => withoutOpeners(said.plain)).join(' '), 500)
}

/**
 * What was looked up and done for somebody tells what they asked for, too: tools as words, kinds of things the tools
 * named, titles of documents found; and, where the request is not English, its subject in English, so that the same wish
 * in two languages is near itself.
 */
export function contextWords(reading: Reading, subject: Subject): string {
  const used = reading.actions.filter((action) => !action.isHandover && action.name !== 'retrieval')
  // Looking things up serves many ends; what was done in the end is the point, and counts twice.
  const done = used.filter((action) => !action.isLookup).map((action) => wordsOf(action.name).join(' '))
  const tools = done.length > 0 ? done : used.map((action) => wordsOf(action.name).join(' '))
  const words = [
    ...englishWordsFor(subject.grouping, reading.language),
    ...tools.slice(0, 5),
    ...(done.length > 0 ? [] : kindsNamed(reading)),
    ...titlesFound(reading),
  ]
  const told = [...new Set(words), ...done.slice(0, 5)]
  return told.length === 0 ? '' : `(${told.join(', ')})`
}

/** Words such as `"type": "thermostat"` in what tools were given and gave: they name the thing without its id. */
function kindsNamed({ transcript }: Reading): string[] {
  const kinds = new Set<string>()
  for (const { kind, text } of transcript.turns) {
    if ((kind !== 'tool_call' && kind !== 'tool_result') || text.length > 5_000) continue
    for (const match of text.matchAll(
      /"(?:type|category|kind|topic|reason|device|product|tariff|subject)"\s*:\s*"([\p{L}][\p{L} _-]{2,30})"/giu,
    ))
      kinds.add(wordsOf(match[1] ?? '').join(' '))
    if (kinds.size >= 4) break
  }
  return [...kinds].slice(0, 4)
}

function titlesFound({ transcript }: Reading): string[] {
  const titles = transcript.turns
    .filter(
      (turn) =>
        turn.kind === 'retrieval' && turn.name !== undefined && turn.name.length < 80 && !turn.name.endsWith(' query'),
    )
    .map((turn) => toPlain(turn.name ?? ''))
  return titles.slice(0, 2)
}
