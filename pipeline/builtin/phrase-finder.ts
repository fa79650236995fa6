// The phrases of a line that could stand in a title: things, deeds (verb and object) and troubles (a thing and its state).
import { withArticle } from './noun-forms.ts'
import { wordsOfPhrase, type Word } from './title-words.ts'
import { baseOfVerb, classesOf, isLoneNoTitle, isState, type WordClass } from './word-class.ts'

/** A phrase as it reads in the middle of a line. Phrases with the same `key` say the same in other words or forms. */
export type Phrase = {
  kind: 'thing' | 'deed' | 'trouble'
  text: string
  key: string
  stems: string[]
  words: number
  /** The thing in it, without verb, state and article. */
  thing: string
  /** One word that is a name: “Brightside”, not “Night Saver” or “CO”. */
  isName: boolean
  /** The plain verb of a deed. */
  verb?: string
}

const longestThing = 4

/** Every phrase of a text, each once. */
export function phrasesOf(text: string, language: string): Phrase[] {
  const words = wordsOfPhrase(text).map((word) => ({ ...word, text: spellingOf(word, language) }))
  const classes = classesOf(words, language)
  const found = new Map<string, Phrase>()
  const keep = (phrase: Phrase | undefined) => {
    if (phrase !== undefined && !found.has(phrase.key)) found.set(phrase.key, phrase)
  }
  for (const run of runsOf(words, classes)) {
    for (let from = run.from; from < run.to; from++) {
      if (isHalfOfAdjective(words, classes, from)) continue
      for (let to = from + 1; to <= Math.min(run.to, from + longestThing); to++)
        keep(thingOf(words, classes, { from, to }, run))
    }
    if (language !== 'en' && language !== 'und') continue
    keep(deedBefore(words, classes, run))
    keep(troubleBefore(words, classes, run))
    keep(troubleAfter(words, classes, run))
    keep(thingOfThing(words, classes, run))
    keep(howLong(words, classes, run))
  }
  for (let at = 0; at < words.length; at++) keep(topUp(words, classes, at))
  // Every German noun has a capital.
  return [...found.values()].map((phrase) => (language === 'de' ? { ...phrase, isName: false } : phrase))
}

type Span = { from: number; to: number }

/** “priced” in “moderately priced restaurants” and “low-priced”: nothing by itself. */
function isHalfOfAdjective(words: readonly Word[], classes: readonly WordClass[], at: number): boolean {
  const word = words[at]!
  if (word.opens || at === 0 || classes[at] !== 'adjective' || !/(?:ed|ing)$/.test(word.lower)) return false
  const before = words[at - 1]!
  return classes[at - 1] === 'adjective' || before.lower.endsWith('ly')
}

/** The longest stretches of adjectives and nouns that end in a noun. */
function runsOf(words: readonly Word[], classes: readonly WordClass[]): Span[] {
  const runs: Span[] = []
  for (let from = 0; from < words.length; from++) {
    if (!isNominal(classes[from])) continue
    let to = from + 1
    while (to < words.length && isNominal(classes[to]) && !words[to]!.opens && !isPossessive(words[to - 1]!)) to++
    let end = to
    while (end > from && classes[end - 1] !== 'noun') end--
    if (end > from) runs.push({ from, to: end })
    from = to - 1
  }
  return runs
}

function isNominal(kind: WordClass | undefined): boolean {
  return kind === 'noun' || kind === 'adjective'
}

function isPossessive(word: Word): boolean {
  return word.lower.endsWith("'s")
}

function thingOf(words: readonly Word[], classes: readonly WordClass[], span: Span, run: Span): Phrase | undefined {
  const last = span.to - 1
  if (classes[last] !== 'noun' || isLoneNoTitle(words[last]!.lower)) return undefined
  // “bank” is no thing in “bank account”, nor is “old” in “old address” of any account.
  if (span.to < run.to && span.to - span.from === 1) return undefined
  const shown = shownOf(words, span)
  return phraseOf('thing', shown, words.slice(span.from, span.to), shown)
}

/** “proof of address”, “smell of burning”. */
function thingOfThing(words: readonly Word[], classes: readonly WordClass[], run: Span): Phrase | undefined {
  const of = words[run.to]
  if (of?.lower !== 'of' || of.opens) return undefined
  const from = run.to + (classes[run.to + 1] === 'determiner' ? 2 : 1)
  if (classes[from] !== 'noun' || (isNominal(classes[from + 1]) && words[from + 1]?.opens === false)) return undefined
  const shown = `${shownOf(words, { from: run.to - 1, to: run.to })} of ${words[from]!.text}`
  return phraseOf('thing', shown, [words[run.to - 1]!, words[from]!], shown)
}

const emptyVerbs = new Set(
  'know tell give have help want need ask let do see go say mean guess show think look try hope like love come be feel'.split(
    ' ',
  ),
)

