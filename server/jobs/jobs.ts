// The queue of Insights to compute: pg-boss on the service's own database, whichever that is.
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { sql, TransactionRollbackError } from 'drizzle-orm'
import { PgBoss, fromDrizzle } from 'pg-boss'
import type { ConstructorOptions, Job } from 'pg-boss'
import { AppError } from '#/pipeline/errors.ts'
import type { Config } from '../config.ts'
import type { Database, Db } from '../db/database.ts'
import { openJob } from '../db/in-turn.ts'
import { updateInsight } from '../db/insights.ts'
import type { Log } from '../log.ts'
import type { Breakers } from './breaker.ts'
import { type Chore, startChores } from './chores.ts'
import { Interrupted } from './interrupted.ts'
import { decideRetry } from './retry.ts'

/** Computes an Insight from wherever its checkpoints are; resolves when nothing is left to do for it. */
export type RunInsight = (insightId: string, options: { signal: AbortSignal; lane: Lane }) => Promise<void>

/**
 * Places are taken by whatever comes, but for a few that only short Insights may hold: nobody waits for hours behind somebody
 * else's 100,000 traces. One that turns out long only while it runs is told where it is, and moves.
 */
export type Lane = 'any' | 'short'

/** With more traces than these an Insight is none of the short ones that may pass others. */
export const longTraces = 1_000

export type JobsOptions = {
  database: Database
  run: RunInsight
  /** Told when an Insight will not be tried again: its row says FAILED already. */
  onGivenUp?: (insightId: string, error: { code: string; detail: string }) => Promise<void>
  /** Waits for the end of the outage an error speaks of; `false` where it speaks of none. */
  waitOut?: Breakers['waitOut']
  /** Insights computed at once by this process, and how many short ones besides. */
  concurrency: number
  shortConcurrency?: number
  /** After a run of this long an error counts as the first in a row; 15 minutes unless told. */
  longRunMs?: number
  /** Besides Insights. */
  chores?: readonly Chore[]
  /** `web` only sends jobs. */
  mode?: Config['mode']
  log: Log
}

export type Jobs = {
  start: () => Promise<void>
  /** Interrupts what runs (its checkpoints stay, another worker or the next start goes on) and waits at most `graceMs`. */
  stop: (graceMs: number) => Promise<void>
  /**
   * Queues the Insight; one that is queued or running already is left alone. `traces` is how many it probably has: short ones
   * go first. `within` runs in the same transaction, with the transaction as its database: both happen or neither, and where
   * the Insight's last job is still being put away it waits for that, then tries again. Throws `insight.conflict` when that
   * takes too long.
   */
  enqueue: (insightId: string, about?: Queued) => Promise<void>
  /** Takes the Insight out of the queue, or stops it where it runs; `false` when it is in neither. */
  cancel: (insightId: string) => Promise<boolean>
  stats: () => Promise<{ queued: number; active: number; dead: number; oldestQueuedS: number }>
}

type Queued = { traces?: number | undefined; within?: (tx: Db) => Promise<void> }
type Data = { insightId: string }
type IDatabase = NonNullable<ConstructorOptions['db']>

const queue = 'insights'
const deadQueue = 'insights-dead'
const day = 86_400
/** A job of days may meet an error now and then: one after so long a run is no further one in a row. */
const longRunMs = 15 * 60_000
/** An Insight reads FAILED a moment before its job is put away: MLflow is told in between, and may be slow. */
const endingPatienceMs = 6_000
/** Of every job that is not known to be long. */
const shortPriority = 10
const longPriority = 0

/**
 * A killed worker is noticed after heartbeat + monitor interval and its job waits at most `retryDelayMax` more: 22 s.
 * `retryLimit` bounds deaths of the process; errors are counted in `decideRetry`, since a restart is no error.
 */
const queueOptions = {
  heartbeatSeconds: 10,
  expireInSeconds: day,
  retentionSeconds: 30 * day,
  retryLimit: 100,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 10,
  deadLetter: deadQueue,
} as const

