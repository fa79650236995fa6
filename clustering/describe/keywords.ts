// What a node has that its siblings have not, in words as people wrote them.
// Ranking: log-odds with an informative Dirichlet prior (Monroe, Colaresi & Quinn 2008, "Fightin' Words", eq. 22).
import { stemOf } from '../text/stem.ts'
import { isDullWord, isParticle } from '../text/stop-words.ts'
import { tokensOf } from '../text/tokenize.ts'

/** Texts read of each leaf: enough to rank phrases, few enough for a million texts. */
export const textsPerLeaf = 200
const longestPhrase = 3
const wantedPhrases = 8
/** A phrase must stand in this share of a node's texts (and in two of them, where there are two). */
const leastShare = 0.04
const maxTokens = 400

/** In how many of a leaf's texts each phrase stands; `texts` is how many were read. */
export type PhraseCounts = { texts: number; counts: Map<string, number> }

/** Reads texts, leaf by leaf, and tells the telling phrases of any set of leaves. */
export function createPhraseReader() {
  /** How each phrase (a key of stems) was written, and how often. */
  const writings = new Map<string, Map<string, number>>()
  return {
    readLeaf: (texts: readonly string[]): PhraseCounts => {
      const counts = new Map<string, number>()
      for (const text of texts) {
        const found = phrasesOf(text)
        for (const [key, written] of found) {
          counts.set(key, (counts.get(key) ?? 0) + 1)
          const ways = writings.get(key)
          if (ways === undefined) writings.set(key, new Map([[written, 1]]))
          else ways.set(written, (ways.get(written) ?? 0) + 1)
        }
      }
      return { texts: texts.length, counts }
    },
    /** The most telling phrases of `node` against `others` (its siblings together), best first, none inside another. */
    rank: (node: PhraseCounts, others: PhraseCounts): string[] => {
      const scored = scorePhrases(node, others)
      const chosen: { key: string; stems: string[] }[] = []
      for (const { key } of scored) {
        const stems = key.split(' ')
        const repeats = chosen.some(
          (other) =>
            stems.filter((stem) => other.stems.includes(stem)).length * 2 > Math.min(stems.length, other.stems.length),
        )
        if (!repeats) chosen.push({ key, stems })
        if (chosen.length === wantedPhrases) break
      }
      return chosen.map(({ key }) => mostFrequent(writings.get(key)!))
    },
  }
}

/** Sums of counts over several leaves. */
export function addCounts(parts: readonly PhraseCounts[]): PhraseCounts {
  const counts = new Map<string, number>()
  let texts = 0
  for (const part of parts) {
    texts += part.texts
    for (const [key, count] of part.counts) counts.set(key, (counts.get(key) ?? 0) + count)
  }
  return { texts, counts }
}

function scorePhrases(node: PhraseCounts, others: PhraseCounts): { key: string; score: number }[] {
  const least = Math.max(Math.min(2, node.texts), leastShare * node.texts)
  const scored: { key: string; score: number }[] = []
  for (const [key, count] of node.counts) {
    if (count < least) continue
    const there = others.counts.get(key) ?? 0
    // The prior is the phrase's share everywhere, worth two texts.
    const prior = (2 * (count + there)) / (node.texts + others.texts)
    const here = (count + prior) / (node.texts - count + 2)
    const elsewhere = (there + prior) / (others.texts - there + 2)
    const z = (Math.log(here) - Math.log(elsewhere)) / Math.sqrt(1 / (count + prior) + 1 / (there + prior))
    const words = key.split(' ').length
    const share = count / node.texts
    // A phrase says more than a word; what few of the texts say describes none of the others.
    if (z > 0 || others.texts === 0)
      scored.push({ key, score: (others.texts === 0 ? 1 : z) * Math.sqrt(share) * (1 + 0.7 * (words - 1)) })
  }
  return scored.sort((a, b) => b.score - a.score || (a.key < b.key ? -1 : 1))
}

/** Phrases of one to three words of a text that neither begin nor end with a dull word, with their writing; each once. */
function phrasesOf(text: string): Map<string, string> {
  const tokens = tokensOf(text).slice(0, maxTokens)
  const stems = tokens.map((token) => stemOf(token.word))
  const isDull = tokens.map((token) => isDullWord(token.word))
  const found = new Map<string, string>()
  for (let first = 0; first < tokens.length; first++) {
    if (isDull[first]!) continue
    for (let last = first; last < Math.min(tokens.length, first + longestPhrase); last++) {
      // Punctuation ends a phrase.
      if (last > first && /[^\s'’-]/u.test(text.slice(tokens[last - 1]!.end, tokens[last]!.start))) break
      if (isDull[last]! && (last === first || isDull[last - 1]! || !isParticle(tokens[last]!.word))) continue
      if (first === last && Array.from(tokens[first]!.word).length < 2) continue
      const key = stems.slice(first, last + 1).join(' ')
      if (!found.has(key)) found.set(key, writtenForm(text, tokens[first]!.start, tokens[last]!.end))
    }
  }
  return found
}

/** The phrase as it stands in the text; a capital that only starts a sentence is made small. */
function writtenForm(text: string, start: number, end: number): string {
  const written = text.slice(start, end).replace(/\s+/gu, ' ')
  const before = text.slice(Math.max(0, start - 3), start).trim()
  const startsSentence = before === '' || /[.!?:\n]$/u.test(before)
  const firstWord = written.split(' ')[0]!
  const isShouted = firstWord.length > 1 && firstWord === firstWord.toUpperCase()
  return startsSentence && !isShouted ? written.charAt(0).toLowerCase() + written.slice(1) : written
}

function mostFrequent(ways: ReadonlyMap<string, number>): string {
  let best = ''
  let most = 0
  for (const [written, count] of ways) {
    if (count > most || (count === most && written < best)) [best, most] = [written, count]
  }
  return best
}
