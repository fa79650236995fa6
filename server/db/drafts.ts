// Runs that are being made: a process that dies between making a run in MLflow and queueing its job leaves its draft behind.
import { sql } from 'drizzle-orm'
import type { Db } from './database.ts'

export type Draft = { requestId: string; experimentId: string }

export async function addDraft(db: Db, { requestId, experimentId }: Draft): Promise<void> {
  await db.execute(sql`insert into insight_drafts (request_id, experiment_id) values (${requestId}, ${experimentId})`)
}

/** The run has its job, or was ended. */
export async function removeDraft(db: Db, requestId: string): Promise<void> {
  await db.execute(sql`delete from insight_drafts where request_id = ${requestId}`)
}

/** Drafts nobody can still be working on. */
export async function listAbandonedDrafts(db: Db, olderThanS: number): Promise<Draft[]> {
  const { rows } = await db.execute<Draft>(sql`
    select request_id as "requestId", experiment_id as "experimentId" from insight_drafts
    where created_at < now() - make_interval(secs => ${olderThanS}::int) limit 100
  `)
  return rows
}
