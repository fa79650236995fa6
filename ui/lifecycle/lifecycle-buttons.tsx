import { useNavigate } from '@tanstack/react-router'
import type { InsightAnswer } from '#/server/api/schemas/insights.ts'
import { ProblemBar } from '../parts/states.tsx'
import { LifecycleMenu } from './lifecycle-menu.tsx'
import { deedWords, possibleDeeds, useLifecycle, type Deed } from './use-lifecycle.ts'

const shown: ReadonlySet<Deed> = new Set(['cancel', 'resume', 'retry', 'restore'])

/** What the state of the Insight calls for as a button, everything else behind the dots. */
export function LifecycleButtons({ insight }: { insight: InsightAnswer }) {
  const navigate = useNavigate()
  const act = useLifecycle(insight, (deed) => {
    if (deed !== 'delete') return
    void navigate({
      to: '/experiments/$experimentId/insights',
      params: { experimentId: insight.experiment_id },
      search: { gone: insight.id },
    })
  })
  const deeds = possibleDeeds(insight)
  return (
    <>
      {deeds
        .filter((deed) => shown.has(deed))
        .map((deed) => (
          <button key={deed} type="button" className="button" disabled={act.isPending} onClick={() => act.mutate(deed)}>
            {act.isPending && act.variables === deed ? deedWords[deed].doing : deedWords[deed].label}
          </button>
        ))}
      <LifecycleMenu
        insight={insight}
        deeds={deeds.filter((deed) => !shown.has(deed))}
        isPending={act.isPending}
        onDeed={act.mutate}
      />
      {act.error !== null && <ProblemBar error={act.error} />}
    </>
  )
}
