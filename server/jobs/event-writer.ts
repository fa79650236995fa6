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

type Options = {
  database: Database
  insightId: string
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
  const { database, insightId, append, log } = options
  const now = options.now ?? Date.now
  let waiting: StoredEvent[] = []
  let newest: Extract<ProgressEvent, { type: 'progress' }> | undefined
  let progress: Progress | undefined
  let sampled = { summary: 0, failure: 0 }
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  const flush = async (): Promise<void> => {
    const events = newest === undefined ? waiting : [...waiting, newest]
    const patch = toPatch(progress, newest)
    waiting = []
    newest = undefined
    sampled = { summary: 0, failure: 0 }
    if (events.length === 0) return
    try {
      await append(insightId, events)
      if (patch !== undefined) await updateInsight(database.db, insightId, patch)
    } catch (error) {
      log.warn({ insightId, err: error, events: events.length }, 'events not written')
      waiting = [...events, ...waiting].slice(0, maxWaiting)
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
      progress = advance(progress, event, now())
      newest = event
    } else if (event.type === 'summary' || event.type === 'failure') {
      if (sampled[event.type]++ < samplesPerFlush) waiting.push(event)
    } else {
      if (event.type === 'stage') {
        progress = { ...start(event.stage, now()), total: event.total }
        // What the last stage came to belongs before the next one.
        if (newest !== undefined) waiting.push(newest)
        newest = undefined
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

function start(stage: Progress['stage'], atMs: number): Progress {
  return { stage, done: 0, total: 0, failed: 0, doneAtStart: 0, startedAtMs: atMs, atMs }
}

/** The first progress of a stage tells what an earlier attempt had done: that is no part of this one's speed. */
function advance(
  before: Progress | undefined,
  event: Extract<ProgressEvent, { type: 'progress' }>,
  atMs: number,
): Progress {
  const { stage, done, total, failed } = event
  const isFirst = before === undefined || before.stage !== stage || before.done === 0
  const base = before === undefined || before.stage !== stage ? start(stage, atMs) : before
  return { ...base, done, total, failed, atMs, doneAtStart: isFirst ? Math.max(0, done - 1) : base.doneAtStart }
}

function toPatch(
  progress: Progress | undefined,
  newest: Extract<ProgressEvent, { type: 'progress' }> | undefined,
): InsightPatch | undefined {
  if (progress === undefined) return undefined
  const patch: InsightPatch = { stage: progress.stage, progress }
  // Loading and grouping report no usage: theirs must not wipe what summaries have cost.
  if (newest !== undefined && (newest.usage.calls > 0 || newest.usage.inputTokens > 0)) patch.usage = newest.usage
  return patch
}
