// What nobody waits for and what would pile up otherwise, once a minute.
import type { Database } from '#/server/db/database.ts'
import { listAbandonedDrafts, removeDraft } from '#/server/db/drafts.ts'
import { pruneEvents } from '#/server/db/events.ts'
import type { Chore } from '#/server/jobs/chores.ts'
import type { MlflowClient } from '#/server/mlflow/client.ts'
import { requestIdTag, writePatienceMs } from './create.ts'

export type HousekeepingDeps = { database: Database; client: MlflowClient; now: () => number }

const signalPatienceMs = 20_000
/** By then a request has ended that made a run, however slow MLflow was. */
const abandonedAfterS = (2 * writePatienceMs) / 1_000

export const housekeeping = (deps: HousekeepingDeps): Chore => ({
  name: 'housekeeping',
  cron: '* * * * *',
  run: () => keepHouse(deps),
})

/** One round. What cannot be done for one run is thrown when all others were seen to. */
export async function keepHouse(
  { database, client, now }: HousekeepingDeps,
  options: { abandonedAfterS?: number } = {},
): Promise<void> {
  await pruneEvents(database.db)
  const end = async ({ requestId, experimentId }: { requestId: string; experimentId: string }): Promise<void> => {
    const signal = AbortSignal.timeout(signalPatienceMs)
    const filter = `tags.\`${requestIdTag}\` = '${requestId}'`
    const { runs } = await client.searchRuns({ experimentIds: [experimentId], filter, maxResults: 1 }, { signal })
    for (const { runId } of runs) {
      await client.logBatch(
        runId,
        { tags: { 'mlflow.note.content': '**Failed**: the service stopped while it made this run. Ask again.' } },
        { signal },
      )
      await client.updateRun({ runId, status: 'FAILED', endTimeMs: now() }, { signal })
    }
    await removeDraft(database.db, requestId)
  }
  const errors: unknown[] = []
  for (const draft of await listAbandonedDrafts(database.db, options.abandonedAfterS ?? abandonedAfterS))
    await end(draft).catch((error: unknown) => errors.push(error))
  if (errors.length > 0) throw new AggregateError(errors, `${errors.length} runs that nobody works on were not ended.`)
}
