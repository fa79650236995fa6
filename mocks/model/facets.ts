// Facets by extraction: a value is what the trace says of it in so many words, else nothing.
import { toContentWords, toSentences } from './sentences.ts'

export type AskedFacet = { name: string; type: string; values: string[]; description: string }

/** Lines `name (type, one of a | b): description`. */
export function readFacets(block: string): AskedFacet[] {
  return block.split('\n').flatMap((line) => {
    const match = /^([a-z][a-z0-9_]*) \(([a-z]+)(?:, one of (.+?))?\): (.*)$/.exec(line)
    if (match === null) return []
    const [, name = '', type = '', values, description = ''] = match
    return [{ name, type, values: values === undefined ? [] : values.split(' | '), description }]
  })
}

export function fillFacets(facets: readonly AskedFacet[], trace: string): Record<string, unknown> {
  const sentences = toSentences(trace)
  return Object.fromEntries(facets.map((facet) => [facet.name, fillFacet(facet, sentences)]))
}

/** Words of the question's frame, which every trace has or none. */
const speakers = new Set([
  'user',
  'users',
  'customer',
  'customers',
  'asked',
  'asks',
  'trace',
  'wants',
  'wanted',
  'times',
])

function fillFacet({ type, values, description }: AskedFacet, sentences: readonly string[]): unknown {
  const words = toContentWords(description).filter((word) => !speakers.has(word))
  const telling = sentences.find((sentence) => {
    const said = toContentWords(sentence)
    return (
      words.length > 0 &&
      words.filter((word) => said.some((one) => one.slice(0, 5) === word.slice(0, 5))).length / words.length >= 0.6
    )
  })
  if (type === 'boolean') return telling !== undefined
  if (type === 'number') {
    const digits = /\d+/.exec(telling ?? '')?.[0]
    return digits === undefined ? null : Number(digits)
  }
  if (type === 'category' && values.length > 0) {
    const all = sentences.join(' ').toLowerCase()
    return values.find((value) => all.includes(value.replaceAll('_', ' '))) ?? null
  }
  return telling?.slice(0, 120) ?? null
}
