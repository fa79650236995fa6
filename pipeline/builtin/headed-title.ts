// Titles of groups whose members carry a heading: what failed and why, or how it ended.
import { frames, type FailureKind } from './frames.ts'
import type { FrameLanguage, Lens } from './lens.ts'
import type { MemberPhrases } from './member-phrases.ts'
import { cutWords, sentenceCase } from './plain-text.ts'
import { reasonText } from './tell.ts'
import { isWeakEnd } from './word-class.ts'

/** “Agent could not help”: headings as something that is said of a group; those left out stand as they are. */
const told: Readonly<Record<FrameLanguage, (lens: Lens) => Partial<Record<FailureKind, string>>>> = {
  en: ({ user, assistant }) => ({ complaint: `${user} complained`, refusal: `${plain(assistant)} could not help` }),
  de: ({ user, assistant }) => ({
    complaint: `${user} beschwert sich`,
    refusal: `${plain(assistant)} konnte nicht helfen`,
  }),
  fr: ({ user }) => ({ complaint: `${user} se plaint` }),
  es: ({ user }) => ({ complaint: `${user} se queja` }),
  nl: ({ user, assistant }) => ({ complaint: `${user} klaagt`, refusal: `${plain(assistant)} kon niet helpen` }),
}

function plain(assistant: string): string {
  return sentenceCase(assistant.replace(/^(?:the|der|de|l'|le|el) ?/, ''))
}

/** For groups of which no ending speaks for most: two endings side by side would say nothing. */
const mixedEndings: Readonly<Record<FrameLanguage, string>> = {
  en: 'Mixed endings',
  de: 'Gemischter Ausgang',
  fr: 'Issues diverses',
  es: 'Finales variados',
  nl: 'Wisselende afloop',
}

/** A heading as a group's title says it: “Could not help” → “Agent could not help”. */
function headingAsTold(heading: string, lens: Lens): string {
  const { failures } = frames[lens.frame]
  const kind = (Object.keys(failures) as FailureKind[]).find((known) => failures[known] === heading)
  return (kind === undefined ? undefined : told[lens.frame](lens)[kind]) ?? heading
}

/**
 * Titles, best first, for members most of which have headings; `undefined` where they have none. One heading for at
 * least two thirds is the title, with the reason that most give or the topic that most share; two headings stand side
 * by side.
 */
export function headedTitles(
  members: readonly MemberPhrases[],
  topics: readonly string[],
  lens: Lens,
): string[] | undefined {
  const counted = countedBy(members, ({ heading }) => heading)
  const covered = counted.reduce((sum, [, count]) => sum + count, 0)
  const [first, second] = counted
  if (first === undefined || covered < members.length * 0.75) return undefined
  const head = headingAsTold(first[0], lens)
  const about = topics.map((topic) => `${head}: ${lowerTopic(topic)}`)
  if (first[1] >= members.length * 0.66) {
    if (first[0] === frames[lens.frame].failures.none) return [head, ...about]
    if (first[0] === frames[lens.frame].failures.tool) return [...failedTool(members, head), head, ...about]
    const why = first[0] === frames[lens.frame].failures.refusal ? sharedReason(members) : undefined
    return [...(why === undefined ? [] : [`${head}: ${why}`]), ...about.slice(0, 1), head, ...about]
  }
  if (second === undefined || second[1] < members.length * 0.12) return [head, ...about]
  if (lens.kind === 'outcomes') {
    const mixed = mixedEndings[lens.frame]
    return [...topics.map((topic) => `${mixed}: ${lowerTopic(topic)}`), mixed]
  }
  const both = `${head}; ${lowerTopic(headingAsTold(second[0], lens))}`
  return [both, ...topics.map((topic) => `${both}: ${lowerTopic(topic)}`), ...about]
}

/** The heading that two thirds of some summaries carry in front of their titles; `undefined` where they carry none. */
export function headingOf(summaries: readonly { title: string; groupingText: string }[]): string | undefined {
  const counts = new Map<string, number>()
  for (const { title, groupingText } of summaries) {
    const heading = /^([^:]{4,40}): /.exec(title)?.[1]
    if (heading !== undefined && groupingText.startsWith(heading)) counts.set(heading, (counts.get(heading) ?? 0) + 1)
  }
  const [best] = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  return best !== undefined && best[1] >= summaries.length * 0.66 ? best[0] : undefined
}

/** “Tool failed: order not found”, else with the tool that failed most. */
function failedTool(members: readonly MemberPhrases[], head: string): string[] {
  const reasons = countedBy(members, ({ reason }) => (reason === undefined ? undefined : shortReason(reason)))
  const tools = countedBy(members, ({ tool }) => tool)
  const titles: string[] = []
  const [reason] = reasons
  if (reason !== undefined && reason[1] >= members.length * 0.3) titles.push(`${head}: ${reason[0]}`)
  for (const [tool, count] of tools) if (count >= members.length * 0.3) titles.push(`${head}: ${tool}`)
  if (reason !== undefined && titles.length === 0) titles.push(`${head}: ${reason[0]}`)
  return titles
}

const reasonWords = { least: 3, most: 8 }

/** The longest beginning of their reasons that at least a third of the members share: it tells more than what they had asked for. */
function sharedReason(members: readonly MemberPhrases[]): string | undefined {
  const reasons = members.map(({ reason }) => (reason === undefined ? [] : clauseOf(reason).split(' ')))
  for (let words = reasonWords.most; words >= reasonWords.least; words--) {
    const counts = new Map<string, number>()
    for (const reason of reasons) {
      const beginning = reason.slice(0, words)
      while (isWeakEnd(beginning.at(-1)?.toLowerCase() ?? '')) beginning.pop()
      const text = beginning.join(' ')
      if (beginning.length >= reasonWords.least) counts.set(text, (counts.get(text) ?? 0) + 1)
    }
    const [best] = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    if (best !== undefined && best[1] >= members.length / 3) return lowerTopic(best[0])
  }
  return undefined
}

/** The first clause of an error message, in small letters, without ids and its “Error:”, at most six words of it. */
function shortReason(reason: string): string | undefined {
  const text = cutWords(clauseOf(reason).split(' ').slice(0, 6).join(' '), 60).replace(/[\s,;:.!?…]+$/, '')
  return text === '' ? undefined : lowerTopic(text)
}

function clauseOf(reason: string): string {
  const clause = reasonText(reason.replace(/^(?:\w*(?:error|exception))\s*[:,-]\s*/i, ''))
    .replace(/\s*[([{].*$/, '')
    .split(/[.;:,]\s|\s[–—-]\s/)[0]
  const words = (clause ?? '').split(' ').filter((word) => word !== '…')
  return words.join(' ').replace(/[\s,;:.!?…]+$/, '')
}

function countedBy(
  members: readonly MemberPhrases[],
  by: (member: MemberPhrases) => string | undefined,
): [string, number][] {
  const counts = new Map<string, number>()
  for (const member of members) {
    const key = by(member)
    if (key !== undefined && key !== '') counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
}

/** A title in the middle of a line: a small letter in front, except of names and abbreviations. */
export function lowerTopic(text: string): string {
  return /^\p{Lu}\p{Ll}/u.test(text) && !/^\p{Lu}\p{L}* \p{Lu}/u.test(text)
    ? text[0]!.toLowerCase() + text.slice(1)
    : text
}
