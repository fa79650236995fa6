// Two runs of one job must never both write: each start takes the next turn, and what an older one writes is refused.
import { sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import { Interrupted } from '#/server/jobs/interrupted.ts'
import type { Db } from './database.ts'

/** Whose writes these are. Without a number nobody's turn is asked for. */
export type Turn = { insightId: string; number: number | undefined }

/** Starts a run of the job: from now on only it may write. `undefined` when the Insight is not there to be run. */
export async function takeTurn(db: Db, insightId: string): Promise<number | undefined> {
  const { rows } = await db.execute<{ turn: number }>(sql`
    update insights
    set turn = turn + 1, status = 'RUNNING', started_at = coalesce(started_at, now()), error = null, updated_at = now()
    where id = ${insightId} and status in ('SCHEDULED', 'RUNNING') and deleted_at is null
    returning turn
  `)
  return rows[0]?.turn
}

/**
 * For a job that was just queued: ends the turn of whatever run there is (one that hears late of its end must not end the next
 * one), and sets the time by which the job must have ended.
 */
export async function openJob(db: Db, insightId: string): Promise<void> {
  await db.execute(sql`
    update insights
    set turn = turn + 1, deadline_at = now() + make_interval(secs => (spec ->> 'maxDurationS')::float8)
    where id = ${insightId}
  `)
}

/** Whether no other run of the job has started since. */
export async function isStillTurn(db: Db, turn: Turn): Promise<boolean> {
  const { rows } = await db.execute(sql`select 1 from insights where ${isTurn(turn)}`)
  return rows.length > 0
}

/** True while the row of the Insight still counts this turn: for statements that change that row itself. */
export function isTurn(turn: Turn): SQL {
  return sql`insights.id = ${turn.insightId} and (${turn.number ?? null}::int is null or insights.turn = ${turn.number ?? null}::int)`
}

/**
 * Runs one statement made of the parts of a `with`, each of which writes only `where exists (select from mine)`. The row
 * lock makes check and write one: a newer run starts before both or after both. Throws `Interrupted` when the turn is over.
 */
export async function writeInTurn(db: Db, turn: Turn, parts: SQL): Promise<void> {
  const { rows } = await db.execute<{ mine: boolean }>(sql`
    with mine as (select from insights where ${isTurn(turn)} for share), ${parts}
    select exists (select from mine) as mine
  `)
  if (rows[0]?.mine !== true) throw new Interrupted('lost')
}
