// The processes that share one database: who is alive, what each reports, and how many model calls each may have under way.
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { sql } from 'drizzle-orm'
import type { Config } from '../config.ts'
import type { Database } from '../db/database.ts'
import type { Log } from '../log.ts'
import type { Limiter } from '../model/limiter.ts'
import { shareOut } from './share-out.ts'

/** Numbers by name, as a process reports them of itself. */
export type Report = Record<string, number>

export type Member = { id: string; mode: Config['mode']; host: string; report: Report }

export type Fleet = AsyncDisposable & {
  /** Every process that is alive, this one included. */
  members: () => Promise<Member[]>
  /** Asks for a share again now instead of at the next beat. */
  hurry: () => void
}

export type FleetOptions = {
  database: Database
  mode: Config['mode']
  limiter: Pick<Limiter, 'state' | 'setShare' | 'takePeak'>
  /** Model calls at once of all processes together. */
  most: number
  report: () => Report
  log: Log
}

const beatEveryMs = 1_000
const hurryMs = 50
/** A process not heard of for this long has no share any more; it stops using its own well before. */
const leaseS = 10
const ownLeaseMs = 7_000
/** Any fixed number: shares are given out one process after the other. */
const shareLock = 7_246_392
/** Where there are fewer places than processes, each has them for this long. */
const turnMs = 5_000

/**
 * Joins the processes on this database. The embedded one has a single process, which has everything; on PostgreSQL each
 * renews its share every second under one lock. A share grows only into what all others have given back, so the shares of the
 * living never come to more than `most`; one that shrinks counts as large as it still is until its calls have ended.
 */
export async function joinFleet(options: FleetOptions): Promise<Fleet> {
  const { database, mode, limiter, log } = options
  const me = { id: randomUUID(), mode, host: hostname() }
  if (database.kind === 'embedded') {
    return {
      members: async () => [{ ...me, report: options.report() }],
      hurry: () => undefined,
      [Symbol.asyncDispose]: async () => {},
    }
  }

  let isOver = false
  let beating: Promise<void> | undefined
  let lastBeat = performance.now()
  let hurrying: NodeJS.Timeout | undefined
  limiter.setShare(0)
  const renewOnce = async (): Promise<void> => {
    try {
      await renew(me, options)
      lastBeat = performance.now()
    } catch (error) {
      log.warn({ err: error }, 'share of model calls not renewed')
    } finally {
      beating = undefined
    }
  }
  const beat = (): Promise<void> => (beating ??= renewOnce())
  await beat()
  const timer = setInterval(() => void beat(), beatEveryMs)
  // Also where the database hangs and answers no beat at all.
  const watch = setInterval(() => {
    if (performance.now() - lastBeat > ownLeaseMs) limiter.setShare(0)
  }, beatEveryMs)
  return {
    hurry: () => {
      if (isOver) return
      hurrying ??= setTimeout(() => {
        hurrying = undefined
        void beat()
      }, hurryMs)
    },
    members: async () => {
      const { rows } = await database.db.execute<Member>(sql`
        select id, mode, host, report from workers
        where seen_at > clock_timestamp() - make_interval(secs => ${leaseS}::int) order by started_at, id
      `)
      return rows
    },
    [Symbol.asyncDispose]: async () => {
      isOver = true
      clearInterval(timer)
      clearInterval(watch)
      clearTimeout(hurrying)
      await beating
      limiter.setShare(0)
      await database.db.execute(sql`delete from workers where id = ${me.id}`).catch(() => undefined)
    },
  }
}

async function renew(me: Omit<Member, 'report'>, { database, limiter, most, report }: FleetOptions): Promise<void> {
  const wanted = limiter.takePeak()
  const share = await database.db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${shareLock})`)
    await tx.execute(
      sql`delete from workers where seen_at < clock_timestamp() - make_interval(secs => ${leaseS}::int) and id <> ${me.id}`,
    )
    const { rows } = await tx.execute<{ id: string; wants: number; places: number }>(
      sql`select id, wants, places from workers where id <> ${me.id}`,
    )
    const all = [...rows, { id: me.id, wants: wanted, places: 0 }].sort((a, b) => (a.id < b.id ? -1 : 1))
    const turn = Math.floor(Date.now() / turnMs)
    const fair =
      shareOut(
        most,
        all.map(({ wants }) => wants),
        turn,
      )[all.findIndex(({ id }) => id === me.id)] ?? 0
    const free = most - rows.reduce((sum, { places }) => sum + places, 0)
    const granted = Math.max(0, Math.min(fair, free))
    // Given back before it is said to be: nothing may start between.
    const before = limiter.state()
    if (granted < before.share) limiter.setShare(granted)
    const places = Math.max(granted, limiter.state().active)
    await tx.execute(sql`
      insert into workers (id, mode, host, wants, places, report)
      values (${me.id}, ${me.mode}, ${me.host}, ${wanted}, ${places}, ${JSON.stringify(report())}::jsonb)
      on conflict (id) do update set wants = excluded.wants, places = excluded.places, report = excluded.report,
        seen_at = clock_timestamp()
    `)
    return granted
  })
  limiter.setShare(share)
}
