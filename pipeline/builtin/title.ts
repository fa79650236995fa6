// Titles for clusters, as a person would write them: a thing, a thing and its trouble, or something to do.
import type { SummaryRecord } from '../insight.ts'
import type { NodeToName } from '../ports.ts'
import { commonGroundOf, onCommonGround, titlesOfUse, type CommonGround } from './common-ground.ts'
import { frames } from './frames.ts'
import { headedTitles } from './headed-title.ts'
import type { FrameLanguage, Lens } from './lens.ts'
import { createMemberReader, type MemberPhrases } from './member-phrases.ts'
import { countPhrases, rankPhrases, type PhraseCount, type RankedPhrase } from './phrase-rank.ts'
import { cutWords, sentenceCase } from './plain-text.ts'
import { joinSubjects, pluralAsSaid, topicOf, type InPlural, type Subject } from './topic.ts'
import { isGenericWord } from './title-words.ts'
import { isLoneNoTitle, isWeakEnd } from './word-class.ts'

const mostWords = 10

/** A title and the phrases it was chosen from, most telling first. */
export type Titled = { title: string; ranked: readonly RankedPhrase[] }

/** A title for every node, unique among siblings and different from those of its children. */
export function titleNodes(
  nodes: readonly NodeToName[],
  lens: Lens,
): { titled: Map<string, Titled>; inPlural: InPlural } {
  const read = createMemberReader(lens.frame)
  const { and } = frames[lens.frame]
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const members = new Map(nodes.map((node) => [node.id, membersOf(node, byId).map(read)]))
  const counts = new Map(nodes.map((node) => [node.id, countPhrases(members.get(node.id) ?? [])]))
  const inPlural = pluralAsSaid(
    nodes.filter(({ childIds }) => childIds.length === 0).flatMap(({ id }) => members.get(id) ?? []),
  )
  const titled = new Map<string, Titled>()
  const subjects = new Map<string, Subject[]>()
  const siblingsOf = Map.groupBy(nodes, ({ parentId }) => parentId)
  const taken = new Map<string | null, Set<string>>()
  // Children before parents, whose titles are made of theirs; the largest choose first: short titles belong to the many.
  const ordered = [...nodes].sort((a, b) => depthOf(b) - depthOf(a) || b.size - a.size || (a.id < b.id ? -1 : 1))
  for (const node of ordered) {
    const own = members.get(node.id) ?? []
    const around: PhraseCount[] = (siblingsOf.get(node.parentId) ?? [])
      .filter(({ id }) => id !== node.id)
      .flatMap(({ id }) => counts.get(id) ?? [])
    const ranked = rankPhrases(own, [...around, countPhrases(node.neighbours.map(read))])
    const isLeaf = node.childIds.length === 0
    const topic = topicOf(ranked, own, inPlural, and)
    const isUntold = topic.options.length === 0
    const ground = isLeaf && (topic.isThing || isUntold) ? commonGroundOf(ranked, own, inPlural) : undefined
    const below = node.childIds.flatMap((id) => subjects.get(id)?.slice(0, 1) ?? [])
    const options = isLeaf ? topic.options : parentOptions(ranked, own, below, { inPlural, and })
    const avoid = taken.get(node.parentId) ?? new Set<string>()
    taken.set(node.parentId, avoid)
    const unlikely = new Set([...avoid, ...node.childIds.flatMap((id) => titled.get(id)?.title.toLowerCase() ?? [])])
    const grounded = ground === undefined ? options : options.map((option) => onCommonGround(option, ground, ranked))
    const headed = headedTitles(own, lens.kind === 'outcomes' ? grounded.map(inBrackets) : options, lens)
    const used = ground?.isUse === true ? titlesOfUse(ground, ranked, inPlural) : []
    const told = headed ?? [...used, ...grounded]
    const title = chooseTitle(
      [...told, ...fallbacks(node, mixed[lens.frame], frames[lens.frame].quote)],
      unlikely,
      nodes.length,
    )
    avoid.add(title.toLowerCase())
    titled.set(node.id, { title, ranked })
    subjects.set(
      node.id,
      isLeaf
        ? subjectsOf(topic.subjects, title.includes(': ') || ground?.isUse === true ? ground : undefined).map(
            (subject) => ({
              ...subject,
              size: node.size,
            }),
          )
        : ownSubjects(below, node.size),
    )
  }
  return { titled, inPlural }
}

