// The sentences summaries are made of: what was done, how it ended, what failed.
import { joinAnd, tellActions } from './actions.ts'
import type { Frame } from './frames.ts'
import type { Lens } from './lens.ts'
import { feedbackVotes, meaningfulReply, type Ending } from './outcome.ts'
import { cutWords, toPlain } from './plain-text.ts'
import type { Reading, Said } from './reading.ts'
import { contentCount, withoutOpeners } from './request.ts'

/** What the assistant did, by its tools, else by its last telling reply. */
export function tellDeeds(reading: Reading, lens: Lens, frame: Frame): string | undefined {
  const visible = reading.actions.filter((action) => !action.isHandover)
  if (visible.length > 0)
    return frame.used(
      lens.assistant,
      lens.frame === 'en'
        ? tellActions(visible)
        : joinAnd(
            visible.slice(0, 4).map((action) => action.name),
            frame.and,
          ),
    )
  const reply = meaningfulReply(reading.assistant).find((said) => contentCount(said.plain) >= 3)
  const first = reading.user[0]
  if (reply === undefined || (first !== undefined && reply.turnIndex < first.turnIndex)) return undefined
  return frame.replied(lens.assistant, frame.quote(cutWords(withoutOpeners(reply.plain), 160)))
}

/** How it ended, with the words that show it; `undefined` where nothing shows it. */
export function tellEnding(reading: Reading, ending: Ending, frame: Frame): string | undefined {
  const quoted =
    ending.proof === undefined
      ? undefined
      : frame.quote(cutWords(withoutOpenersOf(ending.proof), 140).replace(/\.$/, ''))
  switch (ending.sign) {
    case 'error':
      return tellFailure(
        'broke',
        reading.errors.at(-1) === undefined
          ? undefined
          : frame.quote(cutWords(toPlain(reading.errors.at(-1)?.text ?? ''), 140)),
        frame,
      )
    case 'handover':
      return frame.handedOver
    case 'thanks':
      return quoted === undefined ? undefined : frame.thanked(quoted)
    case 'complaint':
      return quoted === undefined ? undefined : frame.complained(quoted)
    case 'refusal':
      return quoted === undefined ? undefined : frame.refused(quoted)
    case 'success':
      return quoted === undefined ? undefined : frame.confirmed(quoted)
    case 'feedback':
      return feedbackVotes(reading) < 0 ? frame.negativeFeedback : frame.positiveFeedback
    case 'abandoned':
      return frame.leftOpen
    case 'none':
    default:
      return undefined
  }
}

/** The clause for a failure of a kind. */
export function tellFailure(kind: string, quoted: string | undefined, frame: Frame): string | undefined {
  if (kind === 'broke') return quoted === undefined ? frame.brokeSilently : frame.broke(quoted)
  if (kind === 'handover') return frame.handedOver
  if (kind === 'feedback') return frame.negativeFeedback
  if (quoted === undefined) return undefined
  return kind === 'complaint' ? frame.complained(quoted) : frame.refused(quoted)
}

/** Closing words are told whole: in “Thanks, that's all” the first word is the point. */
function withoutOpenersOf(said: Said): string {
  return said.turn.kind === 'user' ? said.plain : withoutOpeners(said.plain)
}

/** A refusal or error without its apology. */
export function reasonText(plain: string): string {
  return withoutOpeners(plain.replace(/^(?:\w*error|exception)\s*:\s*/i, '')).replace(
    /^(?:(?:i'm|i am|we're|we are) (?:very |really |so )?(?:sorry|afraid)(?: but| that|,)*|sorry,? (?:but )?|i apologi[sz]e(?: for the (?:inconvenience|confusion))?[,.]?(?: but)?|unfortunately,?|however,?|leider|malheureusement,?|lamentablemente,?|helaas) /i,
    '',
  )
}

/** Clauses into one sentence. */
export function join(parts: readonly (string | undefined)[]): string {
  const told = parts.filter((part) => part !== undefined && part !== '')
  return told
    .map((part, index) => (index === told.length - 1 ? part : part?.replace(/[.;,]+$/, '')))
    .join('; ')
    .replace(/; (and|but|und|aber|et|mais|y|pero|en|maar) (?=it |the |es |der |cela|l'|rien|se |no )/g, '; $1 ')
}

/** One plain line that ends like a sentence. */
export function tidy(text: string): string {
  const line = toPlain(text)
    .replace(/\s+([,.;])/g, '$1')
    .trim()
  return /[.!?…”»“]$/.test(line) ? line : `${line}.`
}

/** A title as it stands inside a line. */
export function lowerTitle(title: string): string {
  return /^[A-Z][a-z]/.test(title) && !/^I\b/.test(title) ? uncapitalize(title) : title
}

/** First letter lower case. */
export function uncapitalize(text: string): string {
  return text === '' ? text : text[0]!.toLocaleLowerCase('en') + text.slice(1)
}
