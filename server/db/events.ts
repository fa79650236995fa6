// The log of each Insight: appended to, read from any point, never changed.
import { sql } from 'drizzle-orm'
import type { Db } from './database.ts'
import type { EventRecord, StoredEvent } from './records.ts'
import { toStorableJson } from './storable.ts'

const uniqueViolation = '23505'

/**
 * Appends events in order and gives the `seq` of the last. Two writers at once take turns: a number is given out only after
 * the one before it can be seen, so no reader ever skips an event.
 */
export async function appendEvents(db: Db, insightId: string, events: readonly StoredEvent[]): Promise<number> {
  if (events.length === 0) return 0
  const data = toStorableJson(events)
  for (let attempt = 1; ; attempt++) {
    try {
      const { rows } = await db.execute<{ seq: number }>(sql`
        with last as (select coalesce(max(seq), 0) as seq from insight_events where insight_id = ${insightId}),
        added as (
          insert into insight_events (insight_id, seq, type, data)
          select ${insightId}, last.seq + place, event ->> 'type', event
          from last, jsonb_array_elements(${data}::jsonb) with ordinality as given(event, place)
          returning seq
        )
        select max(seq)::int as seq from added
      `)
      return rows[0]!.seq
    } catch (error) {
      if (attempt === 20 || codeOf(error) !== uniqueViolation) throw error
    }
  }
}

function codeOf(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined
  return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
}

/** The events after `seq`, oldest first, at most `limit`. */
export async function listEvents(db: Db, insightId: string, after: number, limit = 500): Promise<EventRecord[]> {
  const { rows } = await db.execute<{ seq: number; at: number; data: StoredEvent }>(sql`
    select seq, (extract(epoch from at) * 1000)::float8 as at, data from insight_events
    where insight_id = ${insightId} and seq > ${after} order by seq limit ${limit}
  `)
  return rows.map(({ seq, at, data }) => ({ seq, at: new Date(at), event: data }))
}

/** The `seq` of the newest event; 0 when there is none. */
export async function findLastSeq(db: Db, insightId: string): Promise<number> {
  const { rows } = await db.execute<{ seq: number }>(
    sql`select coalesce(max(seq), 0)::int as seq from insight_events where insight_id = ${insightId}`,
  )
  return rows[0]?.seq ?? 0
}

/** Of Insights that ended a day ago only what says how they went is kept: stages, failures, messages and the end. */
export async function pruneEvents(db: Db): Promise<void> {
  await db.execute(sql`
    delete from insight_events e using insights i
    where i.id = e.insight_id and i.finished_at < now() - interval '1 day' and e.type in ('progress', 'summary')
  `)
}
