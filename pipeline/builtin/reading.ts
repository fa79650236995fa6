// One reading of a transcript, shared by everything the built-in analyst says of it.
import type { Transcript, Turn } from '../transcript/transcript.ts'
import { actionsOf, type Action } from './actions.ts'
import { asks, complaints, fillers, problems, refusals } from './cues.ts'
import { detectLanguage } from './language.ts'
import { sentencesOf, withoutIdentifiers, type Sentence } from './plain-text.ts'
import { contentCount, toRequest, withoutOpeners, type Request } from './request.ts'

/** A sentence of a turn: `order` counts turns of its speaker. */
export type Said = Sentence & { turn: Turn; turnIndex: number; order: number; position: number }

export type Reading = {
  transcript: Transcript
  user: Said[]
  assistant: Said[]
  language: string
  /** Sentences that ask for something, most telling first; empty when nobody asked anything. */
  wishes: { said: Said; request: Request; score: number }[]
  actions: Action[]
  lastUser: Turn | undefined
  lastAssistant: Turn | undefined
  refusal: Said | undefined
  complaint: Said | undefined
  errors: Turn[]
}

const mostTurns = 60
const mostWishes = 6

/** Reads a transcript once: who said what, what was wanted, done, refused and complained about. */
export function readTranscript(transcript: Transcript): Reading {
  const userTurns: [Turn, number][] = []
  const assistantTurns: [Turn, number][] = []
  transcript.turns.forEach((turn, index) => {
    if (turn.kind === 'user') userTurns.push([turn, index])
    else if (turn.kind === 'assistant') assistantTurns.push([turn, index])
  })
  const user = say(userTurns)
  const assistant = say(assistantTurns)
  const language = detectLanguage(
    user
      .slice(0, 40)
      .map((said) => said.plain)
      .join('\n') ||
      assistant
        .slice(0, 10)
        .map((said) => said.plain)
        .join('\n'),
  )
  const firstAsk = userTurns[0]?.[1] ?? 0
  const replies = assistant.filter((said) => said.turnIndex > firstAsk)
  return {
    transcript,
    user,
    assistant,
    language,
    wishes: findWishes(user, language),
    actions: actionsOf(transcript.turns),
    lastUser: userTurns.at(-1)?.[0],
    lastAssistant: assistantTurns.at(-1)?.[0],
    refusal: replies.slice(-60).findLast((said) => refusals.test(said.plain) && contentCount(said.plain) >= 3),
    complaint: user.findLast((said) => said.order > 0 && said.plain.length < 400 && complaints.test(said.plain)),
    errors: transcript.turns.filter((turn) => turn.kind === 'error' && turn.name !== 'stack trace'),
  }
}

/** Sentences of the first and last turns of a very long conversation, of all turns of any other. */
function say(turns: readonly [Turn, number][]): Said[] {
  const kept =
    turns.length <= mostTurns
      ? turns.map((turn, order) => ({ turn, order }))
      : [
          ...turns.slice(0, mostTurns - 20).map((turn, order) => ({ turn, order })),
          ...turns.slice(-20).map((turn, i) => ({ turn, order: turns.length - 20 + i })),
        ]
  return kept.flatMap(({ turn: [turn, turnIndex], order }) =>
    sentencesOf(turn.text).map((sentence, position) => ({ ...sentence, turn, turnIndex, order, position })),
  )
}

const vague = new Set(
  'order orders recent account help question questions issue problem change changes something request assistance item items purchase details information today thing things couple few make place placed'.split(
    ' ',
  ),
)

function findWishes(user: readonly Said[], language: string): Reading['wishes'] {
  return user
    .filter((said) => said.order < 10 && said.position < 20)
    .map((said) => ({ said, score: scoreWish(said, language) }))
    .filter(({ score, said }) => score > 0 || said.order === 0)
    .sort((a, b) => b.score - a.score || a.said.order - b.said.order || a.said.position - b.said.position)
    .slice(0, mostWishes)
    .map(({ said, score }) => ({ said, score, request: toRequest(said.plain, language) }))
}

function scoreWish(said: Said, language: string): number {
  const plain = withoutIdentifiers(withoutOpeners(said.plain))
  const content = contentCount(plain)
  if (content === 0) return -3
  const isEnglish = language === 'en' || language === 'und'
  const words = plain.toLowerCase().match(/\p{L}[\p{L}'-]*/gu) ?? []
  const telling = isEnglish ? Math.max(0, content - words.filter((word) => vague.has(word)).length) : content
  let score = Math.min(telling, 8) * 0.22
  if (asks.test(plain)) score += 1.5
  if (problems.test(plain)) score += 1.2
  if (plain.endsWith('?')) score += 0.4
  if (fillers.test(plain)) score -= 3
  if (telling <= 1) score -= 1.2
  if (words.length > 45) score -= 0.8
  // “If that is not possible …” and “exchange it” lean on what was said before.
  if (/^(?:if|in case|once|when|since|assuming)\b/i.test(plain)) score -= 0.6
  return score - said.order * 0.6 - said.position * 0.1
}