/** The job queue on this database. Nothing happens before `start`. */
export function createJobs(options: JobsOptions): Jobs {
  const { database, log } = options
  const transaction = new AsyncLocalStorage<IDatabase>()
  const isWorker = options.mode !== 'web'
  const boss = new PgBoss({ ...settings(database, transaction), supervise: isWorker, schedule: isWorker })
  boss.on('error', (error) => log.error({ err: error }, 'queue error'))
  boss.on('warning', (warning) => log.debug({ warning }, 'queue warning'))

  const running = new Map<string, { controller: AbortController; ended: Promise<void> }>()
  let workerId: string | undefined
  let isStopping = false

  const handle = async (job: Job<Data>, lane: Lane): Promise<void> => {
    const { insightId } = job.data
    // Cancelled and resumed within a moment: the first run may still be putting its things away.
    await running.get(insightId)?.ended
    const controller = new AbortController()
    const ended = Promise.withResolvers<void>()
    running.set(insightId, { controller, ended: ended.promise })
    if (isStopping) controller.abort(new Interrupted('shutdown'))
    const lose = () => void explainLoss(job.id).then((reason) => controller.abort(reason))
    job.signal.addEventListener('abort', lose, { once: true })
    // Taken away while it waited for the first run: nobody will say so again.
    if (job.signal.aborted) controller.abort(await explainLoss(job.id))
    const startedAt = performance.now()
    log.info({ insightId, attempt: job.retryCount + 1 }, 'insight job started')
    try {
      await runThroughOutages(insightId, { signal: controller.signal, lane })
      log.info({ insightId, ms: Math.round(performance.now() - startedAt) }, 'insight job done')
    } catch (error) {
      const isFirstInARow = performance.now() - startedAt > (options.longRunMs ?? longRunMs)
      await settle(insightId, controller.signal.aborted ? controller.signal.reason : error, isFirstInARow)
    } finally {
      job.signal.removeEventListener('abort', lose)
      running.delete(insightId)
      ended.resolve()
    }
  }

  /** While a server is gone the job keeps its place and waits; an outage counts as no attempt. */
  const runThroughOutages: RunInsight = async (insightId, run) => {
    for (;;) {
      try {
        return await options.run(insightId, run)
      } catch (error) {
        if (run.signal.aborted || !(await options.waitOut?.(error, run.signal))) throw error
        log.info({ insightId }, 'insight job goes on after an outage')
      }
    }
  }

  /** Ends the job where trying again cannot help, and throws where it can: pg-boss then retries. */
  const settle = async (insightId: string, error: unknown, isFirstInARow: boolean): Promise<void> => {
    if (error instanceof AppError && error.code === 'cancelled') return log.info({ insightId }, 'insight job cancelled')
    if (error instanceof Interrupted) {
      log.info({ insightId, reason: error.reason }, 'insight job interrupted')
      if (error.reason === 'long')
        await database.db.execute(sql`
        update pgboss.job set priority = ${longPriority} where name = ${queue} and singleton_key = ${insightId} and state = 'active'
      `)
      throw error
    }
    const { rows } = await database.db.execute<{ attempts: number }>(
      sql`update insights set attempts = ${isFirstInARow ? sql`1` : sql`attempts + 1`} where id = ${insightId} returning attempts`,
    )
    const decision = decideRetry(error, rows[0]?.attempts ?? Number.POSITIVE_INFINITY)
    log.warn({ insightId, err: error, attempts: rows[0]?.attempts, retry: decision.retry }, 'insight job failed')
    if (decision.retry) throw error
    await giveUp(insightId, decision.error)
  }

  const giveUp = async (insightId: string, error: { code: string; detail: string }): Promise<void> => {
    const finishedAt = new Date()
    await updateInsight(
      database.db,
      insightId,
      { status: 'FAILED', error, finishedAt },
      { ifStatus: ['SCHEDULED', 'RUNNING', 'FAILED'] },
    )
    await options.onGivenUp?.(insightId, error)
  }

  /** Why pg-boss took the job away: cancelled by somebody, or given to another worker. */
  const explainLoss = async (jobId: string): Promise<Error> => {
    try {
      const [job] = await boss.findJobs(queue, { id: jobId })
      if (job?.state === 'cancelled') return cancelled()
    } catch (error) {
      log.warn({ err: error }, 'queue not readable')
    }
    return new Interrupted('lost')
  }

  /** `false`, with nothing changed, where `within` is given and the Insight still has a job. */
  const queueOnce = async (insightId: string, { traces = 0, within }: Queued): Promise<boolean> => {
    const priority = traces > longTraces ? longPriority : shortPriority
    try {
      await database.db.transaction(async (tx) => {
        await within?.(tx)
        await updateInsight(tx, insightId, { attempts: 0 })
        // pg-boss reads a queue it has not met through its own connection; the embedded database has no second one, and
        // the transaction holds the first. Inside this context that read goes through the transaction as well.
        const db = fromDrizzle(tx, sql)
        const jobId = await transaction.run(db, () =>
          boss.send(queue, { insightId } satisfies Data, { db, singletonKey: insightId, priority }),
        )
        if (jobId !== null) await openJob(tx, insightId)
        // What `within` did must not stay without a job.
        else if (within !== undefined) tx.rollback()
      })
      return true
    } catch (error) {
      if (error instanceof TransactionRollbackError) return false
      throw error
    }
  }

  return {
    start: async () => {
      await boss.start()
      await boss.createQueue(deadQueue, { retentionSeconds: 30 * day })
      await boss.createQueue(queue, { ...queueOptions, policy: 'exclusive' })
      await boss.updateQueue(queue, queueOptions)
      if (!isWorker) return
      if (database.kind === 'embedded') await requeueOrphans(database, boss)
      const polling = { pollingIntervalSeconds: 0.5, heartbeatRefreshSeconds: 2 }
      workerId = await boss.work<Data>(queue, { ...polling, localConcurrency: options.concurrency }, async ([job]) => {
        if (job !== undefined) await handle(job, 'any')
      })
      if (options.shortConcurrency !== undefined) {
        const short = { ...polling, localConcurrency: options.shortConcurrency, minPriority: shortPriority }
        await boss.work<Data>(queue, short, async ([job]) => {
          if (job !== undefined) await handle(job, 'short')
        })
      }
      await boss.work<Data>(deadQueue, { pollingIntervalSeconds: 5 }, async ([job]) => {
        if (job !== undefined) await giveUp(job.data.insightId, tooManyDeaths)
      })
      await startChores(boss, options.chores ?? [], log)
    },

    stop: async (graceMs) => {
      isStopping = true
      for (const { controller } of running.values()) controller.abort(new Interrupted('shutdown'))
      await boss.stop({ graceful: true, timeout: graceMs })
    },

    enqueue: async (insightId, about = {}) => {
      const givenUpAt = performance.now() + endingPatienceMs
      while (!(await queueOnce(insightId, about))) {
        if (performance.now() > givenUpAt) {
          throw new AppError('insight.conflict', 'The Insight is just ending. Ask again in a moment.', {
            retryAfterMs: 2_000,
          })
        }
        await wait(200)
      }
      if (workerId !== undefined) boss.notifyWorker(workerId)
    },

    cancel: async (insightId) => {
      const jobs = await boss.findJobs<Data>(queue, { key: insightId })
      const open = jobs.filter(({ state }) => state === 'created' || state === 'retry' || state === 'active')
      if (open.length > 0) {
        await boss.cancel(
          queue,
          open.map(({ id }) => id),
        )
      }
      // At once where it runs here; a worker elsewhere hears of it with its next heartbeat, within 2 s.
      running.get(insightId)?.controller.abort(cancelled())
      return open.length > 0
    },

    stats: async () => {
      const { rows } = await database.db.execute<{
        queued: number
        active: number
        dead: number
        oldestQueuedS: number
      }>(sql`
        select count(*) filter (where name = ${queue} and state in ('created', 'retry'))::int as queued,
          count(*) filter (where name = ${queue} and state = 'active')::int as active,
          count(*) filter (where name = ${deadQueue})::int as dead,
          coalesce(extract(epoch from now() - min(created_on)
            filter (where name = ${queue} and state in ('created', 'retry'))), 0)::float8 as "oldestQueuedS"
        from pgboss.job where name in (${queue}, ${deadQueue})
      `)
      return rows[0]!
    },
  }
}

