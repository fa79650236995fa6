// What a group of members is about, as a title's words: one telling phrase, or a few that cover the group together.
import { joinAnd } from './actions.ts'
import type { MemberPhrases } from './member-phrases.ts'
import { deedOf, pluralOf } from './noun-forms.ts'
import type { Phrase } from './phrase-finder.ts'
import type { RankedPhrase } from './phrase-rank.ts'
import { sentenceCase } from './plain-text.ts'
import { isGenericWord } from './title-words.ts'
import { isState, isVerbToo } from './word-class.ts'

/** A short noun for what a node is about, for the titles of the nodes above it. */
export type Subject = { text: string; stems: readonly string[]; size: number }

/** `isThing`: the title names things only, not what is wanted or wrong with them. */
type Topic = { options: string[]; subjects: Omit<Subject, 'size'>[]; isThing: boolean }

/** What a title lists is said by this share of the members; beyond the first, of members who say nothing listed before. */
const leastOfFirst = 0.08
/** A thing that few speak of is not what a group is about, however telling: “skateboards” of a group of returns. */
const leastOfOthers = 0.2
/** From this share of the members on, a phrase speaks for all of them. */
const strong = 0.34
const strongWord = 0.5

/** Titles of a leaf, best first, and what to call it further up. */
export function topicOf(
  ranked: readonly RankedPhrase[],
  members: readonly MemberPhrases[],
  inPlural: InPlural,
  and: string,
): Topic {
  // A name by itself tells who, not what: it is a topic only where there is nothing else.
  const first = ranked.find((item) => !item.phrase.isName) ?? ranked[0]
  // One general word that few share is no topic.
  if (
    first === undefined ||
    (first.support < 0.3 &&
      first.phrase.words === 1 &&
      isGenericWord(first.phrase.thing.toLowerCase()) &&
      mostCounted(ranked).length < 2)
  )
    return { options: [], subjects: [], isThing: false }
  const best = refined(first, ranked, members.length)
  const isThing = best.phrase.kind === 'thing'
  const shown = (item: RankedPhrase) =>
    sentenceCase(item.phrase.kind === 'thing' ? inPlural(item.phrase.text) : item.phrase.text)
  const telling = ranked.slice(0, 40)
  const own = [
    best,
    ...telling.filter((item) => !item.phrase.isName),
    ...telling.filter((item) => item.phrase.isName),
  ].map(shown)
  const listed =
    best.phrase.words === 1 && best.support >= strongWord
      ? besides(best, ranked, members.length)
      : covering([best, ...ranked], members)
  const names = listed.map(({ phrase }) => subjectText(phrase, inPlural))
  const subjects = [best, ...listed.filter((item) => item !== best)].map(({ phrase }) => ({
    text: subjectText(phrase, inPlural),
    stems: phrase.stems,
  }))
  if (best.phrase.words > 1 && best.support >= strong) {
    const other = ranked.find((item) => isEqualTo(best, item))
    const both =
      other === undefined
        ? []
        : [
            sentenceCase(
              joinAnd(
                [best, other].map(({ phrase }) => subjectText(phrase, inPlural)),
                and,
              ),
            ),
          ]
    return { options: [...both, ...own], subjects, isThing }
  }
  const [topic = '', ...rest] = names
  if (rest.length === 0) {
    const weak = best.support < 0.2 && best.phrase.words === 1 ? mostCounted(ranked) : []
    return {
      options: [
        ...(weak.length > 1
          ? [
              sentenceCase(
                joinAnd(
                  weak.map(({ phrase }) => inPlural(phrase.text)),
                  and,
                ),
              ),
            ]
          : []),
        ...own,
      ],
      subjects: weak.length > 1 ? [] : subjects,
      isThing,
    }
  }
  const told =
    (listed[0]?.support ?? 0) >= strongWord && rest.length > 1
      ? `${sentenceCase(topic)}: ${joinAnd(rest, and)}`
      : sentenceCase(joinAnd(names, and))
  // Further up it is called by what its title says first.
  const asTold = listed.map(({ phrase }) => ({ text: subjectText(phrase, inPlural), stems: phrase.stems }))
  return { options: [told, ...own], subjects: asTold, isThing }
}

