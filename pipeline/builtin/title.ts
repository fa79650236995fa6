// Titles for clusters: the phrase of their own members that says most of what sets them apart.
import type { NodeToName } from '../ports.ts'
import type { SummaryRecord } from '../insight.ts'
import { joinAnd } from './actions.ts'
import { isGlossaryWord } from './glossary.ts'
import { detectLanguage } from './language.ts'
import { cutWords, sentenceCase, sentencesOf } from './plain-text.ts'
import { startsWithVerb } from './request.ts'
import { candidatesOf, type Candidate } from './title-candidates.ts'
import { isGenericWord, isNegation, wordsOfPhrase } from './title-words.ts'

const mostWords = 10

/** A title for every node, unique among siblings and different from the parent's. */
export function titleNodes(nodes: readonly NodeToName[], frame: string): Map<string, string> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const texts = new Map(nodes.map((node) => [node.id, membersOf(node, byId).map((member) => textsOf(member, frame))]))
  const stems = new Map(nodes.map((node) => [node.id, countStems(texts.get(node.id) ?? [])]))
  const titles = new Map<string, string>()
  const siblingsOf = Map.groupBy(nodes, (node) => node.parentId)
  for (const siblings of siblingsOf.values()) {
    const taken = new Set<string>()
    // The largest choose first: a short general title belongs to the many.
    for (const node of [...siblings].sort((a, b) => b.size - a.size || (a.id < b.id ? -1 : 1))) {
      const others = siblings.filter((other) => other.id !== node.id).map((other) => stems.get(other.id) ?? emptyCount)
      const around = [...others, countStems(node.neighbours.map((member) => textsOf(member, frame)))]
      const parent = node.parentId === null ? undefined : titles.get(node.parentId)
      const avoid = new Set([...taken, ...(parent === undefined ? [] : [keyOf(parent)])])
      const parts = node.childIds
        .flatMap((id) => byId.get(id) ?? [])
        .map((child) => ({
          size: child.size,
          members: texts.get(child.id) ?? [],
          own: stems.get(child.id) ?? emptyCount,
        }))
      const title = titleOf({
        node,
        members: texts.get(node.id) ?? [],
        own: stems.get(node.id) ?? emptyCount,
        around,
        avoid,
        parts,
        most: nodes.length,
        frame,
      })
      titles.set(node.id, title)
      taken.add(keyOf(title))
    }
  }
  return titles
}

const mostMembers = 60

/** The members that speak for a node: its own, or, for a parent, its leaves' by their sizes, for its own sit all in its middle. */
function membersOf(node: NodeToName, byId: ReadonlyMap<string, NodeToName>): SummaryRecord[] {
  const leaves = leavesOf(node, byId)
  if (leaves.length <= 1) return node.members
  const size = leaves.reduce((sum, leaf) => sum + leaf.size, 0)
  return leaves.flatMap((leaf) => leaf.members.slice(0, Math.max(2, Math.round((mostMembers * leaf.size) / size))))
}

function leavesOf(node: NodeToName, byId: ReadonlyMap<string, NodeToName>): NodeToName[] {
  if (node.childIds.length === 0) return [node]
  return node.childIds.flatMap((id) => {
    const child = byId.get(id)
    return child === undefined ? [] : leavesOf(child, byId)
  })
}

/** What a member says: its heading (“Could not help” and the like), and its texts with their language. */
type MemberTexts = { heading: string | undefined; texts: { text: string; language: string }[]; stems: Set<string> }

function textsOf({ summary }: SummaryRecord, frame: string): MemberTexts {
  const colon = /^([^:]{4,40}): (.+)$/.exec(summary.title)
  const subject = colon?.[2] ?? summary.title
  const context = /\(([^()]*)\)$/.exec(summary.groupingText)?.[1]?.split(', ') ?? []
  const english = colon === null && frame === 'en' && summary.language !== 'en' ? context.filter(isGlossaryWord) : []
  const said =
    colon === null
      ? sentencesOf(summary.groupingText.replace(/\s*\([^()]*\)$/, ''))
          .slice(0, 4)
          .map((sentence) => sentence.plain)
      : []
  const texts = [sentenceCase(subject), ...said].map((text) => ({
    text: text
      .replace(/\b(?:Dr|dr)\b\.?(?: [A-Z]\p{L}+)?/gu, 'doctor')
      .replace(/\b(?:Mr|Mrs|Ms)\b\.?(?: [A-Z]\p{L}*)*/gu, ''),
    language: summary.language,
  }))
  for (const text of english) texts.push({ text, language: 'en' })
  // Titles of documents found were written to be titles.
  for (const text of context)
    if (/^\p{Lu}/u.test(text) && text.includes(' ')) texts.push({ text, language: detectLanguage(text) })
  const stems = new Set(
    texts.flatMap(({ text }) =>
      wordsOfPhrase(text)
        .filter((word) => word.isContent || isNegation(word.lower))
        .map((word) => word.stem),
    ),
  )
  return { heading: colon?.[1], texts, stems }
}

