// The lens of a question as the form holds it: what is typed, what is wrong with it, and what is sent.
import type { CreateInsightBody } from '#/server/api/schemas/requests.ts'
import { newKey } from '../parts/new-key.ts'

export type Lens = NonNullable<NonNullable<CreateInsightBody['options']>['lens']>
export type FacetType = Lens['facets'][number]['type']

/** `choices` as typed, between commas; only of a category. */
export type FacetDraft = { key: string; name: string; type: FacetType; description: string; choices: string }

export type LensDraft = {
  /** The question it was suggested for. */
  instruction: string
  extract: string
  alike: string
  ignore: string
  facets: FacetDraft[]
  /** Key of the facet that must hold; empty where every trace is kept. */
  only: string
}

export const maxFacets = 12
const maxPartChars = 2_000

export const emptyFacet = (): FacetDraft => ({
  key: newKey(),
  name: '',
  type: 'category',
  description: '',
  choices: '',
})

export function toLensDraft(lens: Lens, instruction: string): LensDraft {
  const { extract, alike, ignore, only } = lens
  const facets = lens.facets.map(({ name, type, description, values }) => ({
    ...emptyFacet(),
    name,
    type,
    description,
    choices: values?.join(', ') ?? '',
  }))
  return { instruction, extract, alike, ignore, facets, only: facets.find(({ name }) => name === only)?.key ?? '' }
}

/** The lens of a draft without problems. */
export function toLens({ extract, alike, ignore, facets, only }: LensDraft): Lens {
  const kept = facets.find(({ key, type }) => key === only && type === 'boolean')
  return {
    extract: extract.trim(),
    alike: alike.trim(),
    ignore: ignore.trim(),
    facets: facets.map((facet) => {
      const values = toChoices(facet)
      return {
        name: facet.name.trim(),
        type: facet.type,
        description: facet.description.trim(),
        ...(values.length === 0 ? {} : { values }),
      }
    }),
    ...(kept === undefined ? {} : { only: kept.name.trim() }),
  }
}

const toChoices = ({ type, choices }: FacetDraft): string[] =>
  type === 'category' ? [...new Set(choices.split(',').map((choice) => choice.trim()))].filter(Boolean) : []

/** What is wrong with a facet, in a sentence. */
export function findFacetProblem(facet: FacetDraft, all: readonly FacetDraft[]): string | undefined {
  const name = facet.name.trim()
  if (!/^[a-z][a-z0-9_]{0,39}$/.test(name)) {
    return 'The name starts with a letter and has only a–z, 0–9 and _, at most 40: it becomes a column.'
  }
  if (all.some((other) => other.key !== facet.key && other.name.trim() === name)) {
    return `Another facet is called ${name} too.`
  }
  if (facet.description.trim() === '') return 'Say what is asked of each trace.'
  if (facet.description.trim().length > 500) return 'Keep what is asked under 500 characters.'
  const choices = toChoices(facet)
  if (choices.length === 1) return 'One choice is none: name at least two, or leave it open.'
  if (choices.length > 30) return `At most 30 choices (now ${choices.length}).`
  if (choices.some((choice) => choice.length > 80)) return 'Keep each choice under 80 characters.'
  return undefined
}

/** The first thing that is wrong with the lens. */
export function findLensProblem(lens: LensDraft): string | undefined {
  for (const part of [lens.extract, lens.alike, lens.ignore]) {
    if (part.trim().length > maxPartChars) return `Keep each part under ${maxPartChars.toLocaleString()} characters.`
  }
  const wrong = lens.facets.findIndex((facet) => findFacetProblem(facet, lens.facets) !== undefined)
  return wrong === -1 ? undefined : `Facet ${wrong + 1} is not complete.`
}
