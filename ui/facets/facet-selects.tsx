import type { ClusterMetrics } from '../answer-parts.ts'
import { toCount } from '../figures.ts'
import { readFacets, toFacetLabel, toFacetWords, withFacet } from './choices.ts'

/** One choice for each facet with countable values; one that the URL names is shown whatever is counted here. */
export function FacetSelects(props: {
  metrics: ClusterMetrics | undefined
  chosen: string | undefined
  onChange: (chosen: string | undefined) => void
}) {
  const { metrics, chosen, onChange } = props
  const values = new Map(readFacets(chosen).map(({ name, value }) => [name, value]))
  const counted = Object.entries(metrics?.facets ?? {}).flatMap(([name, { counts }]) =>
    counts === undefined ? [] : [name],
  )
  return [...new Set([...counted, ...values.keys()])].map((name) => {
    const counts = metrics?.facets?.[name]?.counts ?? {}
    const value = values.get(name)
    const options =
      value === undefined || Object.hasOwn(counts, value) ? Object.keys(counts) : [value, ...Object.keys(counts)]
    return (
      <select
        key={name}
        className="select"
        aria-label={toFacetLabel(name)}
        value={value ?? ''}
        onChange={({ target }) =>
          onChange(withFacet(chosen, { name, value: target.value === '' ? undefined : target.value }))
        }
      >
        <option value="">{toFacetLabel(name)}: any</option>
        {options.map((option) => (
          <option key={option} value={option}>
            {toFacetLabel(name)}: {toFacetWords(option)}
            {counts[option] !== undefined && ` (${toCount(counts[option])})`}
          </option>
        ))}
      </select>
    )
  })
}
