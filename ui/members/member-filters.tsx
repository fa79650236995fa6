import { useQuery } from '@tanstack/react-query'
import { DropdownMenu } from 'radix-ui'
import { api } from '../api.ts'
import type { ClusterMetrics } from '../answer-parts.ts'
import { FacetSelects } from '../facets/facet-selects.tsx'
import { toCount, toPlural } from '../figures.ts'
import { Icon } from '../parts/icon.tsx'
import { languageName } from '../parts/language-name.ts'
import { SearchField } from '../parts/search-field.tsx'
import { StateSelect } from '../parts/state-select.tsx'
import { serviceQuery } from '../queries.ts'
import type { ChangeSearch, InsightSearch } from '../search-params.ts'
import { ColumnChooser, readColumns } from '../table/column-chooser.tsx'
import { outcomes, outcomeWords } from '../words.ts'
import { memberChoices, usualColumns } from './member-columns.tsx'
import { isFiltered, noFilters, toRequest } from './to-request.ts'

/** Search, facets, columns and export of the table below; the facets count what the chosen cluster holds. */
export function MemberFilters(props: {
  insightId: string
  search: InsightSearch
  metrics: ClusterMetrics | undefined
  facetNames: readonly string[]
  total: number | undefined
  onChange: ChangeSearch
}) {
  const { search, metrics, onChange } = props
  const service = useQuery(serviceQuery()).data
  const choices = memberChoices(service?.tracking === 'mlflow', props.facetNames)
  const languages = Object.entries(metrics?.languages ?? {})
    .filter(([language]) => language !== 'und')
    .sort((a, b) => b[1] - a[1])
  return (
    <search className="filters">
      <SearchField
        label="Search these traces"
        placeholder="Search these traces"
        value={search.search ?? ''}
        onChange={(text) => onChange({ search: text === '' ? undefined : text })}
        hotkey
      />
      <select
        className="select"
        aria-label="Outcome"
        value={search.outcome ?? ''}
        onChange={(event) => onChange({ outcome: outcomes.find((outcome) => outcome === event.target.value) })}
      >
        <option value="">Any outcome</option>
        {outcomes.map((outcome) => (
          <option key={outcome} value={outcome}>
            {outcomeWords[outcome]}
            {metrics !== undefined && ` (${toCount(metrics.outcomes[outcome] ?? 0)})`}
          </option>
        ))}
      </select>
      <StateSelect value={search.state} onChange={(state) => onChange({ state })} />
      {(languages.length > 1 || search.language !== undefined) && (
        <select
          className="select"
          aria-label="Language"
          value={search.language ?? ''}
          onChange={(event) => onChange({ language: event.target.value === '' ? undefined : event.target.value })}
        >
          <option value="">Any language</option>
          {languages.map(([language, count]) => (
            <option key={language} value={language}>
              {languageName(language)} ({toCount(count)})
            </option>
          ))}
        </select>
      )}
      <FacetSelects metrics={metrics} chosen={search.facets} onChange={(facets) => onChange({ facets })} />
      {isFiltered(search) && (
        <button type="button" className="text-button" onClick={() => onChange(noFilters)}>
          Clear filters
        </button>
      )}
      <span className="quiet numbers filters-end" aria-live="polite">
        {props.total !== undefined && toPlural(props.total, 'trace')}
      </span>
      <ColumnChooser
        choices={choices}
        shown={readColumns(search.columns, choices, usualColumns)}
        usual={usualColumns}
        onChange={(columns) => onChange({ columns })}
      />
      <DropdownMenu.Root>
        <DropdownMenu.Trigger className="button icon-only" aria-label="Export these traces" title="Export these traces">
          <Icon name="download" />
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content className="menu" align="end" sideOffset={4}>
            {(['csv', 'json'] as const).map((format) => (
              <DropdownMenu.Item key={format} asChild className="menu-item">
                <a href={api.exportUrl(props.insightId, format, toRequest(search))} download>
                  <span>
                    {format.toUpperCase()}
                    <span className="menu-hint">
                      {props.total === undefined ? 'these traces' : `these ${toPlural(props.total, 'trace')}`}
                    </span>
                  </span>
                </a>
              </DropdownMenu.Item>
            ))}
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
    </search>
  )
}
