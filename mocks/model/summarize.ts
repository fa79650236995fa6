// A summary by extraction: what the user asked, what came back, how it ended.
import { readTurns, type Turn } from './read-prompt.ts'
import { capitalize, cut, firstWords, guessLanguage, toContentWords, toSentences } from './sentences.ts'

export type Extract = {
  title: string
  summary: string
  grouping: string
  outcome: string
  language: string
  quotes: { turn: number; quote: string }[]
}

/** What can be said of a trace (or a part of one) by picking from its turns. */
export function extract(block: string, facts: string): Extract {
  const turns = readTurns(block).filter(({ kind, text }) => kind !== 'system' && text.trim() !== '')
  const asked = turns.filter(({ kind }) => kind === 'user')
  const answered = turns.filter(({ kind }) => kind === 'assistant')
  const lead = asked[0] ?? turns[0] ?? { number: 1, kind: 'data', text: 'nothing was said' }
  const wish = keySentence(asked.length > 0 ? asked : [lead])
  const ending = answered.at(-1)
  const reply = ending === undefined ? '' : (toSentences(ending.text)[0] ?? '')
  const outcome = toOutcome(turns, facts)
  const sentences = [
    asked.length > 0 ? `The user said: “${cut(wish.text, 220)}”` : `The trace holds: “${cut(wish.text, 220)}”`,
    reply === '' ? 'No answer was given.' : `The assistant answered: “${cut(reply, 180)}”`,
    outcomeSentences[outcome] ?? '',
  ]
  const quotes = [{ turn: wish.turn, quote: cut(wish.text, 200) }]
  if (ending !== undefined && reply !== '') quotes.push({ turn: ending.number, quote: cut(reply, 200) })
  return {
    title: toTitle(wish.text),
    summary: sentences.join(' '),
    grouping: toGroupingText(asked.length > 0 ? asked : [lead]),
    outcome,
    language: guessLanguage(asked.map(({ text }) => text).join(' ')),
    quotes,
  }
}

const outcomeSentences: Readonly<Record<string, string>> = {
  resolved: 'It was settled.',
  unresolved: 'It stayed open.',
  handed_off: 'It was passed on to a person.',
  error: 'The system broke off.',
  unclear: 'How it ended is not said.',
}

/** The first sentence that says something (people come with their wish), else the one that says most. */
function keySentence(turns: readonly Turn[]): { turn: number; text: string } {
  let best = { turn: turns[0]?.number ?? 1, text: turns[0]?.text.trim() ?? '', words: -1 }
  for (const { number, text } of turns.slice(0, 3)) {
    for (const sentence of toSentences(text).slice(0, 12)) {
      const words = toContentWords(sentence).length
      if (words >= 3) return { turn: number, text: sentence }
      if (words > best.words) best = { turn: number, text: sentence, words }
    }
  }
  return best
}

const openers =
  /^(hi|hello|hey|good (morning|evening|afternoon)|hallo|guten tag|bonjour|hola|ciao|dear \w+|thanks|thank you|ok|okay|yes|no|please|so|well|um|uh)\b[\s,.…!:;-]*/i
const wishes =
  /^(i('d| would)? (like|want|need|wish|am trying|am looking|was wondering|just)( you)?( to| for| if)?|i('m| am) (trying|looking|hoping|writing|checking)( to| for| on| you)?|(can|could) (you|i)( please)?|help me( to| with)?|how (do|can) i|what('s| is)|please)\s+/i

function toTitle(text: string): string {
  let bare = text.replace(/\s+/g, ' ').replaceAll('’', "'").trim()
  for (let round = 0; round < 4; round++) bare = bare.replace(openers, '').replace(wishes, '')
  const title = firstWords(bare === '' ? text : bare, 9).replace(/[.?!,;:]+$/, '')
  return capitalize(title === '' ? 'Nothing said' : title)
}

function toGroupingText(turns: readonly Turn[]): string {
  const said = turns
    .slice(0, 3)
    .map(({ text }) => cut(text.replace(/\s+/g, ' ').trim().replace(openers, ''), 300))
    .join(' ')
  const kept = said
    .replace(/\S*[\d@#]\S*/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  return kept === '' ? said : kept
}

function toOutcome(turns: readonly Turn[], facts: string): string {
  const last = turns.at(-1)
  if (/state ERROR/.test(facts) || last?.kind === 'error') return 'error'
  const ending = turns
    .slice(-3)
    .map(({ text }) => text)
    .join(' ')
    .toLowerCase()
  const all = turns
    .map(({ text }) => text)
    .join(' ')
    .toLowerCase()
  if (/transfer(red|ring)? (you )?to|hand(ed|ing)? (you )?(over|off)|human agent|colleague will|escalat/.test(all)) {
    return 'handed_off'
  }
  if (/not (possible|able)|cannot|can't|can’t|unable|unfortunately/.test(ending)) return 'unresolved'
  if (/thank|danke|merci|gracias|bedankt|grazie|great|perfect|glad|done|confirmed|all set/.test(ending))
    return 'resolved'
  if (/sorry|still (not|no|waiting)/.test(ending)) return 'unresolved'
  return 'unclear'
}
