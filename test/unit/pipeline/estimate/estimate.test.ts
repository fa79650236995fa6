import { expect, test } from 'vitest'
import { noAmounts } from '#/pipeline/estimate/amounts.ts'
import { type Estimate, type PastRun, toActual, toEstimate } from '#/pipeline/estimate/estimate.ts'
import { expectedLeaves, type ForecastInput, roundsOf, samplingError } from '#/pipeline/estimate/forecast.ts'
import { learnStages } from '#/pipeline/estimate/learn.ts'
import { noUsage } from '#/pipeline/insight.ts'

const trace = (chars: number) => ({ calls: [{ kind: 'summarize' as const, chars, dataChars: chars - 2_000 }] })
const input = (changes: Partial<ForecastInput> = {}): Parameters<typeof toEstimate>[0] => ({
  traces: 200,
  sample: Array.from({ length: 50 }, (_, at) => trace(3_000 + (at % 10) * 400)),
  charsPerToken: 4.4,
  models: { thinking: 'big', summary: 'small', embedding: 'vectors' },
  prompts: [],
  thoughtTokens: { thinking: 0, summary: 0 },
  concurrency: 8,
  places: 8,
  costOf: (model, { inputTokens, outputTokens }) => (model === 'free' ? 0 : (inputTokens + 4 * outputTokens) / 1e6),
  isPriced: (model) => model !== 'free',
  ...changes,
})

/** A run that took `by` times what was forecast, in every stage and quantity. */
function runThatTook(by: number, estimate: Estimate): PastRun {
  return {
    estimate,
    usage: Object.fromEntries(
      estimate.stages.map(({ stage, amounts }) => [
        stage,
        {
          ...noUsage,
          calls: amounts.calls,
          inputTokens: amounts.inputTokens * by,
          outputTokens: amounts.outputTokens * by,
          costUsd: amounts.costUsd * by,
        },
      ]),
    ),
    seconds: Object.fromEntries(estimate.stages.map(({ stage, amounts }) => [stage, amounts.seconds * by])),
  }
}

const stageOf = (estimate: Estimate, stage: string) => estimate.stages.find((one) => one.stage === stage)!

test('the sample is scaled to all traces, and its empty traces cost nothing', () => {
  const whole = stageOf(toEstimate(input(), []), 'summarize').amounts
  expect(whole.calls).toBe(200)
  expect(whole.inputTokens).toBeCloseTo((200 * 4_800) / 4.4, 5)
  const half = input({
    sample: [...input().sample, ...Array.from({ length: 50 }, () => ({ calls: [], isEmpty: true }))],
  })
  expect(stageOf(toEstimate(half, []), 'summarize').amounts.calls).toBe(100)
})

test('traces that the built-in analyst reads cost nothing, and are grouped and named like any other', () => {
  const easy = Array.from({ length: 50 }, () => ({ calls: [] }))
  const all = toEstimate(input(), [])
  const half = toEstimate(input({ sample: [...input().sample, ...easy] }), [])
  expect(stageOf(half, 'summarize').amounts.calls).toBe(100)
  expect(stageOf(half, 'summarize').amounts.costUsd).toBeCloseTo(stageOf(all, 'summarize').amounts.costUsd / 2, 8)
  expect(stageOf(half, 'name').amounts.calls).toBeCloseTo(stageOf(all, 'name').amounts.calls, 8)
  expect(stageOf(half, 'embed').amounts.calls).toBe(stageOf(all, 'embed').amounts.calls)
})

test('answers that are there from before cost nothing, and their traces are grouped and named all the same', () => {
  const kept = input().sample.map(({ calls }) => ({ calls: calls.map((call) => ({ ...call, isKept: true })) }))
  const all = toEstimate(input(), [])
  const none = toEstimate(input({ sample: kept }), [])
  expect(stageOf(none, 'summarize').amounts).toMatchObject({ calls: 0, inputTokens: 0, costUsd: 0 })
  expect(stageOf(none, 'name').amounts).toEqual(stageOf(all, 'name').amounts)
})

test('the built-in analyst costs nothing and takes its time', () => {
  const models = { thinking: 'builtin', summary: 'builtin', embedding: 'builtin' }
  const { total, unpriced } = toEstimate(input({ models, sample: [] }), [])
  expect(total.costUsd).toEqual({ low: 0, expected: 0, high: 0 })
  expect(total.calls.expected).toBe(0)
  expect(total.seconds.expected).toBeGreaterThan(1)
  expect(unpriced).toEqual([])
})

test('what earlier runs of a model took corrects the next estimate, and narrows its range', () => {
  const first = toEstimate(input(), [])
  const taught = toEstimate(input(), [runThatTook(1.5, first), runThatTook(1.5, first), runThatTook(1.5, first)])
  const before = stageOf(first, 'summarize').ranges
  const after = stageOf(taught, 'summarize').ranges
  expect(after.inputTokens.expected).toBeCloseTo(before.inputTokens.expected * 1.5, 5)
  expect(after.seconds.expected).toBeCloseTo(before.seconds.expected * 1.5, 5)
  expect(after.seconds.high / after.seconds.low).toBeLessThan(before.seconds.high / before.seconds.low)
  expect(stageOf(taught, 'summarize').runs).toBe(3)
})

