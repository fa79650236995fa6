// One trace in a sentence or two, under the question: picked and compressed from the trace itself.
import { stemOf } from '#/clustering/text/stem.ts'
import { AppError } from '../errors.ts'
import { noUsage, type Summary } from '../insight.ts'
import type { Lens as QuestionLens } from '../lens.ts'
import type { Transcript } from '../transcript/transcript.ts'
import { joinAnd, tellActions } from './actions.ts'
import { toEvidence } from './evidence.ts'
import { facetsOf } from './facets.ts'
import { failureOf } from './failures.ts'
import { frameOf } from './frames.ts'
import { type Lens, toLens } from './lens.ts'
import { endingOf, meaningfulReply, type Ending } from './outcome.ts'
import { cutWords, sentenceCase, sentencesOf, toPlain, withoutIdentifiers } from './plain-text.ts'
import { readTranscript, type Reading, type Said } from './reading.ts'
import { contentCount, titleOfRequest, toRequest, withoutOpeners } from './request.ts'
import { contextWords, subjectOf, type Source, type Subject } from './subject.ts'
import { join, lowerTitle, reasonText, tellEnding, tellDeeds, tellFailure, tidy, uncapitalize } from './tell.ts'

type Answer = { title: string; text: string; groupingText: string; sources: (Source | undefined)[] }

/** Summarizes a transcript under a lens. Throws `trace.empty` when it holds nothing but system text. */
export function summarizeTranscript(transcript: Transcript, lens: Lens, asked?: QuestionLens): Summary {
  const reading = readTranscript(transcript)
  const subject = subjectOf(reading)
  if (subject === undefined)
    throw new AppError('trace.empty', `Trace ${transcript.traceId} says nothing that could be summarized.`)
  const ending = endingOf(reading)
  const answer = answers[lens.kind](reading, subject, ending, lens)
  const grouping = groupingOf(asked, {
    lens,
    answer,
    answerAs: (kind) => answers[kind](reading, subject, ending, lens),
  })
  const language = reading.language === 'und' && reading.user.length === 0 ? 'und' : reading.language
  const text = tidy(answer.text)
  return {
    title: limitWords(answer.title, 12) || limitWords(subject.title, 12),
    text,
    groupingText:
      withoutNames(withoutIdentifiers(toPlain(grouping)), reading) ||
      withoutIdentifiers(subject.grouping) ||
      subject.title,
    outcome: ending.outcome,
    language,
    evidence: toEvidence(answer.sources.filter((source) => source !== undefined)),
    ...(asked === undefined || asked.facets.length === 0
      ? {}
      : { facets: facetsOf(asked.facets, reading, { outcome: ending.outcome, language }) }),
    readShare: transcript.readShare,
    usage: noUsage,
    model: 'builtin',
  }
}

