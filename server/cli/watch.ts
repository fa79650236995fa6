// Watches an Insight to its end: server-sent events, picked up again where they broke off; else by asking now and then.
import type { RunStatus } from '#/pipeline/insight.ts'
import { InsightEvent } from '#/server/api/schemas/events.ts'
import { InsightAnswer } from '#/server/api/schemas/insights.ts'
import { CliError, exitCodes } from './exit.ts'
import { type ServiceClient, Unreachable } from './service-client.ts'
import { readEvents } from './sse.ts'
import type { World } from './world.ts'

/** The service says something at least every 15 seconds; a stream silent for longer is dead. */
const silenceMs = 45_000
const streamAttempts = 3
const pollMs = 1_000
/** How often in a row nobody may answer: a service that is being restarted is back by then. */
const pollAttempts = 30

export type WatchOptions = {
  onEvent: (event: InsightEvent) => void
  signal: AbortSignal
  sleep: World['sleep']
}

/**
 * The status an Insight ends with. Throws what the first request throws for an id that does not exist, `Unreachable`
 * when nobody answers any more, and the signal's reason when it aborts; the job itself never notices.
 */
export async function watchInsight(client: ServiceClient, id: string, options: WatchOptions): Promise<RunStatus> {
  let lastEventId: string | undefined
  for (let failures = 0; failures < streamAttempts;) {
    try {
      const stream = openStream(client, id, { lastEventId, signal: options.signal })
      for await (const { id: eventId, event } of stream) {
        failures = 0
        if (eventId !== undefined) lastEventId = eventId
        options.onEvent(event)
        if (event.type === 'end') return event.status
      }
    } catch (error) {
      options.signal.throwIfAborted()
      if (error instanceof NoStream) break
      if (!(error instanceof Unreachable)) throw error
    }
    failures++
    await options.sleep(500 * failures, options.signal)
  }
  return poll(client, id, options)
}

/** The answer is no stream of events: a proxy in between, or a version without them. */
class NoStream extends Error {
  override readonly name = 'NoStream'
}

async function* openStream(
  client: ServiceClient,
  id: string,
  { lastEventId, signal }: { lastEventId: string | undefined; signal: AbortSignal },
): AsyncGenerator<{ id: string | undefined; event: InsightEvent }> {
  const silent = new AbortController()
  const either = AbortSignal.any([signal, silent.signal])
  let timer = setTimeout(() => silent.abort(), silenceMs)
  const onAlive = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => silent.abort(), silenceMs)
  }
  try {
    const answer = await client.open(`/insights/${encodeURIComponent(id)}/events`, {
      signal: either,
      headers: {
        accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
    })
    if (answer.body === null || !(answer.headers.get('content-type') ?? '').startsWith('text/event-stream')) {
      await answer.body?.cancel()
      throw new NoStream()
    }
    for await (const { id: eventId, data } of readEvents(answer.body, { onAlive })) {
      const parsed = InsightEvent.safeParse(JSON.parse(data))
      // A newer service may tell more than we know of.
      if (parsed.success) yield { id: eventId, event: parsed.data }
    }
  } catch (error) {
    if (error instanceof NoStream) throw error
    // Whatever is wrong with the route, asking for the Insight itself tells whether it is wrong with the Insight.
    if (error instanceof CliError && !(error instanceof Unreachable)) throw new NoStream('', { cause: error })
    throw new Unreachable('The stream of events broke off.', exitCodes.unusable, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

async function poll(client: ServiceClient, id: string, { onEvent, signal, sleep }: WatchOptions): Promise<RunStatus> {
  for (let failures = 0; ; await sleep(pollMs, signal)) {
    try {
      const insight = await client.get(InsightAnswer, `/insights/${encodeURIComponent(id)}`, { signal })
      failures = 0
      onEvent({ type: 'state', insight })
      if (insight.status !== 'SCHEDULED' && insight.status !== 'RUNNING') {
        onEvent({ type: 'end', status: insight.status })
        return insight.status
      }
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof Unreachable) || ++failures >= pollAttempts) throw error
    }
  }
}
