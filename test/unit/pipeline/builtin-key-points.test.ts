import { expect, test } from 'vitest'
import { keyPointsOf } from '#/pipeline/builtin/key-points.ts'
import { toLens } from '#/pipeline/builtin/lens.ts'
import { toShares } from '#/pipeline/builtin/shares.ts'
import type { Cluster, Outcome } from '#/pipeline/insight.ts'
import { aCluster, someMetrics } from '#/test/support/insight-rows.ts'

function leaf(id: string, title: string, outcomes: Partial<Record<Outcome, number>>): Cluster {
  const size = Object.values(outcomes).reduce((sum, count) => sum + count, 0)
  return { ...aCluster(id, title, []), size, metrics: { ...someMetrics, outcomes } }
}

function pointsOf(question: string, leaves: readonly Cluster[]): string[] {
  const total = leaves.reduce((sum, { size }) => sum + size, 0)
  const outcomes: Partial<Record<Outcome, number>> = {}
  for (const { metrics } of leaves)
    for (const [outcome, count] of Object.entries(metrics.outcomes) as [Outcome, number][])
      outcomes[outcome] = (outcomes[outcome] ?? 0) + count
  const whole = toShares(outcomes, total)
  const facts = { leaves, clusters: leaves, examples: new Map(), whole, total, medianMs: undefined }
  return keyPointsOf(facts, toLens(question)).map(({ text }) => text)
}

test('asked how conversations end, each ending is counted with where it is most frequent, bad ones first', () => {
  const leaves = [
    leaf('1', 'Resolved: view an apartment', { resolved: 48, unclear: 2 }),
    leaf('2', 'Not resolved: reserve a flight', { unresolved: 28 }),
    leaf('3', 'Resolved: play trivia', { resolved: 20, unresolved: 1 }),
    leaf('4', 'Handed to a human', { handed_off: 1 }),
  ]
  expect(pointsOf('How do conversations end?', leaves)).toEqual([
    '29% end unresolved (29 of 100), most often “reserve a flight” (28) and “play trivia” (1).',
    '2% stay open (2 of 100), most often “view an apartment” (2).',
    '68% are resolved (68 of 100), most often “view an apartment” (48) and “play trivia” (20).',
  ])
})

test('asked where the agent fails, nobody is told that what did not fail went well', () => {
  const leaves = [
    leaf('1', 'No visible failure', { resolved: 80 }),
    leaf('2', 'Tool failed: order not found', { unresolved: 20 }),
  ]
  const points = pointsOf('Where does the agent fail and why?', leaves)
  expect(points.length).toBeGreaterThan(0)
  for (const point of points) expect(point).not.toContain('No visible failure')
})
