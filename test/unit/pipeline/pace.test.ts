import { expect, test } from 'vitest'
import type { Stage } from '#/pipeline/insight.ts'
import { createPaceKeeper, createPrediction, type Pace, type PastRun } from '#/pipeline/pace.ts'
import { measureEtaError } from '#/test/bench/eta-error.ts'
import type { EventRecord } from '#/server/db/records.ts'
import { noUsage } from '#/pipeline/insight.ts'

const stageSeconds: Partial<Record<Stage, number>> = {
  load: 2,
  summarize: 300,
  embed: 6,
  cluster: 8,
  name: 20,
  overview: 15,
  publish: 30,
}

/** Numbers in [0, 1) that look like chance and are the same each time. */
function createChance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/**
 * A job as it goes: the concurrency climbs from 3 to its limit in a minute and falls to half now and then, a call takes two
 * seconds give or take, and the later stages take what they took before, give or take a fifth.
 */
function simulate({ traces, limit, seed, past }: { traces: number; limit: number; seed: number; past: PastRun[] }) {
  const random = createChance(seed)
  const keeper = createPaceKeeper(createPrediction(past, 'model'))
  const told: { atMs: number; pace: Pace; done: number }[] = []
  let atMs = 0
  keeper.enter('summarize', traces, atMs)
  let done = 0
  let concurrency = 3
  while (done < traces) {
    atMs += 500
    concurrency = random() < 0.004 ? concurrency / 2 : Math.min(limit, concurrency + limit / 120)
    done = Math.min(traces, done + (concurrency / 2) * 0.5 * (0.6 + 0.8 * random()))
    keeper.observe({ done: Math.floor(done), total: traces }, atMs)
    told.push({ atMs, done: Math.floor(done), pace: keeper.at(atMs) })
  }
  const predicted = { embed: 6, cluster: 8, name: 20, overview: 15, publish: 30 }
  for (const [stage, seconds] of Object.entries(predicted)) {
    keeper.enter(stage as Stage, traces, atMs)
    told.push({ atMs, done: 0, pace: keeper.at(atMs) })
    atMs +=
      seconds *
      (0.8 + 0.4 * random()) *
      (traces / 1_000) ** (stage === 'name' ? 0.5 : stage === 'overview' ? 0 : 1) *
      1_000
  }
  const events = told.map(({ atMs: time, pace, done: count }, seq): EventRecord => ({
    seq,
    at: new Date(time),
    event: { type: 'progress', stage: 'summarize', done: count, total: traces, failed: 0, usage: noUsage, pace },
  }))
  return { ...measureEtaError(events, atMs), told }
}

const past: PastRun[] = [
  { traces: 1_000, stageSeconds },
  { traces: 1_000, stageSeconds },
  { traces: 1_000, stageSeconds },
]

test.each([
  [500, 8],
  [2_000, 16],
  [10_000, 32],
])(
  'of %i traces at %i calls at once the time left is told with a median error under 20 %%, and the range holds',
  (traces, limit) => {
    const runs = Array.from({ length: 12 }, (_, seed) => simulate({ traces, limit, seed: seed + 1, past }))
    const errors = runs.map(({ eta_error_median }) => eta_error_median).sort((a, b) => a - b)
    expect(errors[6]).toBeLessThan(0.2)
    const within = runs.reduce((sum, { eta_within_range }) => sum + eta_within_range, 0) / runs.length
    expect(within).toBeGreaterThan(0.6)
  },
)

test('without a past the range is wider than with one', () => {
  const width = (runs: PastRun[]) => {
    const { told } = simulate({ traces: 2_000, limit: 16, seed: 1, past: runs })
    const job = told[Math.floor(told.length / 2)]?.pace.job
    return (job?.highS ?? 0) - (job?.lowS ?? 0)
  }
  expect(width([])).toBeGreaterThan(width(past))
})

test('what an earlier attempt did is no part of the speed', () => {
  const keeper = createPaceKeeper(() => ({ lowS: 0, highS: 0 }))
  keeper.enter('summarize', 1_000, 0)
  for (let second = 1; second <= 10; second++) keeper.observe({ done: 900 + second, total: 1_000 }, second * 1_000)
  expect(keeper.at(10_000).ratePerS).toBeCloseTo(1, 5)
  expect(keeper.at(10_000).stageS).toBeCloseTo(90, 5)
})

test('a job that stands still is said to take longer and longer', () => {
  const keeper = createPaceKeeper(() => ({ lowS: 0, highS: 0 }))
  keeper.enter('summarize', 100, 0)
  for (let second = 1; second <= 10; second++) keeper.observe({ done: second, total: 100 }, second * 1_000)
  const [then, later] = [keeper.at(10_000).stageS ?? 0, keeper.at(60_000).stageS ?? 0]
  expect(later).toBeGreaterThan(3 * then)
})

test('nothing is told before anything is known', () => {
  const keeper = createPaceKeeper(createPrediction([], 'model'))
  keeper.enter('load', 0, 0)
  expect(keeper.at(5_000)).toEqual({})
  keeper.enter('summarize', 1_000, 6_000)
  keeper.observe({ done: 1, total: 1_000 }, 6_100)
  expect(keeper.at(6_100)).toEqual({})
})
