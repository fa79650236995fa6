import { useState } from 'react'
import { Icon } from '../parts/icon.tsx'
import { SearchField } from '../parts/search-field.tsx'
import { periods, type TracesSearch } from '../search-params.ts'
import { periodWords } from './filter.ts'

/** Quick filters for everybody, and MLflow's own filter string for those who know it; both are joined with AND. */
export function FilterBar(props: { search: TracesSearch; onChange: (part: Partial<TracesSearch>) => void }) {
  const { search, onChange } = props
  const [advanced, setAdvanced] = useState(search.filter !== undefined)
  const active = [search.filter, search.text, search.state, search.period].filter((part) => part !== undefined).length
  return (
    <search className="filters">
      <SearchField
        label="Search traces by text or trace id"
        placeholder="Search by text or trace id"
        value={search.text ?? ''}
        onChange={(text) => onChange({ text: text === '' ? undefined : text })}
        hotkey
      />
      <select
        className="select"
        aria-label="State"
        value={search.state ?? ''}
        onChange={(event) => {
          const state = event.target.value
          onChange({ state: state === 'OK' || state === 'ERROR' ? state : undefined })
        }}
      >
        <option value="">Any state</option>
        <option value="OK">OK</option>
        <option value="ERROR">Error</option>
      </select>
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
        aria-controls="mlflow-filter"
        onClick={() => setAdvanced(!advanced)}
      >
        MLflow filter <Icon name={advanced ? 'up' : 'down'} size={12} />
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
      {advanced && (
        <form
          id="mlflow-filter"
          className="filter-string"
          onSubmit={(event) => {
            event.preventDefault()
            const typed = new FormData(event.currentTarget).get('filter')
            onChange({ filter: typeof typed === 'string' && typed.trim() !== '' ? typed.trim() : undefined })
          }}
        >
          <label className="visually-hidden" htmlFor="filter-string">
            MLflow filter string
          </label>
          <input
            id="filter-string"
            key={search.filter ?? ''}
            name="filter"
            className="input mono"
            defaultValue={search.filter ?? ''}
            placeholder="tag.mlflow.source = 'app' AND execution_time_ms > 5000"
            spellCheck={false}
            autoComplete="off"
          />
          <button type="submit" className="button">
            Apply
          </button>
        </form>
      )}
    </search>
  )
}