test('runs of another model teach nothing about this one', () => {
  const other = toEstimate(input({ models: { thinking: 'x', summary: 'x', embedding: 'x' } }), [])
  const estimate = toEstimate(input(), [runThatTook(3, other)])
  expect(stageOf(estimate, 'summarize').ranges).toEqual(stageOf(toEstimate(input(), []), 'summarize').ranges)
  // What no model does is the same for all of them.
  expect(stageOf(estimate, 'publish').runs).toBe(1)
})

test('the newest run counts most', () => {
  const first = toEstimate(input(), [])
  const seconds = (past: PastRun[]): number => stageOf(toEstimate(input(), past), 'publish').ranges.seconds.expected
  expect(seconds([runThatTook(2, first), runThatTook(1, first)])).toBeGreaterThan(
    seconds([runThatTook(1, first), runThatTook(2, first)]),
  )
})

test('an endpoint that counts four characters a token is met by that rule, not by the tokenizer', () => {
  const forecast = { ...noAmounts, calls: 10, inputTokens: 900, plainInputTokens: 1_000 }
  const past = { stage: 'summarize', model: 'small', forecast, actual: { ...forecast, inputTokens: 1_000 } } as const
  const next = { ...noAmounts, calls: 10, inputTokens: 1_000, plainInputTokens: 900 }
  const [stage] = learnStages([{ stage: 'summarize', model: 'small', amounts: next }], [past], {
    sampling: 0,
    costOf: () => 0,
  })
  expect(stage?.ranges.inputTokens.expected).toBeCloseTo(900, 5)
})

test('a discount for cached tokens is learned, and applies to the tokens expected', () => {
  const first = toEstimate(input(), [])
  const run = runThatTook(1, first)
  const summarize = run.usage.summarize!
  const discounted = { ...run, usage: { ...run.usage, summarize: { ...summarize, costUsd: summarize.costUsd / 2 } } }
  const cost = stageOf(toEstimate(input({ traces: 400 }), [discounted]), 'summarize').ranges.costUsd.expected
  expect(cost).toBeCloseTo(summarize.costUsd, 5)
})

test('a model without a price counts as free and is named', () => {
  const { unpriced } = toEstimate(input({ models: { thinking: 'big', summary: 'free', embedding: 'vectors' } }), [])
  expect(unpriced).toEqual(['free'])
})

test('what nothing was learned of misses for one reason, so the ranges add up; of stages that are known the whole is surer than the parts', () => {
  const first = toEstimate(input(), [])
  const taught = toEstimate(input(), [runThatTook(1.2, first)])
  const lowest = ({ stages }: Estimate) => stages.reduce((sum, { ranges }) => sum + ranges.inputTokens.low, 0)
  const highest = ({ stages }: Estimate) => stages.reduce((sum, { ranges }) => sum + ranges.inputTokens.high, 0)
  expect(first.total.inputTokens.low).toBeCloseTo(lowest(first), 5)
  expect(first.total.inputTokens.high).toBeCloseTo(highest(first), 5)
  expect(taught.total.inputTokens.low).toBeGreaterThan(lowest(taught) * 1.001)
  expect(taught.total.inputTokens.high).toBeLessThan(highest(taught) * 0.999)
})

test('what a run took stands in the rows of its estimate', () => {
  const estimate = toEstimate(input(), [])
  const { stages, total } = toActual(estimate, runThatTook(2, estimate))
  expect(stages.map(({ stage }) => stage)).toEqual(estimate.stages.map(({ stage }) => stage))
  expect(total.outputTokens).toBeCloseTo(2 * estimate.stages.reduce((sum, one) => sum + one.amounts.outputTokens, 0), 5)
})

test('a sample of everything has no sampling error, and a larger one less than a smaller one', () => {
  const traces = Array.from({ length: 100 }, (_, at) => trace(2_000 + at * 100))
  expect(samplingError(traces, 100)).toBe(0)
  const tenth = traces.filter((_, at) => at % 10 === 0)
  expect(samplingError(traces, 1_000)).toBeLessThan(samplingError(tenth, 1_000) / 2)
  expect(samplingError(traces, 1_000)).toBeGreaterThan(0)
})

test.each([
  { calls: 0.5, start: 3, most: 32, rounds: 0.5 },
  { calls: 3, start: 3, most: 32, rounds: 1 },
  { calls: 21, start: 3, most: 32, rounds: 3 },
  { calls: 45 + 64, start: 3, most: 32, rounds: 6.5 },
  { calls: 64, start: 32, most: 32, rounds: 2.5 },
  { calls: 16, start: 40, most: 8, rounds: 2.5 },
])('$calls calls, $start at first and at most $most at once, take $rounds rounds', ({ rounds, calls, ...places }) => {
  expect(roundsOf(calls, places)).toBeCloseTo(rounds, 9)
})

test('leaves are few for few traces and never more than anybody reads', () => {
  expect(expectedLeaves(30)).toBeLessThan(5)
  expect(expectedLeaves(1_000_000)).toBe(1_000)
})