/** What makes two traces alike: told under another kind of question where the lens says so, without what it ignores. */
function groupingOf(
  asked: QuestionLens | undefined,
  told: { lens: Lens; answer: Answer; answerAs: (kind: Lens['kind']) => Answer },
): string {
  const { groupingText } = told.answer
  if (asked === undefined) return groupingText
  const kind = asked.alike.trim() === '' ? told.lens.kind : toLens(asked.alike).kind
  const text = kind === told.lens.kind || kind === 'terms' ? groupingText : told.answerAs(kind).groupingText
  const ignored = new Set(toLens(asked.ignore).terms)
  if (ignored.size === 0) return text
  const kept = text.split(' ').filter((word) => !ignored.has(stemOf(word.toLowerCase().replace(/[^\p{L}'-]+/gu, ''))))
  return kept.length === 0 ? text : kept.join(' ')
}

const answers: Record<Lens['kind'], (reading: Reading, subject: Subject, ending: Ending, lens: Lens) => Answer> = {
  requests(reading, subject, ending, lens) {
    const frame = frameOf(lens)
    const parts = [subject.head(lens, frame), tellDeeds(reading, lens, frame), tellEnding(reading, ending, frame)]
    return {
      title: subject.title,
      text: join(parts),
      groupingText: `${subject.grouping} ${contextWords(reading, subject)}`.trim(),
      sources: [...subject.sources.slice(0, 1), ending.proof, ...subject.sources.slice(1)],
    }
  },

  failures(reading, subject, ending, lens) {
    const frame = frameOf(lens)
    const found = failureOf(reading, ending)
    const reason = found.reason === undefined ? undefined : cutWords(reasonText(found.reason.plain), 180)
    const head = subject.head(lens, frame)
    const heading = frame.failures[found.kind]
    if (found.kind === 'none') {
      return {
        title: `${heading}: ${lowerTitle(subject.title)}`,
        text: join([`${frame.nothingWrong}: ${uncapitalize(head)}`, tellEnding(reading, ending, frame)]),
        groupingText: heading,
        sources: [ending.proof, ...subject.sources],
      }
    }
    const said = reason === undefined ? undefined : frame.quote(reason)
    const tail = found.kind === 'tool' && said !== undefined ? undefined : tellFailure(found.kind, said, frame)
    const first = found.kind === 'tool' && said !== undefined ? `${frame.toolFailed(found.tool ?? '', said)}. ` : ''
    const name = found.tool === undefined ? '' : ` ${found.tool.replace(/[_-]+/g, ' ')}`
    return {
      title: `${heading}: ${found.kind === 'tool' ? lowerTitle(`${name.trim()} ${reason ?? ''}`) : lowerTitle(reason === undefined || found.kind === 'handover' ? subject.title : titleOfRequest(toRequest(reason, reading.language)))}`,
      text: `${first}${join([head, tail ?? tellEnding(reading, ending, frame)])}`,
      groupingText: `${heading}${name}. ${reason === undefined ? subject.title : reason} ${found.kind === 'handover' || found.kind === 'complaint' ? subject.title : ''}`,
      sources: [found.reason, reading.complaint, ...subject.sources],
    }
  },

  outcomes(reading, subject, ending, lens) {
    const frame = frameOf(lens)
    const last = meaningfulReply(reading.assistant)
    const reply = last.find((said) => said === ending.proof) ?? last.find((said) => contentCount(said.plain) >= 3)
    const heading = frame.outcomes[ending.outcome]
    const end = tellEnding(reading, ending, frame)?.replace(/^(?:and|but|und|aber|et|mais|y|pero|en|maar) /, '')
    const quoted =
      reply === undefined || reply === ending.proof
        ? undefined
        : frame.replied(sentenceCase(lens.assistant), frame.quote(cutWords(withoutOpeners(reply.plain), 160)))
    return {
      title: `${heading}: ${lowerTitle(subject.title)}`,
      text: `${sentenceCase(tidy(join([heading, end])))} ${quoted === undefined ? '' : tidy(quoted)} ${tidy(subject.head(lens, frame))}`,
      // Said so often, the ending outweighs the beginning of the subject: on tau_retail every group then has one ending.
      groupingText: `${`${heading} ${ending.sign === 'none' ? '' : signWords[ending.sign]}. `.repeat(5)}${cutWords(subject.grouping, 120)} ${contextWords(reading, subject)}`,
      sources: [ending.proof, reply, ...subject.sources],
    }
  },

  tools(reading, subject, ending, lens) {
    const frame = frameOf(lens)
    const names = reading.actions.map((action) => action.name.replace(/[_-]+/g, ' '))
    const failed = reading.actions.filter((action) => action.failed).map((action) => action.name)
    const error = reading.errors.at(-1)
    const tools =
      lens.frame === 'en' && reading.actions.length > 0
        ? `${sentenceCase(lens.assistant)} ${tellActions(reading.actions) || 'handed over to a human'}`
        : undefined
    const head =
      reading.actions.length === 0
        ? frame.noTools
        : (tools ??
          frame.used(
            sentenceCase(lens.assistant),
            joinAnd(
              reading.actions.map((action) => action.name),
              frame.and,
            ),
          ))
    const failure =
      error === undefined || failed.length === 0
        ? undefined
        : frame.toolFailed(failed[0] ?? '', frame.quote(cutWords(toPlain(error.text), 120)))
    const writes = reading.actions
      .filter((action) => !action.isLookup)
      .map((action) => action.name.replace(/[_-]+/g, ' '))
    return {
      title:
        names.length === 0
          ? `${frame.noTools}: ${lowerTitle(subject.title)}`
          : sentenceCase((writes.length > 0 ? writes : names).slice(-2).join(', ')),
      text: `${join([head, tellEnding(reading, ending, frame)])}. ${failure === undefined ? '' : `${failure}. `}${subject.head(lens, frame)}`,
      groupingText:
        names.length === 0
          ? frame.noTools
          : `${names.join(' ')} ${writes.join(' ')} ${failed.length > 0 ? 'error' : ''}`,
      sources: [
        error === undefined
          ? undefined
          : { ...(sentencesOf(error.text)[0] ?? { raw: error.text, plain: error.text }), turn: error },
        ...subject.sources,
        ending.proof,
      ],
    }
  },

  terms(reading, subject, ending, lens) {
    const frame = frameOf(lens)
    const found = [...reading.user, ...reading.assistant]
      .map((said) => ({ said, hits: hitsOf(said, lens) + (said.turn.kind === 'user' ? 0.3 : 0) }))
      .filter(({ hits }) => hits >= 1)
      .sort((a, b) => b.hits - a.hits || a.said.turnIndex - b.said.turnIndex || a.said.position - b.said.position)
      .slice(0, 2)
      .map(({ said }) => said)
    const first = found[0]
    if (first === undefined) {
      return {
        title: subject.title,
        text: `${frame.otherwise(frame.quote(subject.title))}. ${join([subject.head(lens, frame), tellEnding(reading, ending, frame)])}`,
        groupingText: subject.grouping,
        sources: [...subject.sources, ending.proof],
      }
    }
    const told = found.map((said) => {
      const quoted = frame.quote(cutWords(withoutOpeners(said.plain), 180))
      return said.turn.kind === 'user' ? frame.says(lens.user, quoted) : frame.replied(lens.assistant, quoted)
    })
    return {
      title: titleOfRequest(toRequest(first.plain, reading.language)),
      text: join([told.join('; '), tellEnding(reading, ending, frame)]),
      groupingText: found.map((said) => said.plain).join(' '),
      sources: [...found, ...subject.sources],
    }
  },
}

const signWords: Record<Exclude<Ending['sign'], 'none'>, string> = {
  error: 'error error', handover: 'handed over to a human', thanks: 'thanked thanks', complaint: 'complaint', refusal: 'refused refusal', success: 'confirmed', feedback: 'feedback', abandoned: 'no answer',
} // prettier-ignore

function hitsOf(said: Said, lens: Lens): number {
  const words = new Set((said.plain.toLowerCase().match(/\p{L}[\p{L}'-]+/gu) ?? []).map(stemOf))
  return lens.terms.filter(
    (term) =>
      words.has(term) ||
      (term.length >= 5 &&
        [...words].some((word) => word.startsWith(term) || (word.length >= 5 && term.startsWith(word)))),
  ).length
}

/** Names people gave of themselves say nothing about what they want. */
function withoutNames(text: string, reading: Reading): string {
  const names = new Set<string>()
  for (const said of reading.user.slice(0, 30)) {
    const name =
      /\b(?:[Mm]y name is|[Mm]y name's|[Tt]his is|I am|[Ii]'m|[Nn]ame:)\s+([A-Z][\p{L}'-]+)(?:\s+([A-Z][\p{L}'-]+))?/u.exec(
        said.plain,
      )
    for (const part of [name?.[1], name?.[2]]) if (part !== undefined) names.add(part)
  }
  if (names.size === 0) return text
  return text
    .split(' ')
    .filter((word) => !names.has(word.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '').replace(/'s$/, '')))
    .join(' ')
}

function limitWords(text: string, max: number): string {
  return cutWords(toPlain(text).split(' ').slice(0, max).join(' '), 120).replace(/[\s,;:.!?–—-]+$/, '')
}