type StemCount = { total: number; of: Map<string, number> }
const emptyCount: StemCount = { total: 0, of: new Map() }

function countStems(members: readonly MemberTexts[]): StemCount {
  const of = new Map<string, number>()
  for (const { stems } of members) for (const stem of stems) of.set(stem, (of.get(stem) ?? 0) + 1)
  return { total: members.length, of }
}

type Part = { size: number; members: readonly MemberTexts[]; own: StemCount }

function titleOf(group: {
  node: NodeToName
  members: readonly MemberTexts[]
  own: StemCount
  around: readonly StemCount[]
  avoid: ReadonlySet<string>
  parts: readonly Part[]
  most: number
  frame: string
}): string {
  const { node, members, own, around, avoid, parts, frame } = group
  const heading = commonHeading(members)
  const ranked = rank(members, own, around, frame)
  const phrases = ranked.map(({ candidate }) => candidate.text)
  const support = ranked[0]?.support ?? 0
  const isShort = (ranked[0]?.candidate.words ?? 0) <= 1
  if (isShort || support < (parts.length > 0 ? leastSupport : leastLeafSupport)) {
    const listed = parts.length > 0 ? listParts(parts, around, frame) : listPhrases(ranked, members)
    if (listed !== undefined) phrases.unshift(listed)
  }
  const options = phrases.map((phrase) =>
    trimTitle(heading === undefined ? phrase : `${heading}: ${lowerFirst(phrase)}`),
  )
  // A group of one heading and nothing else in common is named by the heading.
  if (heading !== undefined && support < 0.3) options.unshift(heading)
  const mixed = heading === undefined ? headingsOf(members) : undefined
  if (mixed !== undefined) {
    const told = phrases.map((phrase) => trimTitle(`${mixed}: ${lowerFirst(phrase)}`))
    options.unshift(...(support >= 0.25 && parts.length === 0 ? told : [mixed, ...told]))
  }
  const first = options.find((option) => !avoid.has(keyOf(option)))
  if (first !== undefined) return first
  return numbered(sentenceCase(joinAnd(node.keywords.slice(0, 3))) || `Group ${node.id}`, avoid, group.most)
}

/** A phrase that fewer of a parent's members support is no name for all of them. */
const leastSupport = 0.45
const leastLeafSupport = 0.2

/** “Contract renewal and exit fee”: short phrases that together cover the most members (greedy set cover). */
function listPhrases(ranked: readonly Ranked[], members: readonly MemberTexts[]): string | undefined {
  const short = ranked
    .filter(({ candidate }) => candidate.words <= 3 && candidate.stems.length <= 2 && isNameLike(candidate))
    .slice(0, 200)
  const covered = new Set<MemberTexts>()
  const names: string[] = []
  while (names.length < 3) {
    let best: { item: Ranked; gain: number; value: number } | undefined
    for (const item of short) {
      const gain = members.filter(
        (member) => !covered.has(member) && item.candidate.stems.every((stem) => member.stems.has(stem)),
      ).length
      const value = gain / members.length + item.score * 0.25 - (startsWithVerb(item.candidate.text) ? 0.1 : 0)
      if (gain >= Math.max(2, members.length * 0.12) && (best === undefined || value > best.value))
        best = { item, gain, value }
    }
    if (best === undefined) break
    const { stems, text, inner } = best.item.candidate
    for (const member of members) if (stems.every((stem) => member.stems.has(stem))) covered.add(member)
    names.push(names.length === 0 ? text : inner)
  }
  return names.length < 2 ? undefined : joinAnd(names)
}

/** “Reservations, weather and flights”: the shortest good name of each of the largest children. */
function listParts(parts: readonly Part[], around: readonly StemCount[], frame: string): string | undefined {
  const largest = [...parts].sort((a, b) => b.size - a.size).slice(0, 4)
  const names: string[] = []
  const used = new Set<string>()
  for (const part of largest) {
    const others = parts.filter((other) => other !== part).map((other) => other.own)
    const short = rank(part.members, part.own, [...others, ...around], frame)
      .filter(
        ({ candidate, support }) =>
          candidate.words <= 3 &&
          candidate.stems.length <= 2 &&
          isNameLike(candidate) &&
          support >= 0.15 &&
          !candidate.stems.some((stem) => used.has(stem)),
      )
      .map((ranked) => ({
        ...ranked,
        score:
          ranked.score + (ranked.candidate.words === 1 ? 0.5 : 0) - (startsWithVerb(ranked.candidate.text) ? 0.6 : 0),
      }))
      .sort((a, b) => b.score - a.score)[0]
    if (short === undefined) continue
    for (const stem of short.candidate.stems) used.add(stem)
    names.push(names.length === 0 ? short.candidate.text : short.candidate.inner)
    if (names.length === 3) break
  }
  return names.length < 2 ? undefined : joinAnd(names)
}

