import type { InsightAnswer } from '#/server/api/schemas/insights.ts'
import type { Live } from './use-insight-events.ts'

/**
 * A running Insight with what its events said since its state was fetched: the strip of counts and the progress bar
 * must never tell two stories.
 */
export function withLiveCounts(insight: InsightAnswer, live: Live): InsightAnswer {
  const stage = live.stage ?? insight.stage
  const progress = live.progress ?? insight.progress
  const { counts } = insight
  if (stage !== 'summarize' || progress?.stage !== 'summarize') {
    return { ...insight, stage, ...(progress === undefined ? {} : { progress }) }
  }
  const failed = Math.max(counts.failed, live.failed)
  const settled = counts.summarized + counts.skipped + failed
  const done = Math.min(progress.total, Math.max(progress.done, settled))
  return {
    ...insight,
    stage,
    progress: { ...progress, done },
    counts: { ...counts, failed, summarized: Math.max(counts.summarized, done - counts.skipped - failed) },
  }
}

/** Selected traces that are neither summarized nor skipped nor failed: still to be read, or left out by an early end. */
export function countUnread({ counts }: InsightAnswer): number {
  return Math.max(0, counts.selected - counts.summarized - counts.skipped - counts.failed)
}