const cancelled = () => new AppError('cancelled', 'The Insight was cancelled.')

const tooManyDeaths = {
  code: 'insight.too_many_failures',
  detail:
    `The service stopped ${queueOptions.retryLimit} times while it computed this Insight, so it is not tried again by itself. ` +
    'Everything finished is kept: resume it once the service has enough memory.',
}

/** What differs between the two databases. Statements of pg-boss on the embedded one go through the service's own pool. */
function settings(database: Database, transaction: AsyncLocalStorage<IDatabase>): ConstructorOptions {
  const common = { superviseIntervalSeconds: 2, monitorIntervalSeconds: 2, cronMonitorIntervalSeconds: 10 }
  if (database.url !== undefined) return { ...common, connectionString: database.url, max: 4 }
  const executeSql: IDatabase['executeSql'] = async (text, values) => {
    const inside = transaction.getStore()
    if (inside !== undefined) return await inside.executeSql(text, values)
    const result: unknown = await database.pool.query(text, values)
    // Several statements in one text answer with several results.
    return Array.isArray(result) ? { rows: result.flatMap(({ rows }) => rows ?? []) } : (result as { rows: unknown[] })
  }
  // What these two look after is PostgreSQL's own autovacuum, which the embedded database does not have.
  return { ...common, backend: 'pglite', db: { executeSql }, monitorVacuum: false, reindex: false }
}

/** Whoever holds the embedded database is alone: a job that is active at start was left by a process that died. */
async function requeueOrphans(database: Database, boss: PgBoss): Promise<void> {
  await database.db.execute(sql`
    update pgboss.job set state = 'retry', start_after = now(), heartbeat_on = null
    where name = ${queue} and state in ('active', 'retry') and retry_count < retry_limit
  `)
  const { rows } = await database.db.execute<{ id: string }>(
    sql`select id from pgboss.job where name = ${queue} and state = 'active'`,
  )
  if (rows.length > 0) {
    await boss.fail(
      queue,
      rows.map(({ id }) => id),
    )
  }
}
