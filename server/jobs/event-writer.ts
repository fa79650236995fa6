import { noUsage } from '#/pipeline/insight.ts'
import { createPaceKeeper, type PredictStage } from '#/pipeline/pace.ts'
import type { Emit, ProgressEvent } from '#/pipeline/ports.ts'
import type { Database } from '../db/database.ts'
import { updateInsight } from '../db/insights.ts'
import type { InsightPatch } from '../db/insights.ts'
import type { Progress, StoredEvent } from '../db/records.ts'
import type { Log } from '../log.ts'

const flushEveryMs = 500
/** Of summaries and of failures each, in one flush: at most five in a second of either. */
const samplesPerFlush = 2
/** Events kept while the database does not answer. */
const maxWaiting = 1_000

type Newest = Extract<ProgressEvent, { type: 'progress' }>

type Options = {
  database: Database
  insightId: string
  /** The run of the job whose events these are: an older one must not overwrite where a newer one stands. */
  turn: number | undefined
  /** What the stages to come will take. */
  predict: PredictStage
  append: (insightId: string, events: readonly StoredEvent[]) => Promise<void>
  log: Log
  now?: () => number
}

/**
 * Turns the pipeline's events into rows at a rate a database and a browser can follow: the newest progress twice a second, a
 * sample of summaries and failures, everything else whole. Keeps the Insight's row up to date with where it stands. `emit`
 * never throws and never waits; `close` writes what is left.
 */
export function createEventWriter(options: Options): { emit: Emit; close: () => Promise<void> } {
  const { database, insightId, turn, predict, append, log } = options
  const now = options.now ?? Date.now
  let waiting: StoredEvent[] = []
  let newest: Newest | undefined
  /** Where it stands; how fast it goes is told when it is written, since that takes more than counting. */
  let progress: Omit<Progress, 'pace'> | undefined
  let usage = noUsage
  const keeper = createPaceKeeper(predict)
  let sampled = { summary: 0, failure: 0 }
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  const withPace = (event: Newest | undefined): StoredEvent[] =>
    event === undefined || progress === undefined ? [] : [{ ...event, pace: keeper.at(progress.atMs) }]

  const flush = async (): Promise<void> => {
    const events = [...waiting, ...withPace(newest)]
    const patch = toPatch(progress && { ...progress, pace: keeper.at(progress.atMs) }, newest)
    waiting = []
    newest = undefined
    sampled = { summary: 0, failure: 0 }
    if (events.length === 0) return
    try {
      await append(insightId, events)
    } catch (error) {
      log.warn({ insightId, err: error, events: events.length }, 'events not written')
      waiting = [...events, ...waiting].slice(0, maxWaiting)
      return
    }
    try {
      if (patch !== undefined)
        await updateInsight(database.db, insightId, patch, turn === undefined ? {} : { ifTurn: turn })
    } catch (error) {
      // The next one says more; the events are written, and must not be again.
      log.warn({ insightId, err: error }, 'progress not written')
    }
  }
  const schedule = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined
      writing = writing.then(flush)
    }, flushEveryMs)
  }

  const emit: Emit = (event) => {
    if (event.type === 'progress') {
      const { stage, done, total, failed } = event
      keeper.observe(event, now())
      // Loading and grouping report no usage: theirs must not wipe what summaries have cost.
      if (event.usage.calls > 0 || event.usage.inputTokens > 0) usage = event.usage
      newest = { ...event, usage }
      progress = { stage, done, total, failed, atMs: now() }
    } else if (event.type === 'summary' || event.type === 'failure') {
      if (sampled[event.type]++ < samplesPerFlush) waiting.push(event)
    } else {
      if (event.type === 'stage') {
        const { stage, total } = event
        // What the last stage came to belongs before the next one.
        waiting.push(...withPace(newest))
        newest = undefined
        keeper.enter(stage, total, now())
        progress = { stage, done: 0, total, failed: 0, atMs: now() }
      }
      waiting.push(event)
    }
    schedule()
  }

  return {
    emit,
    close: async () => {
      clearTimeout(timer)
      writing = writing.then(flush)
      await writing
    },
  }
}

function toPatch(progress: Progress | undefined, newest: Newest | undefined): InsightPatch | undefined {
  if (progress === undefined) return undefined
  const hasUsage = newest !== undefined && (newest.usage.calls > 0 || newest.usage.inputTokens > 0)
  // Whatever it waited for, it goes on.
  return { stage: progress.stage, progress, waiting: null, ...(hasUsage ? { usage: newest.usage } : {}) }
}
