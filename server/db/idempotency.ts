// The same request sent twice is done once.
import { sql } from 'drizzle-orm'
import type { Db } from './database.ts'
import { toStorableText } from './storable.ts'

const keptForHours = 24
/** A first request that died on its way must not block the second for ever. */
const abandonedAfterSeconds = 60

export type Claim =
  /** The caller is first: it does the work, then settles or releases the key. */
  | { outcome: 'claimed' }
  /** It was done before: this is its Insight. */
  | { outcome: 'done'; insightId: string }
  /** Another request with this key is at work right now. */
  | { outcome: 'in_progress' }
  /** The key stands for another body. */
  | { outcome: 'different_body' }

/** Claims a key for 24 hours; of two callers at once exactly one is given it. */
export async function claimKey(db: Db, key: string, bodyHash: string, now: Date): Promise<Claim> {
  const name = toStorableText(key)
  const at = now.toISOString()
  await db.execute(sql`delete from idempotency_keys where expires_at <= ${at}`)
  const claimed = await db.execute(sql`
    insert into idempotency_keys as k (key, body_hash, claimed_at, expires_at)
    values (${name}, ${bodyHash}, ${at}, ${at}::timestamptz + make_interval(hours => ${keptForHours}::int))
    on conflict (key) do update
    set body_hash = excluded.body_hash, insight_id = null, claimed_at = excluded.claimed_at,
      expires_at = excluded.expires_at
    where k.insight_id is null and k.body_hash = excluded.body_hash
      and k.claimed_at <= excluded.claimed_at - make_interval(secs => ${abandonedAfterSeconds}::int)
    returning key
  `)
  if (claimed.rows.length > 0) return { outcome: 'claimed' }
  const { rows } = await db.execute<{ bodyHash: string; insightId: string | null }>(
    sql`select body_hash as "bodyHash", insight_id as "insightId" from idempotency_keys where key = ${name}`,
  )
  const known = rows[0]
  if (known === undefined) return { outcome: 'in_progress' }
  if (known.bodyHash !== bodyHash) return { outcome: 'different_body' }
  return known.insightId === null ? { outcome: 'in_progress' } : { outcome: 'done', insightId: known.insightId }
}

/** Says which Insight the key stands for from now on. */
export async function settleKey(db: Db, key: string, insightId: string): Promise<void> {
  await db.execute(sql`update idempotency_keys set insight_id = ${insightId} where key = ${toStorableText(key)}`)
}

/** Gives the key back: the request it was claimed for came to nothing. */
export async function releaseKey(db: Db, key: string): Promise<void> {
  await db.execute(sql`delete from idempotency_keys where key = ${toStorableText(key)} and insight_id is null`)
}
