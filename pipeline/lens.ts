// The question made explicit: what is taken from each trace, what makes two alike, what is left aside, and what else is
// written down of each. Whoever asks can see it and change it before anything runs.

export const facetTypes = ['category', 'number', 'boolean', 'text'] as const
export type FacetType = (typeof facetTypes)[number]

/** One thing to be told of every trace. `values` are those a category may have; any where left out. */
export type Facet = { name: string; type: FacetType; description: string; values?: readonly string[] }

/** `null` where the trace does not tell. */
export type FacetValue = string | number | boolean | null
export type FacetValues = Record<string, FacetValue>

export type Lens = {
  extract: string
  alike: string
  ignore: string
  facets: readonly Facet[]
  /** Names a boolean facet: traces of which it is not true are left out, and counted as skipped. */
  only?: string
}

/** Why a trace is left out of a lens that keeps only some; `undefined` for one that is kept. */
export function whyLeftOut(lens: Lens | undefined, facets: FacetValues | undefined): string | undefined {
  const only = lens?.facets.find(({ name }) => name === lens.only)
  if (only === undefined || facets?.[only.name] === true) return undefined
  return `Left out, since only traces are asked for of which this holds: ${only.description}`
}

/** The values as their facets' types allow; what does not fit, or was not asked for, is dropped. */
export function fitFacets(facets: readonly Facet[], given: Readonly<Record<string, unknown>>): FacetValues {
  return Object.fromEntries(facets.map((facet) => [facet.name, fitFacet(facet, given[facet.name])]))
}

const maxFacetChars = 200

function fitFacet({ type, values }: Facet, value: unknown): FacetValue {
  if (type === 'number') return typeof value === 'number' && Number.isFinite(value) ? value : null
  if (type === 'boolean') return typeof value === 'boolean' ? value : null
  if (typeof value !== 'string' || value.trim() === '') return null
  const text = value.replace(/\s+/g, ' ').trim()
  if (type === 'text' || values === undefined) return text.slice(0, maxFacetChars).toWellFormed()
  return values.find((one) => one.toLowerCase() === text.toLowerCase()) ?? null
}
