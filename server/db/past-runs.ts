// What the last runs took: an estimate learns from it.
import { and, desc, eq, isNotNull } from 'drizzle-orm'
import type { PastRun } from '#/pipeline/estimate/estimate.ts'
import type { Db } from './database.ts'
import { insights } from './schema.ts'

/** Older runs say nothing that newer ones do not say better. */
const mostRuns = 30

/** Finished runs that were estimated before, newest first; a deleted one has taken its time all the same. */
export async function listPastRuns(db: Db): Promise<PastRun[]> {
  const rows = await db
    .select({ estimate: insights.estimate, usage: insights.stageUsage, seconds: insights.stageSeconds })
    .from(insights)
    .where(and(eq(insights.status, 'FINISHED'), isNotNull(insights.estimate), isNotNull(insights.stageUsage)))
    .orderBy(desc(insights.finishedAt))
    .limit(mostRuns)
  return rows.flatMap(({ estimate, usage, seconds }) =>
    estimate === null || usage === null ? [] : [{ estimate, usage, seconds }],
  )
}
