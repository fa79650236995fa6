import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { AppError } from '#/pipeline/errors.ts'
import { createCheckpoints } from '#/server/db/checkpoints.ts'
import { takeTurn } from '#/server/db/in-turn.ts'
import { getInsight, insertInsight } from '#/server/db/insights.ts'
import { Interrupted } from '#/server/jobs/interrupted.ts'
import { createJobs, longTraces } from '#/server/jobs/jobs.ts'
import type { Jobs, JobsOptions, Lane, RunInsight } from '#/server/jobs/jobs.ts'
import { createTestDatabase, databaseKinds, silentLog, whyNot } from '#/test/support/database.ts'
import type { TestDatabase } from '#/test/support/database.ts'
import { anInsight } from '#/test/support/insight-rows.ts'

const untilAborted: RunInsight = async (_, { signal }) => {
  await wait(60_000, undefined, { signal }).catch(() => undefined)
  throw signal.reason
}

for (const kind of databaseKinds) {
  const reason = await whyNot(kind)
  describe.skipIf(reason !== undefined)(`jobs on ${kind}${reason === undefined ? '' : `: ${reason}`}`, () => {
    let opened: TestDatabase
    const started: Jobs[] = []
    beforeAll(async () => {
      opened = await createTestDatabase(kind)
    })
    afterEach(async () => {
      for (const jobs of started.splice(0)) await jobs.stop(3_000)
    })
    afterAll(() => opened[Symbol.asyncDispose]())

    const start = async (run: RunInsight, more: Partial<JobsOptions> = {}) => {
      const jobs = createJobs({ database: opened.database, run, concurrency: 2, log: silentLog, ...more })
      await jobs.start()
      started.push(jobs)
      return jobs
    }
    const add = async () => {
      const id = randomUUID()
      await insertInsight(opened.database.db, anInsight(id))
      return id
    }

    test('an Insight that was queued is run, once', async () => {
      const id = await add()
      const runs: string[] = []
      const gate = Promise.withResolvers<void>()
      const jobs = await start(async (insightId) => {
        runs.push(insightId)
        await gate.promise
      })
      await Promise.all([jobs.enqueue(id), jobs.enqueue(id)])
      await vi.waitFor(() => expect(runs).toEqual([id]), 10_000)
      await jobs.enqueue(id)
      gate.resolve()
      await vi.waitFor(async () => expect(await jobs.stats()).toMatchObject({ queued: 0, active: 0 }), 10_000)
      expect(runs).toEqual([id])
    })

    test('an Insight and its job are stored together or not at all, also in a queue nobody has met yet', async () => {
      const [kept, dropped] = [randomUUID(), randomUUID()]
      const jobs = await start(async () => undefined, { mode: 'web' })
      await jobs.enqueue(kept, { within: (tx) => insertInsight(tx, anInsight(kept)) })
      await expect(
        jobs.enqueue(dropped, {
          within: async (tx) => {
            await insertInsight(tx, anInsight(dropped))
            throw new Error('changed my mind')
          },
        }),
      ).rejects.toThrow('changed my mind')
      expect(await jobs.stats()).toMatchObject({ queued: 1 })
      await expect(getInsight(opened.database.db, dropped)).rejects.toMatchObject({ code: 'insight.not_found' })
      await expect(getInsight(opened.database.db, kept)).resolves.toMatchObject({ status: 'SCHEDULED' })
      expect(await jobs.cancel(kept)).toBe(true)
    })

    test('an Insight whose last job is still being put away is queued again as soon as that has ended', async () => {
      const id = await add()
      const givenUp = Promise.withResolvers<void>()
      const putAway = Promise.withResolvers<void>()
      const jobs = await start(() => Promise.reject(new AppError('mlflow.unauthorized', 'No.')), {
        onGivenUp: () => {
          givenUp.resolve()
          return putAway.promise
        },
      })
      await jobs.enqueue(id)
      await givenUp.promise
      let asked = 0
      await jobs.enqueue(id, {
        within: async () => {
          if (++asked === 2) putAway.resolve()
        },
      })
      expect(asked).toBeGreaterThan(1)
      await vi.waitFor(async () => expect(await jobs.stats()).toMatchObject({ queued: 0, active: 0 }), 10_000)
      expect(await getInsight(opened.database.db, id)).toMatchObject({ attempts: 1 })
    })

    test('an Insight known to be long waits behind short ones, and starts in no place of theirs', async () => {
      const [long, short, another] = [await add(), await add(), await add()]
      const web = await start(async () => undefined, { mode: 'web' })
      await web.enqueue(long, { traces: longTraces + 1 })
      await web.enqueue(short, { traces: longTraces })
      await web.enqueue(another)
      const runs: { insightId: string; lane: Lane }[] = []
      await start(async (insightId, { lane }) => void runs.push({ insightId, lane }), {
        concurrency: 1,
        shortConcurrency: 1,
      })
      await vi.waitFor(() => expect(runs).toHaveLength(3), 30_000)
      expect(runs.at(-1)).toEqual({ insightId: long, lane: 'any' })
    })

    test('a short Insight does not wait behind long ones, which give up the places of short ones', async () => {
      const long = new Set<string>([await add(), await add(), await add()])
      const short = await add()
      const lanes: string[] = []
      const done = Promise.withResolvers<void>()
      const gate = Promise.withResolvers<void>()
      const jobs = await start(
        async (insightId, { lane, signal }) => {
          lanes.push(`${long.has(insightId) ? 'long' : 'short'} in ${lane}`)
          if (insightId === short) return done.resolve()
          if (lane === 'short') throw new Interrupted('long')
          await Promise.race([gate.promise, untilAborted(insightId, { signal, lane })])
        },
        { concurrency: 1, shortConcurrency: 1 },
      )
      for (const id of long) await jobs.enqueue(id)
      await vi.waitFor(() => expect(lanes.filter((lane) => lane === 'long in short').length).toBe(2), 15_000)
      await jobs.enqueue(short)
      await done.promise
      expect(lanes.filter((lane) => lane === 'long in any')).toHaveLength(1)
      gate.resolve()
      await vi.waitFor(async () => expect(await jobs.stats()).toMatchObject({ queued: 0, active: 0 }), 30_000)
      expect(lanes.filter((lane) => lane === 'long in any')).toHaveLength(3)
    })

    test('a chore is done when it is due, once, whichever worker does it', async () => {
      let done = 0
      const chores = [{ name: `chore-${kind}`, cron: '* * * * *', run: async () => void done++ }]
      const nothing: RunInsight = async () => undefined
      await Promise.all([start(nothing, { chores }), start(nothing, { chores })])
      await vi.waitFor(
        async () => {
          const { rows } = await opened.database.db.execute<{ due: number }>(
            sql`select count(*)::int as due from pgboss.job where name = ${chores[0]!.name}`,
          )
          expect(done).toBeGreaterThan(0)
          expect(done).toBe(rows[0]?.due)
        },
        { timeout: 50_000, interval: 200 },
      )
    })

    test('a web process queues and leaves the work to others', async () => {
      const id = await add()
      const web = await start(() => Promise.reject(new Error('not mine')), { mode: 'web' })
      await web.enqueue(id)
      await wait(800)
      expect(await web.stats()).toMatchObject({ queued: 1, active: 0 })
      const ran = Promise.withResolvers<string>()
      await start(async (insightId) => ran.resolve(insightId))
      expect(await ran.promise).toBe(id)
    })

    test('an error that may pass is tried again', async () => {
      const id = await add()
      let runs = 0
      const done = Promise.withResolvers<void>()
      const jobs = await start(async () => {
        if (++runs === 1) throw new AppError('mlflow.unreachable', 'MLflow did not answer.')
        done.resolve()
      })
      await jobs.enqueue(id)
      await done.promise
      expect(runs).toBe(2)
    })

    test('an error that will not pass ends the Insight with its reason', async () => {
      const id = await add()
      const givenUp: unknown[] = []
      const jobs = await start(
        () => Promise.reject(new AppError('mlflow.unauthorized', 'MLflow refused the password.')),
        {
          onGivenUp: async (...given) => void givenUp.push(given),
        },
      )
      await jobs.enqueue(id)
      const error = { code: 'mlflow.unauthorized', detail: 'MLflow refused the password.' }
      await vi.waitFor(() => expect(givenUp).toEqual([[id, error]]), 10_000)
      expect(await getInsight(opened.database.db, id)).toMatchObject({ status: 'FAILED', error, attempts: 1 })
    })

    test('an error after a long run is not counted with those before that run', async () => {
      const id = await add()
      let runs = 0
      const done = Promise.withResolvers<void>()
      const jobs = await start(
        async () => {
          if (++runs === 2) return done.resolve()
          await opened.database.pool.query('update insights set attempts = 4 where id = $1', [id])
          await wait(20)
          throw new Error('seldom')
        },
        { longRunMs: 10 },
      )
      await jobs.enqueue(id)
      await done.promise
      expect((await getInsight(opened.database.db, id)).attempts).toBe(1)
    })

    test('a bug is tried five times, then shown without its inner words', async () => {
      const id = await add()
      let runs = 0
      const jobs = await start(async () => {
        runs++
        throw new TypeError('secret is not a function')
      })
      // As if it had failed four times before: the waits between would take a minute.
      await jobs.enqueue(id)
      await vi.waitFor(() => expect(runs).toBe(1), 10_000)
      await opened.database.pool.query('update insights set attempts = 4 where id = $1', [id])
      await vi.waitFor(
        async () =>
          expect(await getInsight(opened.database.db, id)).toMatchObject({
            status: 'FAILED',
            error: { code: 'internal', detail: expect.not.stringContaining('secret') as string },
          }),
        15_000,
      )
    })

    test('a queued Insight that is cancelled is never run, and may be queued again', async () => {
      const id = await add()
      const web = await start(async () => undefined, { mode: 'web' })
      await web.enqueue(id)
      expect(await web.cancel(id)).toBe(true)
      expect(await web.cancel(id)).toBe(false)
      const ran = Promise.withResolvers<string>()
      const jobs = await start(async (insightId) => ran.resolve(insightId))
      await jobs.enqueue(id)
      expect(await ran.promise).toBe(id)
    })

    test('an Insight that was cancelled and queued again is written by no run from before', async () => {
      const id = await add()
      const web = await start(async () => undefined, { mode: 'web' })
      await web.enqueue(id)
      const { db } = opened.database
      const before = createCheckpoints(db, id, { turn: (await takeTurn(db, id))! })
      await before.addSelected([{ traceId: 'tr-0' }])
      await web.enqueue(id)
      await expect(before.addSelected([{ traceId: 'tr-1' }]), 'queued already').resolves.toBeUndefined()
      await web.cancel(id)
      await web.enqueue(id)
      await expect(before.addSelected([{ traceId: 'tr-2' }])).rejects.toBeInstanceOf(Interrupted)
      await web.cancel(id)
    })

    test('a running Insight that is cancelled hears it at once, and is not run again', async () => {
      const id = await add()
      let runs = 0
      let heard: unknown
      const jobs = await start(async (insightId, options) => {
        runs++
        options.signal.addEventListener('abort', () => (heard = options.signal.reason))
        await untilAborted(insightId, options)
      })
      await jobs.enqueue(id)
      await vi.waitFor(() => expect(runs).toBe(1), 10_000)
      expect(await jobs.cancel(id)).toBe(true)
      expect(heard).toMatchObject({ code: 'cancelled' })
      await wait(1_500)
      expect(runs).toBe(1)
      expect(await getInsight(opened.database.db, id)).toMatchObject({ attempts: 0 })
    })

    test('a running Insight that is cancelled by another process hears it with its next heartbeat', async () => {
      const id = await add()
      const [begun, heard] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()]
      const worker = await start(async (insightId, options) => {
        begun.resolve()
        await untilAborted(insightId, options).catch((error: unknown) => heard.resolve(error))
        options.signal.throwIfAborted()
      })
      const web = await start(async () => undefined, { mode: 'web' })
      await web.enqueue(id)
      await begun.promise
      expect(await web.cancel(id)).toBe(true)
      expect(await heard.promise).toMatchObject({ code: 'cancelled' })
      expect(await worker.stats()).toMatchObject({ active: 0 })
    })

    test('an Insight cancelled again while its next run waits for the first one to end does not run on', async () => {
      const id = await add()
      const putAway = Promise.withResolvers<void>()
      const signals: AbortSignal[] = []
      const jobs = await start(async (insightId, options) => {
        signals.push(options.signal)
        await untilAborted(insightId, options).catch(() => undefined)
        if (signals.length === 1) await putAway.promise
        options.signal.throwIfAborted()
      })
      await jobs.enqueue(id)
      await vi.waitFor(() => expect(signals).toHaveLength(1), 10_000)
      await jobs.cancel(id)
      await jobs.enqueue(id)
      await vi.waitFor(async () => expect(await jobs.stats()).toMatchObject({ queued: 0, active: 1 }), 10_000)
      await jobs.cancel(id)
      // The queue tells of it with the next heartbeat, which comes while the run still waits.
      await wait(3_000)
      putAway.resolve()
      await vi.waitFor(() => expect(signals).toHaveLength(2), 10_000)
      await vi.waitFor(() => expect(signals[1]?.reason).toMatchObject({ code: 'cancelled' }), 10_000)
    })

    test('an Insight that runs while the service stops goes on at the next start', async () => {
      const id = await add()
      const [begun, heard] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()]
      const first = await start(async (insightId, options) => {
        begun.resolve()
        await untilAborted(insightId, options).catch((error: unknown) => heard.resolve(error))
        options.signal.throwIfAborted()
      })
      await first.enqueue(id)
      await begun.promise
      await first.stop(3_000)
      expect(await heard.promise).toBeInstanceOf(Interrupted)
      const again = Promise.withResolvers<string>()
      await start(async (insightId) => again.resolve(insightId))
      expect(await again.promise).toBe(id)
      expect(await getInsight(opened.database.db, id)).toMatchObject({ status: 'SCHEDULED', attempts: 0 })
    })

    test('an Insight that stopped the service too often is given up with advice', async () => {
      const id = await add()
      const web = await start(async () => undefined, { mode: 'web' })
      await web.enqueue(id)
      await opened.database.pool.query(
        `update pgboss.job set retry_limit = 0 where name = 'insights' and singleton_key = $1`,
        [id],
      )
      await start(() => Promise.reject(new Interrupted('lost')))
      await vi.waitFor(
        async () =>
          expect(await getInsight(opened.database.db, id)).toMatchObject({
            status: 'FAILED',
            error: { code: 'insight.too_many_failures', detail: expect.stringContaining('resume it') as string },
          }),
        15_000,
      )
    })
  })
}
