// An Insight as it happens: server-sent events that can be picked up again where they broke off.
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { RunStatus } from '#/pipeline/insight.ts'
import type { Database } from '#/server/db/database.ts'
import { findLastSeq } from '#/server/db/events.ts'
import { getInsight } from '#/server/db/insights.ts'
import type { EventRecord } from '#/server/db/records.ts'
import type { Events } from '#/server/jobs/events.ts'
import type { Log } from '#/server/log.ts'
import { toFailureAnswer, toInsightAnswer, toProgressAnswer, toUsageAnswer } from './answers.ts'
import type { CallerEnv } from './caller.ts'
import { getVisibleInsight, withLiveCounts } from './insights.ts'
import type { InsightEvent } from './schemas/events.ts'
import { route } from './validate.ts'

/** The state tells what came before; a newcomer is shown this much of how it came about. */
const recentEvents = 100
/** The database counts them in 32 bits. */
const mostEvents = 2 ** 31 - 1
/** Proxies close a connection that says nothing for about a minute. */
const heartbeatMs = 15_000

export function eventRoutes({
  database,
  events,
  now,
  log,
}: {
  database: Database
  events: Events
  now: () => number
  log: Log
}) {
  return new Hono<CallerEnv>().get(
    '/insights/:id/events',
    route({
      summary: 'Server-sent events: first the whole `state`, then what happens; `Last-Event-ID` resumes',
      tag: 'Insights',
      media: 'text/event-stream',
    }),
    async (c) => {
      const record = await getVisibleInsight(database, c.var.caller, c.req.param('id'), c.req.raw.signal)
      const ui = await c.var.caller.client.ui({ signal: c.req.raw.signal })
      const lastEventId = Number(c.req.header('last-event-id') ?? c.req.query('last_event_id') ?? Number.NaN)
      const after =
        Number.isInteger(lastEventId) && lastEventId >= 0 && lastEventId <= mostEvents
          ? lastEventId
          : Math.max(0, (await findLastSeq(database.db, record.id)) - recentEvents)

      const stateOf = async (): Promise<InsightEvent> => ({
        type: 'state',
        insight: toInsightAnswer(await withLiveCounts(database, await getInsight(database.db, record.id)), ui, now()),
      })
      return streamSSE(c, async (stream) => {
        const gone = new AbortController()
        stream.onAbort(() => gone.abort())
        const send = (event: InsightEvent, seq?: number): Promise<void> =>
          stream.writeSSE({
            event: event.type,
            data: JSON.stringify(event),
            ...(seq === undefined ? {} : { id: String(seq) }),
          })
        // The end is an event too, but a process killed at the wrong moment may never have written it.
        const beat = async (): Promise<void> => {
          await stream.write(': still here\n\n')
          if (hasEnded((await getInsight(database.db, record.id)).status)) gone.abort()
        }
        const heartbeat = setInterval(() => void beat().catch(() => gone.abort()), heartbeatMs)
        try {
          await send(await stateOf())
          if (hasEnded(record.status)) return await send({ type: 'end', status: record.status })
          for await (const { seq, event } of events.subscribe(record.id, { after, signal: gone.signal })) {
            const current = toInsightEvent(event)
            // An Insight that was resumed has the end of its earlier attempt in its log.
            if (current.type === 'end') {
              if (!hasEnded((await getInsight(database.db, record.id)).status)) continue
              break
            }
            await send(current, seq)
          }
          const { status } = await getInsight(database.db, record.id)
          if (!hasEnded(status)) return
          await send(await stateOf())
          await send({ type: 'end', status })
        } catch (error) {
          // Hono would print it as it is, and a failed statement holds trace text. The watcher comes back by itself.
          log.warn({ insightId: record.id, err: error }, 'event stream broken')
        } finally {
          clearInterval(heartbeat)
          gone.abort()
        }
      })
    },
  )
}

function hasEnded(status: RunStatus): boolean {
  return status !== 'SCHEDULED' && status !== 'RUNNING'
}

function toInsightEvent(event: EventRecord['event']): InsightEvent {
  switch (event.type) {
    case 'progress': {
      const { failed, usage } = event
      return { type: 'progress', ...toProgressAnswer(event), failed, usage: toUsageAnswer(usage) }
    }
    case 'summary':
      return { type: 'summary', trace_id: event.traceId, title: event.title, text: event.text }
    case 'failure':
      return { type: 'failure', failure: toFailureAnswer(event.failure) }
    case 'clusters': {
      const { type, clusters, leaves, provisionalOf } = event
      return { type, clusters, leaves, ...(provisionalOf === undefined ? {} : { provisional_of: provisionalOf }) }
    }
    case 'stage':
    case 'waiting':
    case 'log':
    case 'end':
      return event
  }
}