/** Shared by most members, one phrase is the title of a parent; else its children's subjects are. */
function parentOptions(
  ranked: readonly RankedPhrase[],
  members: readonly MemberPhrases[],
  below: readonly Subject[],
  words: { inPlural: InPlural; and: string },
): string[] {
  const common = ranked
    .slice(0, 12)
    .find(
      ({ phrase, count, support }) =>
        phrase.kind === 'thing' &&
        support >= 0.6 &&
        count >= members.length * 0.55 &&
        !isGenericWord(phrase.thing.toLowerCase().split(' ').at(-1) ?? ''),
    )
  const shared = common === undefined ? [] : [sentenceCase(words.inPlural(common.phrase.text))]
  const joined = joinSubjects(below, words.and)
  return [
    ...shared,
    ...(joined === undefined ? [] : [joined]),
    ...topicOf(ranked, members, words.inPlural, words.and).options,
  ]
}

/** A leaf whose title needs its common ground is called by that further up; but “changes” says nothing by itself. */
function subjectsOf(own: readonly CommonGround[], ground: CommonGround | undefined): readonly CommonGround[] {
  return ground === undefined || ground.text === 'changes' ? own : [ground, ...own]
}

/** Behind a heading there is no room for another colon: “Exchanges: water bottle” → “Exchanges (water bottle)”. */
function inBrackets(title: string): string {
  return title.replace(/^([^:]+): (.+)$/, '$1 ($2)')
}

function ownSubjects(below: readonly Subject[], size: number): Subject[] {
  return [...below].sort((a, b) => b.size - a.size).map((subject) => ({ ...subject, size }))
}

function depthOf({ id }: NodeToName): number {
  return id.split('.').length
}

const mostMembers = 60

/** The members that speak for a node: its own, or, for a parent, its leaves' by their sizes, for its own sit all in its middle. */
function membersOf(node: NodeToName, byId: ReadonlyMap<string, NodeToName>): SummaryRecord[] {
  const leaves = leavesOf(node, byId)
  if (leaves.length <= 1) return node.members
  const size = leaves.reduce((sum, leaf) => sum + leaf.size, 0)
  return leaves.flatMap((leaf) => leaf.members.slice(0, Math.max(2, Math.round((mostMembers * leaf.size) / size))))
}

/** The leaves under a node; itself where it is one. */
export function leavesOf(node: NodeToName, byId: ReadonlyMap<string, NodeToName>): NodeToName[] {
  if (node.childIds.length === 0) return [node]
  return node.childIds.flatMap((id) => {
    const child = byId.get(id)
    return child === undefined ? [] : leavesOf(child, byId)
  })
}

/** For clusters that share no phrase at all. */
const mixed: Readonly<Record<FrameLanguage, string>> = {
  en: 'Mixed requests',
  de: 'Gemischte Anliegen',
  fr: 'Demandes diverses',
  es: 'Consultas variadas',
  nl: 'Gemengde vragen',
}

function fallbacks(node: NodeToName, mixed: string, quote: (text: string) => string): string[] {
  // A leaf that shares no phrase is told by its most central member, in that one's own words.
  if (node.childIds.length === 0) {
    const own = node.members.slice(0, 3).map(({ summary }) => withoutWeakEnd(summary.title))
    return [...own, ...own.slice(0, 1).map(quote)]
  }

  const words = node.keywords.filter((keyword) => !isLoneNoTitle(keyword.toLowerCase()))
  const isTelling = words.some((word) => word.includes(' '))
  return [
    ...words
      .filter((word) => !isTelling || word.includes(' '))
      .slice(0, 3)
      .map((word) => `${mixed}: ${word}`),
    mixed,
  ]
}

function chooseTitle(options: readonly string[], avoid: ReadonlySet<string>, most: number): string {
  const titles = options.map(trimTitle).filter((title) => isTitle(title))
  const first = titles.find((title) => !avoid.has(title.toLowerCase()))
  if (first !== undefined) return first
  const [title = 'Group'] = titles
  for (let i = 2; i <= most + 2; i++) if (!avoid.has(`${title} ${i}`.toLowerCase())) return `${title} ${i}`
  return title
}

/** A title does not end in the middle, nor is it one word that names nothing. */
function isTitle(title: string): boolean {
  const words = title.toLowerCase().split(' ')
  const last = words.at(-1) ?? ''
  if (
    title === '' ||
    (isWeakEnd(last) &&
      !/^(?:help|it|them|details|number|name)$/.test(last) &&
      words.length > 1 &&
      !/ (?:up|down|off|out)$/.test(title))
  )
    return false
  return words.length > 1 || !isLoneNoTitle(last)
}

function withoutWeakEnd(title: string): string {
  const words = title.split(' ')
  while (words.length > 2 && isWeakEnd(words.at(-1)!.toLowerCase())) words.pop()
  return words.join(' ')
}

function trimTitle(text: string): string {
  return cutWords(text.split(' ').slice(0, mostWords).join(' '), 90).replace(/[\s,;:.!?…–—-]+$/, '')
}
