import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { noUsage } from '#/pipeline/insight.ts'
import type { ProgressEvent } from '#/pipeline/ports.ts'
import { openDatabase } from '#/server/db/database.ts'
import { listEvents } from '#/server/db/events.ts'
import { getInsight, insertInsight, updateInsight } from '#/server/db/insights.ts'
import type { EventRecord } from '#/server/db/records.ts'
import { createEvents } from '#/server/jobs/events.ts'
import type { Events } from '#/server/jobs/events.ts'
import { createTestDatabase, databaseKinds, silentLog, whyNot } from '#/test/support/database.ts'
import type { TestDatabase } from '#/test/support/database.ts'
import { anInsight } from '#/test/support/insight-rows.ts'

const log = (message: string) => ({ type: 'log', level: 'info', message }) as const
const progress = (done: number, stage: 'summarize' | 'publish' = 'summarize'): ProgressEvent => ({
  type: 'progress',
  stage,
  done,
  total: 100,
  failed: 1,
  usage: { ...noUsage, calls: done, costUsd: done / 10 },
})

for (const kind of databaseKinds) {
  const reason = await whyNot(kind)
  describe.skipIf(reason !== undefined)(`events on ${kind}${reason === undefined ? '' : `: ${reason}`}`, () => {
    let opened: TestDatabase
    let events: Events
    beforeAll(async () => {
      opened = await createTestDatabase(kind)
      events = createEvents({ database: opened.database, log: silentLog })
    })
    afterAll(async () => {
      await events[Symbol.asyncDispose]()
      await opened[Symbol.asyncDispose]()
    })

    const add = async () => {
      const id = randomUUID()
      await insertInsight(opened.database.db, anInsight(id))
      return id
    }
    /** Reads until `count` events have come, or the signal aborts. */
    const take = async (from: Events, id: string, count: number, after = 0, signal = AbortSignal.timeout(15_000)) => {
      const records: EventRecord[] = []
      for await (const record of from.subscribe(id, { after, signal })) {
        records.push(record)
        if (records.length === count) break
      }
      return records
    }

    test('a watcher gets what was and what comes, once each and in order', async () => {
      const id = await add()
      await events.append(id, log('before'))
      const watching = take(events, id, 4)
      for (const message of ['one', 'two', 'three']) {
        await wait(20)
        await events.append(id, log(message))
      }
      const records = await watching
      expect(records.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
      expect(records.map(({ event }) => event)).toEqual(['before', 'one', 'two', 'three'].map(log))
    })

    test('a watcher that comes back goes on after the last one it saw', async () => {
      const id = await add()
      for (let number = 1; number <= 5; number++) await events.append(id, log(String(number)))
      expect((await take(events, id, 2, 3)).map(({ seq }) => seq)).toEqual([4, 5])
    })

    test('a watcher that leaves is let go at once', async () => {
      const id = await add()
      const leaving = new AbortController()
      const watching = take(events, id, 1, 0, leaving.signal)
      await wait(50)
      const at = performance.now()
      leaving.abort()
      expect(await watching).toEqual([])
      // Sooner than it would have looked again by itself.
      expect(performance.now() - at).toBeLessThan(1_500)
    })

    test('a flood of progress is thinned, stages are not, and the last progress is kept', async () => {
      const id = await add()
      const writer = events.writer(id)
      const at = performance.now()
      writer.emit({ type: 'stage', stage: 'summarize', total: 100 })
      for (let done = 41; done <= 100; done++) {
        writer.emit(progress(done))
        writer.emit({ type: 'summary', traceId: `tr-${done}`, title: 'A title', text: 'A text \0' })
        await wait(20)
      }
      writer.emit({ type: 'stage', stage: 'publish', total: 100 })
      writer.emit(progress(1, 'publish'))
      await writer.close()
      const seconds = (performance.now() - at) / 1_000
      const all = (await listEvents(opened.database.db, id, 0)).map(({ event }) => event)
      const of = (type: string) => all.filter((event) => event.type === type)
      expect(of('stage')).toHaveLength(2)
      expect(of('progress').length).toBeLessThanOrEqual(2 * seconds + 3)
      expect(of('summary').length).toBeLessThanOrEqual(5 * seconds + 2)
      expect(of('summary').length).toBeGreaterThan(0)
      expect(all.at(-1)).toMatchObject(progress(1, 'publish'))
      expect(all).toContainEqual(expect.objectContaining(progress(100)))
    })

    test('the row of the Insight says where it stands, what it costs, and that it waits for nothing any more', async () => {
      const id = await add()
      const waiting = { code: 'model.rate_limited', message: 'Slow down.', sinceMs: 1 }
      await updateInsight(opened.database.db, id, { waiting })
      const writer = events.writer(id)
      writer.emit({ type: 'stage', stage: 'summarize', total: 100 })
      writer.emit(progress(41))
      writer.emit(progress(60))
      await writer.close()
      expect(await getInsight(opened.database.db, id)).toMatchObject({
        stage: 'summarize',
        progress: { stage: 'summarize', done: 60, total: 100, failed: 1 },
        waiting: null,
        usage: { calls: 60, costUsd: 6 },
      })
    })

    test('events are written once, also while the row of the Insight cannot be', async () => {
      const id = await add()
      const { database } = opened
      const db = new Proxy(database.db, {
        get: (target, name) => {
          if (name === 'update') throw new Error('connection terminated')
          return Reflect.get(target, name) as unknown
        },
      })
      await using broken = createEvents({ database: { ...database, db }, log: silentLog })
      const writer = broken.writer(id)
      writer.emit({ type: 'stage', stage: 'summarize', total: 100 })
      await writer.close()
      writer.emit(log('later'))
      await writer.close()
      expect((await listEvents(database.db, id, 0)).map(({ event }) => event.type)).toEqual(['stage', 'log'])
    })

    test('events that cannot be written do not disturb the pipeline', async () => {
      const writer = events.writer('no such insight')
      writer.emit(log('lost'))
      await expect(writer.close()).resolves.toBeUndefined()
    })
  })
}

const noPostgres = await whyNot('postgresql')
test.skipIf(noPostgres !== undefined)(
  `an event of one process is heard in another before that would look by itself${noPostgres === undefined ? '' : `: ${noPostgres}`}`,
  async () => {
    await using opened = await createTestDatabase('postgresql')
    await using other = await openDatabase(opened.config, { log: silentLog })
    await using here = createEvents({ database: opened.database, log: silentLog })
    await using there = createEvents({ database: other, log: silentLog })
    await insertInsight(opened.database.db, anInsight('heard'))
    const listeners = `select from pg_stat_activity where datname = current_database() and query like 'listen %'`
    await vi.waitFor(async () => expect((await opened.database.pool.query(listeners)).rowCount).toBe(2), 15_000)
    const watching = here.subscribe('heard', { after: 0, signal: AbortSignal.timeout(30_000) })
    const first = watching.next()
    await there.append('heard', log('warm'))
    await first
    const second = watching.next()
    await wait(300)
    const at = performance.now()
    await there.append('heard', log('hello'))
    expect((await second).value).toMatchObject({ seq: 2, event: { message: 'hello' } })
    expect(performance.now() - at).toBeLessThan(1_500)
    await watching.return(undefined)
  },
)
