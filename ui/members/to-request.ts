import type { InsightTracesRequest } from '../api.ts'
import { readFacets } from '../facets/choices.ts'
import type { InsightSearch } from '../search-params.ts'

/** What narrows the table down beside the chosen cluster, all of it taken away. */
export const noFilters = {
  search: undefined,
  outcome: undefined,
  state: undefined,
  language: undefined,
  facets: undefined,
} satisfies Partial<InsightSearch>

export function isFiltered(search: InsightSearch): boolean {
  return Object.keys(noFilters).some((key) => search[key as keyof typeof noFilters] !== undefined)
}

/** Which traces the page's URL stands for, as the server is asked for them. */
export function toRequest(search: InsightSearch): InsightTracesRequest {
  const { cluster, search: text, outcome, state, language, area } = search
  const facet = search.facets === undefined ? undefined : readFacets(search.facets).map(toParameter)
  const asked = { cluster, search: text, outcome, state, language, area, facet }
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))
}

const toParameter = ({ name, value }: { name: string; value: string }): string => `${name}:${value}`

/** The same in the order of the table: most typical first, unless the reader sorts it. */
export function toMemberRequest(search: InsightSearch) {
  return { ...toRequest(search), sort: search.sort ?? 'typical', order: search.order ?? 'asc' } as const
}
