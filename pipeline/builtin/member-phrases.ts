// What the members of a cluster say, ready for finding its title: heading, texts, phrases and stems.
import type { SummaryRecord } from '../insight.ts'
import { isGlossaryWord } from './glossary.ts'
import { detectLanguage } from './language.ts'
import { phrasesOf, wholeTitle, type Phrase } from './phrase-finder.ts'
import { deedNounOf, deedOf } from './noun-forms.ts'
import { sentencesOf, toPlain } from './plain-text.ts'
import { isNegation, wordsOfPhrase } from './title-words.ts'
import { baseOfVerb, isState, isWeakVerb } from './word-class.ts'

export type MemberPhrases = {
  /** “Could not help” and the like, in front of a colon, where the question gave it one. */
  heading: string | undefined
  /** After “Tool failed”: the tool and what it said. */
  tool: string | undefined
  reason: string | undefined
  phrases: ReadonlyMap<string, Phrase>
  stems: ReadonlySet<string>
  /** What was done for it, as nouns: “exchange”, “ride booking”. */
  done: readonly string[]
  /** What its tools did, with what to: “device restart”, “help centre search”. */
  uses: readonly string[]
  /** Its words that end like plurals. */
  plurals: readonly string[]
  /** Whether it speaks the language of the title, or was put into it by the glossary. */
  isReadable: boolean
}

const mostSentences = 4
/** The tools and documents behind a text; the title of a document may hold brackets of its own. */
const contextEnd = /\s*\(((?:[^()]|\([^()]*\))*)\)$/

/** Reads members once each, however many nodes hold them. */
export function createMemberReader(frame: string): (record: SummaryRecord) => MemberPhrases {
  const known = new Map<SummaryRecord, MemberPhrases>()
  return (record) => {
    const before = known.get(record)
    if (before !== undefined) return before
    const read = readMember(record, frame)
    known.set(record, read)
    return read
  }
}

function readMember({ summary }: SummaryRecord, frame: string): MemberPhrases {
  const { heading, subject, body } = splitHeading(summary.title, summary.groupingText)
  const failed = heading === undefined ? undefined : toolAndReason(heading, summary.groupingText, body)
  const context = contextEnd.exec(summary.groupingText)?.[1]?.split(', ') ?? []
  const own = summary.language === 'und' ? 'en' : summary.language
  const texts = [
    subject,
    ...sentencesOf(body)
      .slice(0, mostSentences)
      .map(({ plain }) => plain),
  ].map((text) => ({
    text: plainNames(text),
    language: own,
  }))
  // Titles of documents found were written to be titles.
  const found = context.filter((text) => /^\p{Lu}/u.test(text) && text.includes(' '))
  const glossed = heading === undefined && frame === 'en' && own !== 'en' ? context.filter(isGlossaryWord) : []
  const english = [...glossed, ...statesOf(glossed)]
  const phrases = new Map<string, Phrase>()
  for (const text of found) {
    const whole = [frame, 'und'].includes(detectLanguage(text)) ? wholeTitle(text) : undefined
    if (whole !== undefined) phrases.set(whole.key, whole)
  }
  for (const { text, language } of texts.filter(({ language }) => language === frame || own === 'en'))
    for (const phrase of phrasesOf(text, language)) if (!phrases.has(phrase.key)) phrases.set(phrase.key, phrase)
  for (const text of english)
    for (const phrase of phrasesOf(text, 'en')) if (!phrases.has(phrase.key)) phrases.set(phrase.key, phrase)
  for (const text of frame === 'en' && heading === undefined ? thingsOfTools(context) : [])
    for (const phrase of phrasesOf(text, 'en')) if (!phrases.has(phrase.key)) phrases.set(phrase.key, phrase)
  const stems = new Set<string>()
  const plurals: string[] = []
  for (const { text } of [...texts, ...english.map((text) => ({ text }))])
    for (const word of wordsOfPhrase(text)) {
      if (word.isContent || isNegation(word.lower)) stems.add(word.stem)
      if (word.isContent && word.lower.endsWith('s')) plurals.push(word.lower)
    }
  return {
    heading,
    tool: failed?.tool,
    reason: failed?.reason,
    phrases,
    stems,
    done: frame === 'en' ? deedsOfTools(context) : [],
    uses: frame === 'en' ? usesOfTools(context) : [],
    plurals,
    isReadable: own === frame || english.length > 0,
  }
}

