import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { InsightAnswer } from '#/server/api/schemas.ts'
import { api } from '../api.ts'
import { ProblemBar } from '../parts/states.tsx'
import { insightKey } from '../queries.ts'
import { isUnderWay } from '../words.ts'

/** Cancel while it runs, resume once it stopped early; what was summarized is kept either way. */
export function RunAction({ insight }: { insight: InsightAnswer }) {
  const queryClient = useQueryClient()
  const underWay = isUnderWay(insight.status)
  const act = useMutation({
    mutationFn: () => (underWay ? api.cancelInsight(insight.id) : api.resumeInsight(insight.id)),
    onSuccess: async (answer) => {
      queryClient.setQueryData([...insightKey(insight.id), 'state'], answer)
      await queryClient.invalidateQueries({ queryKey: insightKey(insight.id) })
    },
  })
  if (insight.status === 'FINISHED') return null
  return (
    <>
      <button type="button" className="button" disabled={act.isPending} onClick={() => act.mutate()}>
        {underWay ? (act.isPending ? 'Cancelling…' : 'Cancel') : act.isPending ? 'Resuming…' : 'Resume'}
      </button>
      {act.error !== null && <ProblemBar error={act.error} />}
    </>
  )
}
