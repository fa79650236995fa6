// What the facets of a set of traces come to.
import type { FacetValues } from './lens.ts'

/** Of categories and booleans, how often each value; of numbers, their mean and range. Free text is not counted. */
export type FacetMetrics = Record<
  string,
  { known: number; counts?: Record<string, number>; mean?: number; min?: number; max?: number }
>

/** More distinct values than this are no categories. */
const mostValues = 30

export function toFacetMetrics(all: readonly FacetValues[]): FacetMetrics {
  const names = [...new Set(all.flatMap((facets) => Object.keys(facets)))].sort()
  return Object.fromEntries(
    names.map((name) => {
      const values = all.map((facets) => facets[name] ?? null).filter((value) => value !== null)
      const numbers = values.filter((value) => typeof value === 'number')
      const known = values.length
      if (known === 0) return [name, { known }]
      if (numbers.length === known) {
        const [min, max] = numbers.reduce(
          ([a, b], value) => [Math.min(a, value), Math.max(b, value)],
          [Infinity, -Infinity],
        )
        return [name, { known, mean: numbers.reduce((sum, value) => sum + value, 0) / known, min, max }]
      }
      const counts = [...Map.groupBy(values, String)]
        .map(([value, same]) => [value, same.length] as const)
        .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
      return [name, counts.length > mostValues ? { known } : { known, counts: Object.fromEntries(counts) }]
    }),
  )
}