/** “thermostat” and “offline” in another language are “thermostat offline” here. */
function statesOf(words: readonly string[]): string[] {
  const things = words.filter((word) => !isState(word)).slice(0, 2)
  return words.filter(isState).flatMap((state) => things.map((thing) => `${thing} is ${state}`))
}

const systemWords =
  /\b(?:status|details?|info|ids?|data|zip|customer|user|users|device|human|name|types?|products?|orders?)\b/

/** `submit meter read` → “meter read”: what a tool is for names a topic in any language. */
function thingsOfTools(context: readonly string[]): string[] {
  return context.flatMap((tool) => {
    const [verb = '', ...object] = tool.split(' ')
    const isNamed =
      verb !== 'search' &&
      baseOfVerb(verb) === verb &&
      object.length > 0 &&
      object.length < 3 &&
      !systemWords.test(object.join(' '))
    return isNamed
      ? [
          object
            .join(' ')
            .replace(/\breads?$/, 'reading')
            .replace(/(?<=^\w+)s$/, ''),
        ]
      : []
  })
}

/** `exchange delivered order items` → “exchange”; `ride book` → “ride booking”. */
function deedsOfTools(context: readonly string[]): string[] {
  return context.flatMap((tool) => {
    const words = tool.split(' ')
    const [first = '', last = ''] = [words[0], words.at(-1)]
    const leading = deedNounOf(first)
    // `set schedule` sets one: its last word is what it is done to.
    if (isWeakVerb(first)) return []
    if (leading !== undefined) return [leading]
    const trailing = words.length === 2 ? deedNounOf(last) : undefined
    return trailing === undefined || isWeakVerb(last) ? [] : [deedOf(last, first)]
  })
}

/** `restart device` → “device restart”, `search help centre` → “help centre search”. */
function usesOfTools(context: readonly string[]): string[] {
  return context.flatMap((tool) => {
    const [verb = '', ...object] = tool.split(' ')
    const isUse = useNouns.has(verb) && object.length > 0 && object.length < 3
    return isUse ? [`${object.join(' ')} ${verb}`] : []
  })
}

/** Verbs of tools that are called the same as nouns. */
const useNouns = new Set(
  'restart rollback reset search report repair refund transfer upgrade update export import'.split(' '),
)

/** “Could not help: exchange a lamp” → its heading, its subject, and the rest of what was grouped by. */
function splitHeading(
  title: string,
  groupingText: string,
): { heading: string | undefined; subject: string; body: string } {
  const said = groupingText.replace(contextEnd, '')
  const colon = /^([^:]{4,40}): (.+)$/.exec(title)
  const heading = colon?.[1]
  if (heading === undefined || !groupingText.startsWith(heading))
    return { heading: undefined, subject: title, body: said }
  let body = said
  while (body.startsWith(heading)) body = body.slice(heading.length).replace(/^[^.]*(?:\. |$)/, '')
  return { heading, subject: colon?.[2] ?? '', body }
}

function toolAndReason(
  heading: string,
  groupingText: string,
  body: string,
): { tool: string | undefined; reason: string | undefined } {
  const tool = groupingText.slice(heading.length).split('. ')[0]?.trim()
  const reason = sentencesOf(body)[0]?.plain
  return { tool: tool === '' ? undefined : tool, reason }
}

function plainNames(text: string): string {
  return toPlain(text)
    .replace(/\b(?:Dr|dr)\b\.?(?: [A-Z]\p{L}+)?/gu, 'doctor')
    .replace(
      /\b(my|the|a|an|this|your|auto|automatic|failed|pending|recent|last|cancel|verify) (top|follow|log|sign|check|pick) ?(up|in|off|out)\b/gi,
      '$1 $2-$3',
    )
    .replace(/\bappt\b\.?/gi, 'appointment')
    .replace(/\bapt\b\.?/gi, 'apartment')
    .replace(/\b(?:Mr|Mrs|Ms)\b\.?(?: [A-Z]\p{L}*)*/gu, '')
}
