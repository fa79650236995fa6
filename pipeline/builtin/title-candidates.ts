// Phrases out of the members' own words that could head a group of them.
import { sentenceCase } from './plain-text.ts'
import { titleOfRequest, toRequest } from './request.ts'
import { isDeterminer, mayBegin, mayEnd, wordsOfPhrase, type Word } from './title-words.ts'

/** A phrase that could be a title: how it reads (`inner`: in the middle of a line), its meaningful stems, and whether it is a whole request. */
export type Candidate = {
  text: string
  inner: string
  language: string
  stems: string[]
  words: number
  isWhole: boolean
  startsRequest: boolean
  count: number
}

const questionVerbs = new Set([
  'is',
  'are',
  'was',
  'were',
  'to',
  'do',
  'does',
  'did',
  'can',
  'many',
  'much',
  'long',
  'will',
  'has',
  'have',
])

const longest = 8
const mostWords = 40

/**
 * All phrases of two to eight words of the given texts that begin and end where a phrase does; the same phrase in
 * another text counts up. Possessives and articles in front are dropped.
 */
export function candidatesOf(texts: readonly { text: string; language: string }[]): Candidate[] {
  const found = new Map<string, Candidate>()
  const spellings = new Map<string, Map<string, { inner: string; count: number }>>()
  for (const { text, language } of texts) {
    const request = titleOfRequest(toRequest(text, language), mostWords)
    const seen = new Set<string>()
    for (const candidate of spansOf(wordsOfPhrase(request), language)) {
      const key = candidate.text.toLowerCase()
      if (seen.has(key)) continue
      seen.add(key)
      const spelled = spellings.get(key) ?? new Map<string, { inner: string; count: number }>()
      spellings.set(key, spelled)
      spelled.set(candidate.text, { inner: candidate.inner, count: (spelled.get(candidate.text)?.count ?? 0) + 1 })
      const known = found.get(key)
      if (known === undefined) found.set(key, candidate)
      else {
        known.count += 1
        known.isWhole ||= candidate.isWhole
        known.startsRequest ||= candidate.startsRequest
      }
    }
  }
  // Most write “ATM”, some “atm”: the title follows most.
  for (const [key, candidate] of found) {
    const usual = [...(spellings.get(key) ?? [])].sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1))[0]
    if (usual !== undefined) Object.assign(candidate, { text: usual[0], inner: usual[1].inner })
  }
  return [...found.values()]
}

/** “How to pay” and whole questions are phrases; “when my lamp” and “card be supported” are torn out of one. */
function isSaid(span: readonly Word[], endsRequest: boolean): boolean {
  const first = span[0]?.lower ?? ''
  if (/^(?:how|why|when|where|what|which)$/.test(first)) {
    if (span[1]?.lower === 'to') return true
    if (!endsRequest || !span.some((word) => questionVerbs.has(word.lower))) return false
  }
  return span.every(
    (word, index) =>
      word.lower !== 'be' ||
      /^(?:to|will|can|can't|cannot|not|should|would|must|won't)$/.test(span[index - 1]?.lower ?? ''),
  )
}

function spansOf(words: readonly Word[], language: string): Candidate[] {
  const spans: Candidate[] = []
  for (let from = 0; from < words.length; from++) {
    const first = words[from]!
    if (!mayBegin(first, words[from - 1])) continue
    for (let to = from; to < Math.min(words.length, from + longest); to++) {
      const last = words[to]!
      if (to > from && last.opens) break
      if (!mayEnd(last, words[to + 1])) continue
      const span = words.slice(from, to + 1)
      const content = span.filter((word) => word.isContent)
      if (
        content.length === 0 ||
        span.some((word) =>
          /^(?:i|you|your|yours|mine|theirs|i'm|i've|i'd|it|he|she|they|we|u|ur|ye|yer)$/.test(word.lower),
        )
      )
        continue
      if (span.some((word) => /\d/.test(word.text))) continue
      if (!isSaid(span, to === words.length - 1)) continue
      const shown = span.filter(
        (word, index) =>
          !(index === 0 && isDeterminer(word)) && !/^(?:my|our|mein|meine|mijn|mon|ma|mes|mi|mis)$/.test(word.lower),
      )
      const said = shown.map((word) => (/^\p{Lu}{5,}$/u.test(word.text) ? word.lower : word.text)).join(' ')
      spans.push({
        text: sentenceCase(said),
        // Only the first word of a request got its capital from us; “Shadyside” keeps its own.
        inner: from === 0 && /^\p{Lu}\p{Ll}/u.test(said) ? said[0]!.toLowerCase() + said.slice(1) : said,
        language,
        stems: [...new Set(content.map((word) => word.stem))],
        words: shown.length,
        isWhole: from === 0 && to === words.length - 1,
        startsRequest: from === 0,
        count: 1,
      })
    }
  }
  return spans
}