function lowerFirst(text: string): string {
  return /^\p{Lu}\p{Ll}/u.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text
}

/** Whether a short phrase names a thing rather than tells of it. */
function isNameLike({ text, words }: Candidate): boolean {
  if (
    /^(?:still|not|no|never|can't|how|why|when|where|what|which|haven't|hasn't|isn't|doesn't|didn't|won't)\b/i.test(
      text,
    )
  )
    return false
  return !startsWithVerb(text) && !/^\p{L}+(?:ed|ing)\b/iu.test(text) && (words > 1 || text.length > 3)
}

/** “Handed to a human and not resolved”, where nearly all members have headings but not one and the same. */
function headingsOf(members: readonly MemberTexts[]): string | undefined {
  const counts = new Map<string, number>()
  for (const { heading } of members) if (heading !== undefined) counts.set(heading, (counts.get(heading) ?? 0) + 1)
  const known = [...counts]
    .filter(([, count]) => count >= members.length * 0.12)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  const covered = known.reduce((sum, [, count]) => sum + count, 0)
  if (known.length < 2 || covered < members.length * 0.75) return undefined
  return joinAnd(known.slice(0, 2).map(([heading], index) => (index === 0 ? heading : lowerFirst(heading))))
}

type Ranked = { candidate: Candidate; score: number; support: number }

/** The heading at least two thirds of the members share. */
function commonHeading(members: readonly MemberTexts[]): string | undefined {
  const counts = new Map<string, number>()
  for (const { heading } of members) if (heading !== undefined) counts.set(heading, (counts.get(heading) ?? 0) + 1)
  const [best] = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  return best !== undefined && best[1] >= members.length * 0.6 ? best[0] : undefined
}

/**
 * Candidates by what they say of the group: each meaningful word weighs by how many members use it and how few do
 * elsewhere; words that few members use cost, and so does a length no title has.
 */
function rank(members: readonly MemberTexts[], own: StemCount, around: readonly StemCount[], frame: string): Ranked[] {
  const weight = weigher(own, around)
  const inFrame = members.filter(({ texts }) => texts[0]?.language === frame).length / Math.max(1, members.length)
  // Where some members speak the reader's language, theirs are the words of the title.
  const foreign = inFrame > 0.15 ? 0.8 : 0
  const ranked = candidatesOf(members.flatMap((member) => member.texts)).map((candidate) => {
    const stems = candidate.stems
    const weights = stems.map(weight)
    const shares = stems.map((stem) => (own.of.get(stem) ?? 0) / Math.max(1, own.total))
    const support =
      members.filter((member) => stems.every((stem) => member.stems.has(stem))).length / Math.max(1, members.length)
    const sum = weights.reduce((total, value) => total + value, 0)
    const rare = shares.filter((share) => share < 0.12).length
    const genericOnly =
      candidate.text
        .toLowerCase()
        .split(' ')
        .filter((word) => !isGenericWord(word)).length <= 1
    let score = sum / Math.max(1, stems.length - 0.5) ** 0.35 + support * 1.1 - rare * 0.35
    if (candidate.stems.length === 1 && candidate.words <= 3) score -= 0.3
    if (candidate.language !== frame && candidate.language !== 'und') score -= foreign
    if (candidate.words === 1) score -= 0.8
    if (candidate.words === 2) score -= 0.3
    if (candidate.words > 6) score -= 0.12 * (candidate.words - 6)
    if (/^(?:why|how|when|where|what|which) (?!to\b)/i.test(candidate.text)) score -= 0.35
    if (candidate.startsRequest) score += 0.25
    if (candidate.isWhole) score += 0.12
    if (genericOnly) score -= 0.4
    return { candidate, score, support }
  })
  return ranked.sort(
    (a, b) =>
      b.score - a.score || b.candidate.count - a.candidate.count || (a.candidate.text < b.candidate.text ? -1 : 1),
  )
}

function weigher(own: StemCount, around: readonly StemCount[]): (stem: string) => number {
  const aroundTotal = around.reduce((sum, count) => sum + count.total, 0)
  return (stem) => {
    const inside = (own.of.get(stem) ?? 0) / Math.max(1, own.total)
    const outside =
      aroundTotal === 0 ? 0 : around.reduce((sum, count) => sum + (count.of.get(stem) ?? 0), 0) / aroundTotal
    return inside * Math.log2(1 + inside / (outside + 0.08)) * 0.6
  }
}

function trimTitle(text: string): string {
  const words = text.split(' ')
  return cutWords(words.slice(0, mostWords).join(' '), 90).replace(/[\s,;:.!?…–—-]+$/, '')
}

function keyOf(title: string): string {
  return title.toLowerCase()
}

function numbered(title: string, avoid: ReadonlySet<string>, most: number): string {
  if (!avoid.has(keyOf(title))) return title
  for (let i = 2; i <= most + 2; i++) if (!avoid.has(keyOf(`${title} ${i}`))) return `${title} ${i}`
  return title
}
