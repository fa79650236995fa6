// Facets without a model: counted where they can be counted, else found by the words of their description.
import { stemOf } from '#/clustering/text/stem.ts'
import type { Summary } from '../insight.ts'
import { type Facet, type FacetValue, type FacetValues, fitFacets } from '../lens.ts'
import { detectLanguage } from './language.ts'
import { toLens } from './lens.ts'
import { readDenials } from './negation.ts'
import { cutWords } from './plain-text.ts'
import type { Reading, Said } from './reading.ts'

type Told = Pick<Summary, 'outcome' | 'language'>

/** The values of all facets; `null` where the trace does not tell. */
export function facetsOf(facets: readonly Facet[], reading: Reading, told: Told): FacetValues {
  return fitFacets(facets, Object.fromEntries(facets.map((facet) => [facet.name, valueOf(facet, reading, told)])))
}

function valueOf(facet: Facet, reading: Reading, told: Told): FacetValue {
  const known = findKnown(facet, reading, told)
  if (known !== undefined) return known
  const terms = toLens(facet.description).terms.filter((term) => !speechTerms.has(term))
  const sentence = bestSentence(reading, terms, { language: told.language, description: facet.description })
  switch (facet.type) {
    case 'boolean':
      return terms.length === 0 ? null : sentence !== undefined
    case 'number':
      return sentence === undefined ? null : numberIn(sentence.plain)
    case 'category':
      return mostNamed(facet.values ?? [], reading) ?? null
    case 'text':
      return sentence === undefined ? null : cutWords(sentence.plain, 160)
  }
}

/** “The user asked for a refund” is about a refund: that somebody asked goes for every trace. */
const speechTerms = new Set(
  'asked wanted wants requested requests mentioned mentions said says told tells needed needs talked'
    .split(' ')
    .map(stemOf),
)

/** What the reading has counted already, under the names and words people use for it. */
function findKnown({ name, type, description }: Facet, reading: Reading, told: Told): FacetValue | undefined {
  const words = `${name.replaceAll('_', ' ')} ${description}`.toLowerCase()
  if (type === 'category' && /\boutcome\b|\bhow (?:it|the conversation) end/.test(words)) return told.outcome
  if (type === 'category' && /\blanguage\b/.test(words)) return told.language
  if (type === 'number') {
    if (/\b(?:turns?|messages?|times the (?:user|customer) spoke)\b/.test(words)) {
      return new Set(reading.user.map(({ order }) => order)).size
    }
    if (/\btools? calls?\b|\btools\b/.test(words)) return reading.actions.length
    if (/\berrors?\b|\bfailures?\b/.test(words)) return reading.errors.length
  }
  if (type === 'boolean') {
    if (/\b(?:handed (?:over|off)|handover|escalated|transferred)\b/.test(words)) return told.outcome === 'handed_off'
    if (/\btool\b.*\bfail|\bfail.*\btool\b/.test(words)) return reading.actions.some(({ failed }) => failed)
    if (/\bresolved\b|\bsolved\b/.test(words) && !/\bun(?:re)?solved\b|\bnot\b/.test(words))
      return told.outcome === 'resolved'
  }
  return undefined
}

/** A sentence counts when it has most of the words asked for: two of three, and both of two. */
const enoughTerms = 0.6

/** A word that a sentence denies is not what was asked for, unless the description denies it too. */
function bestSentence(
  reading: Reading,
  terms: readonly string[],
  { language, description }: { language: string; description: string },
): Said | undefined {
  if (terms.length === 0) return undefined
  const wanted = readDenials(description, detectLanguage(description)).denied
  let best: { said: Said; share: number } | undefined
  for (const said of [...reading.user, ...reading.assistant]) {
    const { stems, denied } = readDenials(said.plain, language)
    const share = terms.filter((term) => stems.has(term) && denied.has(term) === wanted.has(term)).length / terms.length
    if (share > (best?.share ?? 0)) best = { said, share }
  }
  return best !== undefined && best.share >= enoughTerms ? best.said : undefined
}

function numberIn(text: string): number | null {
  const found = /-?\d[\d,]*(?:\.\d+)?/.exec(text)
  return found === null ? null : Number(found[0].replaceAll(',', ''))
}

/** The value whose words are said most often; earlier ones win ties, and none where nobody says any. */
function mostNamed(values: readonly string[], reading: Reading): string | undefined {
  const said = Map.groupBy(
    [...reading.user, ...reading.assistant].flatMap(({ plain }) => [...stemsOf(plain)]),
    (stem) => stem,
  )
  let best: { value: string; count: number } | undefined
  for (const value of values) {
    const stems = [...stemsOf(value.replaceAll('_', ' '))]
    const count = stems.length === 0 ? 0 : Math.min(...stems.map((stem) => said.get(stem)?.length ?? 0))
    if (count > (best?.count ?? 0)) best = { value, count }
  }
  return best?.value
}

function stemsOf(text: string): Set<string> {
  return new Set((text.toLowerCase().match(/\p{L}[\p{L}'-]+/gu) ?? []).map(stemOf))
}
