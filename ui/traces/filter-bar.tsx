import { useState, type ReactNode } from 'react'
import { Icon } from '../parts/icon.tsx'
import { SearchField } from '../parts/search-field.tsx'
import { StateSelect } from '../parts/state-select.tsx'
import { periods, type TracesSearch } from '../search-params.ts'
import { splitConditions } from './conditions.ts'
import { FilterBuilder } from './filter-builder.tsx'
import { periodWords } from './filter.ts'

/** Quick filters for everybody, conditions for more, MLflow's own filter string for those who know it; joined with AND. */
export function FilterBar(props: {
  search: TracesSearch
  onChange: (part: Partial<TracesSearch>) => void
  children?: ReactNode
}) {
  const { search, onChange } = props
  const [advanced, setAdvanced] = useState(search.filter !== undefined)
  const active = [search.filter, search.text, search.state, search.period].filter((part) => part !== undefined).length
  const conditions = splitConditions(search.filter ?? '').length
  return (
    <search className="filters">
      <SearchField
        label="Search traces by text or trace id"
        placeholder="Search by text or trace id"
        value={search.text ?? ''}
        onChange={(text) => onChange({ text: text === '' ? undefined : text })}
        hotkey
      />
      <StateSelect value={search.state} onChange={(state) => onChange({ state })} />
      <select
        className="select"
        aria-label="Request time"
        value={search.period ?? ''}
        onChange={(event) => onChange({ period: periods.find((period) => period === event.target.value) })}
      >
        <option value="">All time</option>
        {periods.map((period) => (
          <option key={period} value={period}>
            {periodWords[period]}
          </option>
        ))}
      </select>
      <button
        type="button"
        className="button"
        aria-expanded={advanced}
        aria-controls="filter-builder"
        onClick={() => setAdvanced(!advanced)}
      >
        <Icon name="filter" /> Filters{conditions > 0 && <span className="numbers"> ({conditions})</span>}
        <Icon name={advanced ? 'up' : 'down'} size={12} />
      </button>
      {active > 0 && (
        <button
          type="button"
          className="text-button"
          onClick={() => onChange({ filter: undefined, text: undefined, state: undefined, period: undefined })}
        >
          Clear filters
        </button>
      )}
      <span className="filters-end">{props.children}</span>
      {advanced && <FilterBuilder filter={search.filter} onChange={(filter) => onChange({ filter })} />}
    </search>
  )
}