/** Two things that nearly all speak of together: “water bottle and desk lamp”. */
function isEqualTo(best: RankedPhrase, item: RankedPhrase): boolean {
  const { phrase, support, score } = item
  return (
    best.phrase.kind === 'thing' &&
    phrase.kind === 'thing' &&
    phrase.words === 2 &&
    support >= 0.5 &&
    score >= best.score * 0.6 &&
    isTopic(item) &&
    !phrase.stems.some((stem) => best.phrase.stems.includes(stem))
  )
}

/** The longer phrase with the same words that many of the same members use: “apartment” → “view an apartment”. */
function refined(best: RankedPhrase, ranked: readonly RankedPhrase[], total: number): RankedPhrase {
  let chosen = best
  for (let i = 0; i < 2; i++) {
    const longer = ranked
      .filter(
        ({ phrase, count }) =>
          phrase.stems.length > chosen.phrase.stems.length &&
          phrase.words <= 5 &&
          chosen.phrase.stems.every((stem) => phrase.stems.includes(stem)) &&
          count >=
            Math.max(
              2,
              total * (chosen.phrase.words === 1 && !phrase.text.includes(' of ') ? 0.13 : 0.2),
              chosen.count * (chosen.phrase.words === 1 ? 0.22 : 0.33),
            ),
      )
      .sort(
        (a, b) => b.count * (b.phrase.kind === 'thing' ? 1 : 1.4) - a.count * (a.phrase.kind === 'thing' ? 1 : 1.4),
      )[0]
    if (longer === undefined) break
    chosen = longer
  }
  return chosen
}

/** Where nothing is telling, what is at least spoken of most. */
function mostCounted(ranked: readonly RankedPhrase[]): RankedPhrase[] {
  return ranked
    .filter((item) => item.phrase.kind === 'thing' && !item.phrase.isName)
    .sort((a, b) => b.support - a.support || (a.phrase.key < b.phrase.key ? -1 : 1))
    .filter(
      (item, index, all) =>
        all.findIndex(({ phrase }) => phrase.stems.some((stem) => item.phrase.stems.includes(stem))) === index,
    )
    .slice(0, 3)
}

/** A single word and what else many of the same members speak of. */
function besides(best: RankedPhrase, ranked: readonly RankedPhrase[], total: number): RankedPhrase[] {
  const other = ranked.find(
    (item) =>
      item.phrase.kind === 'thing' &&
      item.count >= Math.max(total < 8 ? 2 : 3, total * 0.15) &&
      item.score >= best.score * 0.25 &&
      isTopic(item) &&
      !item.phrase.stems.some((stem) => best.phrase.stems.includes(stem)),
  )
  return other === undefined ? [best] : [best, other]
}

/** Short phrases without a word in common that together cover the most members (greedy set cover); at most three. */
function covering(ranked: readonly RankedPhrase[], members: readonly MemberPhrases[]): RankedPhrase[] {
  const short = ranked.filter((item) => item.phrase.words <= 4 && isTopic(item)).slice(0, 150)
  const covered = new Set<MemberPhrases>()
  const used = new Set<string>()
  const chosen: RankedPhrase[] = []
  while (chosen.length < 3) {
    let best: { item: RankedPhrase; value: number } | undefined
    for (const item of short) {
      if (item.phrase.stems.some((stem) => used.has(stem))) continue
      const gain = members.filter((member) => !covered.has(member) && member.phrases.has(item.phrase.key)).length
      const isFirst = chosen.length === 0
      if (gain < Math.max(2, members.length * (isFirst ? leastOfFirst : leastOfOthers))) continue
      if (!isFirst && item.score < (chosen[0]?.score ?? 0) * 0.3) continue
      const value = gain / members.length + item.score * 0.6
      if (best === undefined || value > best.value) best = { item, value }
    }
    if (best === undefined) break
    for (const member of members) if (member.phrases.has(best.item.phrase.key)) covered.add(member)
    for (const stem of best.item.phrase.stems) used.add(stem)
    const item = refined(best.item, short, members.length)
    for (const stem of item.phrase.stems) used.add(stem)
    chosen.push(item)
  }
  return chosen
}

/** Whether a phrase may stand in a title's list: a description may tell who, a title tells what. */
export function isTopic({ phrase }: RankedPhrase): boolean {
  return !phrase.isName && isNameable(phrase)
}

/** Whether a phrase may stand in a list of topics. */
export function isNameable({ kind, thing, verb }: Phrase): boolean {
  const head = thing.split(' ').at(-1)?.toLowerCase() ?? ''
  // “cancel” and “move” may be torn out of a request.
  if (kind === 'thing' && !thing.includes(' ') && isVerbToo(head)) return false
  if (isGenericWord(head) && !thing.includes(' ')) return kind === 'deed' && deedOf(verb ?? '', thing) !== thing
  return kind !== 'trouble' || thing.length > 3
}

