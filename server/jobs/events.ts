// What happens to an Insight, for whoever watches: written by the process that computes it, read by any.
import { EventEmitter } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import type { PredictStage } from '#/pipeline/pace.ts'
import type { Emit } from '#/pipeline/ports.ts'
import type { Database } from '../db/database.ts'
import { appendEvents, listEvents } from '../db/events.ts'
import type { EventRecord, StoredEvent } from '../db/records.ts'
import type { Log } from '../log.ts'
import { createEventWriter } from './event-writer.ts'

export type Events = AsyncDisposable & {
  /** An `emit` for the pipeline; `close` writes what is left. Progress and summaries are thinned, the rest is kept. */
  writer: (insightId: string, turn?: number, predict?: PredictStage) => { emit: Emit; close: () => Promise<void> }
  /** Appends one event now. */
  append: (insightId: string, event: StoredEvent) => Promise<void>
  /** Events after `after`, as they come, until the signal aborts; those of other processes too. */
  subscribe: (insightId: string, options: { after: number; signal: AbortSignal }) => AsyncGenerator<EventRecord>
}

const channel = 'insight_events'
/** Everything is read from the table; being told is only a hint to look now instead of at the next turn. */
const lookAgainMs = 2_000

/** The event bus on this database: LISTEN/NOTIFY on PostgreSQL, a word within the process on the embedded one. */
export function createEvents({ database, log }: { database: Database; log: Log }): Events {
  const hints = new EventEmitter()
  hints.setMaxListeners(0)
  const stopped = new AbortController()
  const listening =
    database.url === undefined ? undefined : listen(database.url, hints, { log, signal: stopped.signal })

  const appendAll = async (insightId: string, events: readonly StoredEvent[]): Promise<void> => {
    await appendEvents(database.db, insightId, events)
    hints.emit(insightId)
    if (database.kind !== 'postgresql') return
    // A hint that is lost costs two seconds; an error here would have the events written twice.
    await database.pool
      .query('select pg_notify($1, $2)', [channel, insightId])
      .catch((error: unknown) => log.warn({ insightId, err: error }, 'event not announced'))
  }

  return {
    writer: (insightId, turn, predict = () => undefined) =>
      createEventWriter({ database, insightId, turn, predict, append: appendAll, log }),
    append: (insightId, event) => appendAll(insightId, [event]),
    subscribe: async function* (insightId, { after, signal }) {
      const over = AbortSignal.any([signal, stopped.signal])
      for (let seq = after; !over.aborted;) {
        // Ears open before reading: what is appended in between is heard.
        using hint = hear(hints, insightId, over)
        const records = await listEvents(database.db, insightId, seq)
        for (const record of records) {
          if (over.aborted) return
          yield record
          seq = record.seq
        }
        if (records.length === 0) await hint.heard
      }
    },
    [Symbol.asyncDispose]: async () => {
      stopped.abort()
      await listening
    },
  }
}

/** `heard` resolves at the next hint, when it is time to look anyway, or when it is over. */
function hear(hints: EventEmitter, name: string, over: AbortSignal): Disposable & { heard: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, lookAgainMs)
  const onHint = () => resolve()
  hints.once(name, onHint)
  over.addEventListener('abort', onHint)
  return {
    heard: promise,
    [Symbol.dispose]: () => {
      clearTimeout(timer)
      hints.off(name, onHint)
      over.removeEventListener('abort', onHint)
    },
  }
}

/** Passes on what other processes announce, over a connection of its own that is made again whenever it breaks. */
async function listen(
  url: string,
  hints: EventEmitter,
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    const client = new Client({ connectionString: url, keepAlive: true, application_name: 'trace-insights-events' })
    const broken = Promise.withResolvers<void>()
    const end = () => broken.resolve()
    client.on('error', end)
    client.on('end', end)
    client.on('notification', ({ payload }) => hints.emit(payload ?? ''))
    signal.addEventListener('abort', end)
    try {
      await client.connect()
      await client.query(`listen ${channel}`)
      await broken.promise
    } catch (error) {
      log.warn({ err: error }, 'event listener lost')
    }
    signal.removeEventListener('abort', end)
    await client.end().catch(() => undefined)
    await wait(1_000, undefined, { signal }).catch(() => undefined)
  }
}
