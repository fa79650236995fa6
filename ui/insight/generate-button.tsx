import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { InsightAnswer } from '#/server/api/schemas/insights.ts'
import { BrandMark } from '../parts/brand-mark.tsx'
import { mapQuery } from '../queries.ts'
import type { InsightSearch } from '../search-params.ts'
import { useSelection } from '../traces/selection.ts'
import { toTraceIds } from './chosen-traces.ts'

/** Asks another question of just these traces: they become the selection, and the creation form opens with it. */
export function GenerateButton(props: {
  insight: InsightAnswer
  search: Pick<InsightSearch, 'cluster' | 'area'>
  onCreate: () => void
}) {
  const { insight } = props
  const queryClient = useQueryClient()
  const [, select] = useSelection(insight.experiment_id)
  const generate = useMutation({
    // The map knows every summarized trace and its cluster.
    mutationFn: () => queryClient.ensureQueryData(mapQuery(insight.id)),
    onSuccess: (map) => {
      select(new Set(toTraceIds(map, props.search)))
      props.onCreate()
    },
  })
  return (
    <button
      type="button"
      className="button small-button"
      disabled={generate.isPending}
      onClick={() => generate.mutate()}
    >
      <BrandMark size={14} /> Ask about these
    </button>
  )
}
