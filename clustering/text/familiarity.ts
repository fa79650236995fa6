// Texts that no other text resembles, word by word: random letters, random words, another corpus.
import { toCorpus, type Corpus } from './corpus.ts'
import { groupByLanguage } from './language.ts'

/** Slots of the table of word pairs seen: a collision makes a pair look familiar once in a while, memory stays at 16 MB. */
const slots = 1 << 24
const maxWordsOfText = 400
/** In a smaller set of texts, or one where most say things in words of their own, an unusual text is nothing unusual. */
const leastTexts = 200
const leastUsualFamiliarity = 0.5
/** A text whose familiarity is below this share of the usual one (the upper quartile of its language) is unlike the others. */
const unfamiliarShare = 0.45

/**
 * Flags texts that share next to no pairs of neighbouring words with the others, where that is out of the ordinary. Equal
 * texts count as one: what a thousand say in the same words must not make all other texts look strange.
 */
export function findUnfamiliar(texts: readonly string[]): Uint8Array {
  const numberOf = new Map<string, number>()
  const distinctOf = Int32Array.from(texts, (text) => {
    const number = numberOf.get(text) ?? numberOf.size
    numberOf.set(text, number)
    return number
  })
  const unfamiliar = findUnfamiliarDistinct(toCorpus([...numberOf.keys()]))
  return Uint8Array.from(distinctOf, (number) => unfamiliar[number]!)
}

function findUnfamiliarDistinct(corpus: Corpus): Uint8Array {
  const familiarity = familiarityOf(corpus)
  const { groupOf, groups } = groupByLanguage(corpus)
  const flags = new Uint8Array(corpus.texts)
  for (let group = 0; group < groups; group++) {
    const own = familiarity.filter((share, text) => groupOf[text] === group && !Number.isNaN(share)).sort()
    if (own.length < leastTexts) continue
    const usual = own[Math.floor(0.75 * (own.length - 1))]!
    if (usual < leastUsualFamiliarity) continue
    familiarity.forEach((share, text) => {
      if (groupOf[text] === group && share < unfamiliarShare * usual) flags[text] = 1
    })
  }
  return flags
}

/**
 * How much of each text the other texts say too: the share of its pairs of neighbouring words (its beginning and end
 * count as words) that stand in another text as well, 0 to 1. Sentences of people who write about the same things
 * share most of their pairs; random letters and random words share next to none, whatever the language. NaN for texts
 * without words.
 */
function familiarityOf(corpus: Corpus): Float32Array {
  // 0: not seen, 1: in one text, 2: in more.
  const seen = new Uint8Array(slots)
  for (let text = 0; text < corpus.texts; text++) {
    for (const pair of pairsOf(corpus, text)) if (seen[pair]! < 2) seen[pair] = seen[pair]! + 1
  }
  return Float32Array.from({ length: corpus.texts }, (_, text) => {
    let familiar = 0
    const pairs = pairsOf(corpus, text)
    for (const pair of pairs) if (seen[pair] === 2) familiar++
    return familiar / pairs.size
  })
}

/** One slot number for every different pair of neighbouring words. */
function pairsOf(corpus: Corpus, text: number): Set<number> {
  const pairs = new Set<number>()
  const start = corpus.offsets[text]!
  const end = Math.min(corpus.offsets[text + 1]!, start + maxWordsOfText)
  // Word numbers count from one here; zero is the border of the text.
  let previous = 0
  for (let i = start; i < end; i++) {
    const word = corpus.ids[i]! + 1
    pairs.add(slotOf(previous, word))
    previous = word
  }
  if (end > start) pairs.add(slotOf(previous, 0))
  return pairs
}

function slotOf(first: number, second: number): number {
  const mixed = Math.imul(first, 0x9e3779b1) ^ Math.imul(second ^ 0x5bd1e995, 0x85ebca6b)
  return ((mixed ^ (mixed >>> 15)) >>> 0) & (slots - 1)
}
