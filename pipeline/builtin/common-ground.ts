// What most members of a group speak of or want done, whatever their neighbours say: it makes a list of things a title.
import { lowerTopic } from './headed-title.ts'
import type { MemberPhrases } from './member-phrases.ts'
import { deedNounOf, pluralOf } from './noun-forms.ts'
import type { RankedPhrase } from './phrase-rank.ts'
import { sentenceCase } from './plain-text.ts'
import { isTopic, type InPlural, type Subject } from './topic.ts'
import { isGenericWord, stemsOfTitle } from './title-words.ts'
import { isVerbToo, isWeakVerb } from './word-class.ts'

/** From this share of the members on, something is common to them. */
const common = 0.5
const most = 0.66
const nearlyAll = 0.9
const fairPart = 0.35

/** `isUse`: what a tool did, not what anybody said. */
export type CommonGround = Omit<Subject, 'size'> & { isUse?: boolean }

/** The deed that at least half of the members ask for or had done, else the thing they speak of; `undefined` where there is neither. */
export function commonGroundOf(
  ranked: readonly RankedPhrase[],
  members: readonly MemberPhrases[],
  inPlural: InPlural,
): CommonGround | undefined {
  const deeds = new Map<string, number>()
  for (const member of members) {
    const asked = [...member.phrases.values()].flatMap(({ verb }) =>
      verb === undefined || isWeakVerb(verb) ? [] : (deedNounOf(verb) ?? []),
    )
    for (const deed of new Set([...asked, ...member.done])) deeds.set(deed, (deeds.get(deed) ?? 0) + 1)
  }
  const [deed] = [...deeds]
    .filter(([, count]) => count >= members.length * common)
    .sort(([a, x], [b, y]) => y - x || b.length - a.length || (a < b ? -1 : 1))
  const thing = ranked
    .filter(
      (item) =>
        item.phrase.kind === 'thing' &&
        item.support >= common &&
        item.count >= members.length * common &&
        isTopic(item) &&
        !isVerbToo(item.phrase.thing.toLowerCase()) &&
        !isGenericWord(item.phrase.thing.toLowerCase().split(' ').at(-1) ?? ''),
    )
    .sort((a, b) => b.count - a.count || b.phrase.words - a.phrase.words)[0]
  // A deed that some were spared is not what a group is about whose members nearly all speak of one thing.
  const isSpared =
    deed !== undefined && deed[1] < members.length * most && (thing?.count ?? 0) >= members.length * nearlyAll
  if (deed !== undefined && !isSpared) return { text: pluralOf(deed[0]), stems: stemsOfTitle(deed[0]) }
  if (thing !== undefined) return { text: inPlural(thing.phrase.text), stems: thing.phrase.stems }
  return sharedUse(members)
}

/** What the same tool did for most of them, where they say nothing in common: “device restarts”. */
function sharedUse(members: readonly MemberPhrases[]): CommonGround | undefined {
  const counts = new Map<string, number>()
  for (const { uses } of members) for (const use of new Set(uses)) counts.set(use, (counts.get(use) ?? 0) + 1)
  const [best] = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  return best !== undefined && best[1] >= members.length * most
    ? { text: pluralOf(best[0]), stems: stemsOfTitle(best[0]), isUse: true }
    : undefined
}

/** “Firmware rollbacks: thermostats”: beside what a tool did stands only what a fair part of the members speak of. */
export function titlesOfUse(ground: CommonGround, ranked: readonly RankedPhrase[], inPlural: InPlural): string[] {
  const spoken = ranked.find(
    (item) =>
      item.phrase.kind === 'thing' &&
      item.support >= fairPart &&
      isTopic(item) &&
      !item.phrase.stems.some((stem) => ground.stems.includes(stem)),
  )
  const use = sentenceCase(ground.text)
  return spoken === undefined ? [use] : [`${use}: ${inPlural(spoken.phrase.text)}`, use]
}

/** “Exchanges: water bottle and desk lamp”; a title that speaks of the common ground already stays as it is. */
export function onCommonGround(title: string, ground: CommonGround, ranked: readonly RankedPhrase[]): string {
  const said = new Set(stemsOfTitle(title))
  if (ground.stems.some((stem) => said.has(stem))) return title
  const [first = ''] = title.split(' ')
  const isName = ranked.some(({ phrase }) => phrase.text.split(' ')[0] === first)
  return `${sentenceCase(ground.text)}: ${isName ? title : lowerTopic(title)}`
}
