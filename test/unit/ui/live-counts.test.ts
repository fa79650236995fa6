import { describe, expect, test } from 'vitest'
import type { InsightAnswer } from '#/server/api/schemas/insights.ts'
import { countUnread, withLiveCounts } from '#/ui/insight/live-counts.ts'
import type { Live } from '#/ui/insight/use-insight-events.ts'

const counts = { selected: 340, summarized: 236, skipped: 2, failed: 1, clustered: 0, unassigned: 0 }
const insight = { stage: 'summarize', counts } as InsightAnswer
const live = (done: number, failed = 0): Live => ({
  stage: 'summarize',
  progress: { stage: 'summarize', done, total: 340 },
  summaries: [],
  summarized: 0,
  failures: [],
  failed,
  clusters: undefined,
  notes: [],
  connected: true,
})

describe('the counts of a running Insight', () => {
  test('add up to what was selected, whatever came last', () => {
    for (const [done, failed] of [
      [180, 0],
      [239, 1],
      [300, 4],
      [340, 1],
    ] as const) {
      const shown = withLiveCounts(insight, live(done, failed))
      const { selected, summarized, skipped } = shown.counts
      expect(summarized + skipped + shown.counts.failed + countUnread(shown)).toBe(selected)
      expect(shown.progress?.done).toBe(selected - countUnread(shown))
    }
  })

  test('never go back behind the state that was fetched', () => {
    expect(withLiveCounts(insight, live(180)).counts).toEqual(counts)
    expect(withLiveCounts(insight, live(180)).progress?.done).toBe(239)
  })

  test('stay as they are in the stages after summarizing', () => {
    const later = { ...live(12), stage: 'publish', progress: { stage: 'publish', done: 12, total: 236 } } as const
    const shown = withLiveCounts(insight, later)
    expect(shown.counts).toEqual(counts)
    expect(shown).toMatchObject({ stage: 'publish', progress: { done: 12, total: 236 } })
  })
})
