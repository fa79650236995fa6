// Which phrase says most of what sets a group of members apart from those around it.
import type { MemberPhrases } from './member-phrases.ts'
import type { Phrase } from './phrase-finder.ts'
import { isGenericWord } from './title-words.ts'
import { isVerbToo, isWeakVerb } from './word-class.ts'

export type RankedPhrase = { phrase: Phrase; score: number; support: number; count: number }

/** How often phrases and stems occur in a set of members. */
export type PhraseCount = { total: number; phrases: ReadonlyMap<string, number>; stems: ReadonlyMap<string, number> }

export function countPhrases(members: readonly MemberPhrases[]): PhraseCount {
  const phrases = new Map<string, number>()
  const stems = new Map<string, number>()
  for (const member of members) {
    for (const key of member.phrases.keys()) phrases.set(key, (phrases.get(key) ?? 0) + 1)
    for (const stem of member.stems) stems.set(stem, (stems.get(stem) ?? 0) + 1)
  }
  return { total: members.length, phrases, stems }
}

/**
 * The phrases of the members, most telling first: weighed by how many members use them (literally, and in other words
 * with the same stems), how few do around them, and what shape a title should have. A phrase of one member only is
 * left out unless there is nothing else.
 */
export function rankPhrases(members: readonly MemberPhrases[], around: readonly PhraseCount[]): RankedPhrase[] {
  const spellings = new Map<string, { count: number; texts: Map<string, Phrase[]> }>()
  for (const member of members)
    for (const phrase of member.phrases.values()) {
      const known = spellings.get(phrase.key) ?? { count: 0, texts: new Map<string, Phrase[]>() }
      spellings.set(phrase.key, known)
      known.count++
      const same = known.texts.get(phrase.text)
      if (same === undefined) known.texts.set(phrase.text, [phrase])
      else same.push(phrase)
    }
  const total = Math.max(1, members.length)
  const readable = Math.max(1, members.filter((member) => member.isReadable).length)
  const least = spellings.size === 0 || members.length < 4 ? 1 : 2
  const ranked: RankedPhrase[] = []
  for (const { count, texts } of spellings.values()) {
    if (count < least) continue
    const phrase = usualSpelling(texts, count)
    const others = members.filter((member) => phrase.stems.every((stem) => member.stems.has(stem))).length
    const support = (0.6 * count) / readable + (0.4 * others) / total
    const outside = outsideShare(phrase, around)
    const lift = Math.min(3.2, Math.log2((support + 0.01) / (outside + 0.03)))
    const score = support ** 0.7 * Math.max(0.05, lift) * shapeOf(phrase)
    ranked.push({ phrase, score, support, count })
  }
  return ranked.sort((a, b) => b.score - a.score || b.count - a.count || (a.phrase.text < b.phrase.text ? -1 : 1))
}

function outsideShare(phrase: Phrase, around: readonly PhraseCount[]): number {
  const total = around.reduce((sum, { total }) => sum + total, 0)
  if (total === 0) return 0.05
  const literal = around.reduce((sum, { phrases }) => sum + (phrases.get(phrase.key) ?? 0), 0) / total
  // Where its rarest word is rare, so is the phrase.
  const rarest = Math.min(
    ...phrase.stems.map((stem) => around.reduce((sum, { stems }) => sum + (stems.get(stem) ?? 0), 0) / total),
  )
  return (
    0.6 * literal +
    0.4 * Math.max(literal, rarest * (phrase.kind === 'trouble' ? 0.3 : phrase.stems.length > 1 ? 0.6 : 1))
  )
}

/** What a title likes: two to four words, a deed or a trouble; and what it does not: one word, above all a general one. */
function shapeOf({ kind, words, thing, verb }: Phrase): number {
  let value = kind === 'thing' ? 1 : 1.3
  if (words === 1) value *= 0.62
  if (words === 3) value *= 1.1
  if (words > 4) value *= 0.93 ** (words - 4)
  const head = thing.toLowerCase().split(' ').at(-1) ?? ''
  if (isGenericWord(head)) value *= thing.includes(' ') || kind !== 'thing' ? 0.85 : 0.4
  if (words === 1 && isVerbToo(head)) value *= 0.7
  if (verb !== undefined && isWeakVerb(verb)) value *= 0.85
  return value
}

/** As most write it; with a capital where a fair part does, for many write names small. */
function usualSpelling(texts: ReadonlyMap<string, Phrase[]>, count: number): Phrase {
  const ordered = [...texts].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))
  const named = ordered.find(([text, same]) => /\p{Lu}/u.test(text) && same.length >= count * 0.25)
  const [first] = named ?? ordered[0] ?? []
  const phrase = texts.get(first ?? '')?.[0]
  if (phrase === undefined) throw new RangeError('A phrase has at least one spelling.')
  return phrase
}