export type InPlural = (thing: string) => string

function subjectText(phrase: Phrase, inPlural: InPlural): string {
  if (phrase.kind === 'trouble') {
    const state = phrase.text.slice(phrase.thing.length + 1)
    return phrase.text.startsWith(`${phrase.thing} `) &&
      isState(state) &&
      !/^(?:gone|down|high|higher|low|lower|charged|up|slow)$/.test(state)
      ? `${state} ${inPlural(phrase.thing)}`
      : phrase.text.startsWith('no ') || /^(?:lost|stolen|broken) /.test(phrase.text)
        ? phrase.text
        : inPlural(phrase.thing)
  }
  const thing = phrase.kind === 'deed' ? deedOf(phrase.verb ?? '', phrase.thing) : phrase.thing
  return inPlural(thing)
}

/** Puts nouns into the plural where the members themselves use that plural. */
export function pluralAsSaid(members: readonly MemberPhrases[]): InPlural {
  const said = new Set(members.flatMap(({ plurals }) => plurals))
  const deeds =
    /(?:cancellation|return|exchange|refund|viewing|booking|reservation|payment|change|update|transfer|order|replacement|renewal|report|withdrawal|reading|appointment|contract|plan|outage|bill|fee|card|account|pump|charger|alarm|ticket|flight|request|address)$/
  return (thing) => {
    // Nor is there more than one “Night Saver”.
    if (/ (?:of|for|with) | \p{Lu}\p{Ll}+$/u.test(thing)) return thing
    const plural = pluralOf(thing)
    const head = plural.slice(plural.lastIndexOf(' ') + 1)
    return said.has(head.toLowerCase()) || deeds.test(thing) ? plural : thing
  }
}

/**
 * “Bills, meter readings and export payments”: the subjects of the largest children, those that share words merged, and
 * those that share their last word told together (“flight and hotel reservations”). At most three, at most nine words.
 */
export function joinSubjects(subjects: readonly Subject[], and: string): string | undefined {
  const merged: Subject[] = []
  for (const subject of [...subjects].sort((a, b) => b.size - a.size || (a.text < b.text ? -1 : 1))) {
    const same = merged.findIndex(({ stems }) => isWithin(stems, subject.stems) || isWithin(subject.stems, stems))
    const known = merged[same]
    if (known === undefined) merged.push({ ...subject })
    else
      merged[same] = {
        ...(subject.stems.length < known.stems.length ? subject : known),
        size: known.size + subject.size,
      }
  }
  merged.sort((a, b) => b.size - a.size || (a.text < b.text ? -1 : 1))
  const [largest] = merged
  if (largest === undefined) return undefined
  const groups: { head: string; texts: string[] }[] = []
  for (const { text } of merged) {
    const head = headOf(text)
    const same = groups.find(
      (group) => group.head === head && head.length > 3 && text.includes(' ') && group.texts[0]?.includes(' '),
    )
    if (same !== undefined && same.texts.length < 3) same.texts.push(text)
    else if (groups.length < 3) groups.push({ head, texts: [text] })
  }
  const names: string[] = []
  let words = 0
  for (const { texts } of groups) {
    const told = withOneHead(texts, and)
    const count = told.split(' ').length
    if (names.length > 0 && words + count > 8) continue
    names.push(told)
    words += count + 1
  }
  const isNested = names.some((name) => name.includes(` ${and} `))
  if (isNested && names.length > 1)
    return sentenceCase(names.length > 2 ? names.slice(0, 2).join(', ') : names.join(', '))
  return sentenceCase(joinAnd(names, and))
}

function isWithin(few: readonly string[], many: readonly string[]): boolean {
  return few.every((stem) => many.includes(stem))
}

function headOf(text: string): string {
  return (text.split(' ').at(-1) ?? '').toLowerCase().replace(/s$/, '')
}

function withOneHead(texts: readonly string[], and: string): string {
  if (texts.length < 2) return texts[0] ?? ''
  const last = texts.at(-1) ?? ''
  const rests = texts.map((text) => text.slice(0, text.lastIndexOf(' ')))
  return `${joinAnd(rests, and)} ${last.slice(last.lastIndexOf(' ') + 1)}`
}