/** “cancel the order”, “how to reset my password”: the verb before a thing. */
function deedBefore(words: readonly Word[], classes: readonly WordClass[], run: Span): Phrase | undefined {
  let at = run.from - 1
  while (at >= 0 && classes[at] === 'determiner' && !words[at + 1]!.opens) at--
  if (words[at + 1]?.opens === true) return undefined
  // “part of my order”
  const isPart = words[at]?.lower === 'of' && words[at - 1]?.lower === 'part'
  if (isPart) at -= 2
  let particle: Word | undefined
  if (classes[at] === 'particle') particle = words[at--]
  const verb = words[at]
  if (verb === undefined || classes[at] !== 'verb') return undefined
  const base = verb.lower.endsWith('ing') || verb.lower === baseOfVerb(verb.lower) ? baseOfVerb(verb.lower) : undefined
  if (base === undefined || emptyVerbs.has(base)) return undefined
  const isDenied = classes[at - 1] === 'negation' || /^(?:can't|cant|cannot|couldn't)$/.test(words[at - 1]?.lower ?? '')
  if (!isDenied && !asksFor(words[at - 1], classes[at - 1], verb)) return undefined
  const span = trimmed(run)
  const object = shownOf(words, span)
  const shown = `${base}${particle === undefined ? '' : ` ${particle.lower}`} ${isPart ? 'part of ' : ''}${withArticle(object)}`
  const stemsFrom = [verb, ...words.slice(span.from, span.to)]
  if (isDenied) {
    if (!/^(?:can't|cant|cannot|couldn't)$/.test(words[at - 1]?.lower ?? '')) return undefined
    return phraseOf('trouble', `cannot ${shown}`, stemsFrom, object, undefined, 'not')
  }
  return phraseOf('deed', shown, stemsFrom, object, base)
}

/** “to cancel”, “can I cancel”, “please cancel”, “and cancel”; not “machines accept”. */
function asksFor(before: Word | undefined, kind: WordClass | undefined, verb: Word): boolean {
  if (before === undefined || verb.opens || kind === 'to') return true
  if (kind === 'other') return !/^(?:he|she|it|they|someone|somebody|people|u)$/.test(before.lower)
  if (/^(?:and|or|just|also|please|help|with|about|without|for|of|me)$/.test(before.lower)) return true
  return kind === 'verb' && verb.lower.endsWith('ing')
}

