// The same request sent twice is done once: the HTTP side of idempotency keys.
import { setTimeout as wait } from 'node:timers/promises'
import type { Context } from 'hono'
import { AppError } from '#/pipeline/errors.ts'
import { sha256 } from '#/pipeline/ids.ts'
import type { Database } from '#/server/db/database.ts'
import { type Claim, claimKey, releaseKey, settleKey } from '#/server/db/idempotency.ts'

/** A second request waits so long for the first; creating an Insight takes well under a second where MLflow is well. */
const patienceMs = 20_000
const lookAgainMs = 100

/**
 * Does the work of a request once for its `Idempotency-Key`, whoever asks how often: a repetition is given the first one's
 * Insight, also while that is still being made. `body` is what must not differ. A failure frees the key. Throws
 * `insight.conflict` for a key that stands for another request.
 */
export async function once(
  { database, now }: { database: Database; now: () => number },
  c: Context,
  body: unknown,
  make: () => Promise<string>,
): Promise<string> {
  const given = c.req.header('idempotency-key')
  if (given === undefined) return await make()
  if (given === '' || given.length > 200) {
    throw new AppError('request.invalid', 'The Idempotency-Key must have 1 to 200 characters.')
  }
  // Two callers may choose the same key; neither may be handed the other's Insight.
  const key = sha256(`${c.req.header('authorization') ?? ''}\n${given}`)
  const hash = sha256(JSON.stringify([c.req.method, c.req.path, body]))
  const claim = (): Promise<Claim> => claimKey(database.db, key, hash, new Date(now()))
  let claimed = await claim()
  for (const until = Date.now() + patienceMs; claimed.outcome === 'in_progress' && Date.now() < until;) {
    await wait(lookAgainMs, undefined, { signal: c.req.raw.signal })
    claimed = await claim()
  }
  switch (claimed.outcome) {
    case 'done':
      return claimed.insightId
    case 'different_body':
      throw new AppError('insight.conflict', 'This Idempotency-Key was used with a different request. Use a new key.')
    case 'in_progress':
      throw new AppError('insight.conflict', 'The same request is being worked on right now. Ask again in a moment.', {
        retryAfterMs: 1_000,
      })
    case 'claimed':
      try {
        const id = await make()
        await settleKey(database.db, key, id)
        return id
      } catch (error) {
        await releaseKey(database.db, key)
        throw error
      }
  }
}
