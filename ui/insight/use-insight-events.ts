// What happens in a running Insight, as the server tells it. The cache gets every new state, so that the rest of the
// page needs to know nothing of the stream; a lost connection is taken up again by the browser with its last event id.
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { InsightEvent } from '#/server/api/schemas/events.ts'
import type { InsightAnswer } from '#/server/api/schemas/insights.ts'
import type { FailureAnswer, Progress, Stage } from '../answer-parts.ts'
import { api } from '../api.ts'
import { clustersQuery, insightKey } from '../queries.ts'

export type LiveSummary = { traceId: string; title: string; text: string }

export type Live = {
  stage: Stage | undefined
  progress: Progress | undefined
  /** The newest first, at most as many as a screen shows. */
  summaries: LiveSummary[]
  summarized: number
  failures: FailureAnswer[]
  failed: number
  clusters: { clusters: number; leaves: number } | undefined
  notes: string[]
  connected: boolean
}

const nothingYet: Live = {
  stage: undefined,
  progress: undefined,
  summaries: [],
  summarized: 0,
  failures: [],
  failed: 0,
  clusters: undefined,
  notes: [],
  connected: false,
}

const keptSummaries = 40
const keptFailures = 500

function withEvent(live: Live, event: InsightEvent): Live {
  switch (event.type) {
    case 'state':
      return { ...live, stage: event.insight.stage, progress: event.insight.progress ?? live.progress }
    case 'stage':
      return { ...live, stage: event.stage, progress: { stage: event.stage, done: 0, total: event.total } }
    case 'progress':
      return { ...live, stage: event.stage, progress: event, failed: event.failed }
    case 'summary': {
      const summary = { traceId: event.trace_id, title: event.title, text: event.text }
      const others = live.summaries.filter(({ traceId }) => traceId !== event.trace_id)
      return {
        ...live,
        summaries: [summary, ...others].slice(0, keptSummaries),
        summarized: live.summarized + 1,
      }
    }
    case 'failure': {
      const others = live.failures.filter(({ trace_id }) => trace_id !== event.failure.trace_id)
      return { ...live, failures: [...others, event.failure].slice(-keptFailures) }
    }
    case 'clusters':
      // Of a provisional hierarchy the groups themselves are shown.
      if (event.provisional_of !== undefined) return live
      return { ...live, clusters: { clusters: event.clusters, leaves: event.leaves } }
    case 'waiting':
    case 'log':
      return { ...live, notes: [...live.notes, event.message].slice(-20) }
    case 'end':
      return { ...live, progress: undefined }
    default:
      // A newer server may say more than this page knows.
      return live
  }
}

const eventTypes = [
  'state',
  'stage',
  'progress',
  'summary',
  'failure',
  'clusters',
  'waiting',
  'log',
  'end',
] as const satisfies readonly InsightEvent['type'][]

/** The live state of an Insight while `running`; events that come in one moment are drawn together. */
export function useInsightEvents(insightId: string, running: boolean): Live {
  const queryClient = useQueryClient()
  const [live, setLive] = useState(nothingYet)
  useEffect(() => {
    if (!running) return undefined
    setLive(nothingYet)
    let waiting: InsightEvent[] = []
    let frame = 0
    const source = new EventSource(api.eventsUrl(insightId))
    const flush = () => {
      const events = waiting
      waiting = []
      frame = 0
      setLive((before) => events.reduce(withEvent, before))
    }
    const take = (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as InsightEvent
      if (event.type === 'state') {
        queryClient.setQueryData<InsightAnswer>([...insightKey(insightId), 'state'], event.insight)
      }
      if (event.type === 'clusters') {
        void queryClient.invalidateQueries({ queryKey: clustersQuery(insightId).queryKey })
      }
      if (event.type === 'end') {
        source.close()
        void queryClient.invalidateQueries({ queryKey: insightKey(insightId) })
        void queryClient.invalidateQueries({ queryKey: ['insights'] })
      }
      waiting.push(event)
      // A timer, not an animation frame: a tab in the background must not collect events without end.
      if (frame === 0) frame = window.setTimeout(flush, 80)
    }
    for (const type of eventTypes) source.addEventListener(type, take)
    source.addEventListener('open', () => setLive((before) => ({ ...before, connected: true })))
    source.addEventListener('error', () => setLive((before) => ({ ...before, connected: false })))
    return () => {
      source.close()
      clearTimeout(frame)
    }
  }, [insightId, running, queryClient])
  return live
}
