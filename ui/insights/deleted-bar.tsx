import { useLifecycle } from '../lifecycle/use-lifecycle.ts'
import { Icon } from '../parts/icon.tsx'
import { ProblemBar } from '../parts/states.tsx'

/** Says that an Insight is gone, and brings it back with one click. */
export function DeletedBar({ insightId, onDone }: { insightId: string; onDone: () => void }) {
  const counts = { selected: 0, summarized: 0, skipped: 0, failed: 0, clustered: 0, unassigned: 0 }
  const act = useLifecycle({ id: insightId, status: 'KILLED', counts, deleted_at: '' }, onDone)
  return (
    <>
      <div className="bar tone-info" role="status">
        <Icon name="trash" />
        <span>The Insight and its run are deleted.</span>
        <button type="button" className="text-button" disabled={act.isPending} onClick={() => act.mutate('restore')}>
          Undo
        </button>
        <button type="button" className="text-button" onClick={onDone}>
          Dismiss
        </button>
      </div>
      {act.error !== null && <ProblemBar error={act.error} />}
    </>
  )
}