/** “no heating”, “haven't received my card”, “lost my card”. */
function troubleBefore(words: readonly Word[], classes: readonly WordClass[], run: Span): Phrase | undefined {
  const before = words[run.from - 1]
  if (before === undefined || words[run.from]!.opens) return undefined
  const span = trimmed(run)
  const object = shownOf(words, span)
  const parts = words.slice(span.from, span.to)
  if (before.lower === 'no') return phraseOf('trouble', `no ${object}`, parts, object, undefined, 'no')
  let at = run.from - 1
  while (classes[at] === 'determiner' && !words[at]!.opens) at--
  if (words[at + 1]?.opens === true) return undefined
  const verb = words[at]
  if (verb === undefined) return undefined
  if (/^(?:lost|stole|broke)$/.test(verb.lower) && at < run.from - 1)
    return phraseOf(
      'trouble',
      `${verb.lower === 'lost' ? 'lost' : verb.lower === 'stole' ? 'stolen' : 'broken'} ${object}`,
      [verb, ...parts],
      object,
    )
  const denied = words[at - 1]
  if (
    /^(?:received?|get|got|gotten)$/.test(verb.lower) &&
    denied !== undefined &&
    (classes[at - 1] === 'negation' || denied.lower.endsWith("n't")) &&
    !/^(?:can't|won't|isn't)$/.test(denied.lower)
  )
    return phraseOf('trouble', `${object} not received`, parts, object, undefined, 'receiv')
  return undefined
}

const linking = new Set(
  "is are was were been be being has have had still not never isn't aren't wasn't weren't hasn't haven't doesn't don't didn't won't always just now so too very again already keeps kept got gets get went goes".split(
    ' ',
  ),
)

/** “how long does a transfer take”: what is asked for is its time. */
function howLong(words: readonly Word[], classes: readonly WordClass[], run: Span): Phrase | undefined {
  const at = words.findIndex(({ lower }, index) => lower === 'how' && words[index + 1]?.lower === 'long')
  if (at < 0 || run.from < at + 2 || run.from > at + 7 || classes.slice(at + 2, run.from).some(isNominal))
    return undefined
  const span = trimmed(run)
  const thing = shownOf(words, span)
  return thing.endsWith('time')
    ? undefined
    : phraseOf('trouble', `${thing} time`, words.slice(span.from, span.to), `${thing} time`, undefined, 'time')
}

/** “the thermostat is offline”, “my card hasn't arrived”, “charger won't charge”. */
function troubleAfter(words: readonly Word[], classes: readonly WordClass[], run: Span): Phrase | undefined {
  let at = run.to
  let isDenied = false
  let helper = ''
  while (at < words.length && at < run.to + 4 && linking.has(words[at]!.lower) && !words[at]!.opens) {
    const { lower } = words[at]!
    if (/n't$|^not$|^never$/.test(lower)) isDenied = true
    if (/^(?:do|wo|is|are|was|has|have|had|does|did)/.test(lower)) helper = lower
    at++
  }
  const state = words[at]
  if (state === undefined || state.opens || isNominalAfter(classes, words, at)) return undefined
  const linked = at > run.to
  const told = stateOf(state, classes[at], { linked, isDenied, helper })
  if (told === undefined) return undefined
  const span = trimmed(run)
  const thing = shownOf(words, span)
  return phraseOf(
    'trouble',
    `${thing} ${isDenied ? 'not ' : ''}${told}`,
    [...words.slice(span.from, span.to), state],
    thing,
    undefined,
    ...(isDenied ? ['not'] : []),
  )
}

function isNominalAfter(classes: readonly WordClass[], words: readonly Word[], at: number): boolean {
  return classes[at] === 'adjective' && isNominal(classes[at + 1]) && words[at + 1]?.opens === false
}

const telling = new Set(
  'work arrive charge load connect show respond start turn heat ring register update sync appear match add come run switch reach'.split(
    ' ',
  ),
)

function stateOf(
  { lower }: Word,
  kind: WordClass | undefined,
  said: { linked: boolean; isDenied: boolean; helper: string },
): string | undefined {
  if (isState(lower)) return said.linked || !said.isDenied ? lower : undefined
  if (!said.linked || kind !== 'verb') return undefined
  const base = baseOfVerb(lower)
  if (base === undefined) return undefined
  if (/^(?:do|does|did|wo)/.test(said.helper))
    return said.isDenied && telling.has(base)
      ? base === 'come' || base === 'arrive'
        ? 'arriving'
        : ingOf(base)
      : undefined
  if (lower.endsWith('ed'))
    return emptyVerbs.has(base) ||
      /^(?:wanted|asked|used|supposed|meant|called|need|liked|tried|decided|ordered|purchased|received|placed|looked|noticed|checked)$/.test(
        lower,
      )
      ? undefined
      : lower
  return said.isDenied && lower.endsWith('ing') && telling.has(base) ? lower : undefined
}

function ingOf(base: string): string {
  if (/[^aeiou][aeiou][^aeiouwxyr]$/.test(base) && base.length < 5) return `${base}${base.at(-1)}ing`
  return `${base.replace(/e$/, '')}ing`
}

/** “top up”, “follow up”: a verb with its particle and nothing after it. */
function topUp(words: readonly Word[], classes: readonly WordClass[], at: number): Phrase | undefined {
  if (classes[at] !== 'verb' || classes[at + 1] !== 'particle' || !/^(?:up|out|off)$/.test(words[at + 1]!.lower))
    return undefined
  const base = words[at]!.lower
  if (!/^(?:top|follow|log|sign|check|switch)$/.test(base)) return undefined
  const shown = `${base} ${words[at + 1]!.lower}`
  return { ...phraseOf('deed', shown, [words[at]!], `${base}-${words[at + 1]!.lower}`, base), key: shown }
}

/** The last three words of a longer thing. */
function trimmed({ from, to }: Span): Span {
  return { from: Math.max(from, to - 3), to }
}

function shownOf(words: readonly Word[], { from, to }: Span): string {
  return words
    .slice(from, to)
    .map(({ text }) => text)
    .join(' ')
    .replace(/['’]s$/, '')
}

/** Shouting, and the capital that a sentence starts with, are no names. German nouns keep theirs. */
function spellingOf({ text, lower, opens }: Word, language: string): string {
  if (/^\p{Lu}{5,}$/u.test(text)) return lower
  return opens && language !== 'de' && /^\p{Lu}[\p{Ll}-]+$/u.test(text) ? lower : text
}

function phraseOf(
  kind: Phrase['kind'],
  text: string,
  parts: readonly Word[],
  thing: string,
  verb?: string,
  ...more: string[]
): Phrase {
  const stems = [...new Set(parts.map(({ stem }) => stem))]
  return {
    kind,
    text,
    key: `${kind === 'thing' ? '' : `${kind}:`}${[...stems, ...more].sort().join(' ')}`,
    stems,
    words: text.split(' ').length,
    thing,
    isName: kind === 'thing' && /^\p{Lu}\p{Ll}+$/u.test(text),
    ...(verb === undefined ? {} : { verb }),
  }
}

/** A whole line that was written to be a title: “Priority Services Register”. */
export function wholeTitle(text: string): Phrase | undefined {
  const words = wordsOfPhrase(text)
  if (
    words.length < 2 ||
    words.length > 5 ||
    !words[0]!.isContent ||
    /[?:]|\d/.test(text) ||
    isLoneNoTitle(words.at(-1)!.lower)
  )
    return undefined
  const content = words.filter(({ isContent }) => isContent)
  return content.length < 2 ? undefined : phraseOf('thing', text, content, text)
}
