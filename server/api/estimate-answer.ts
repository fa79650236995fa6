// An estimate in the API's spelling; with the figures of the run where it has ended.
import { type Amounts, quantities, type Quantity, type Ranges } from '#/pipeline/estimate/amounts.ts'
import { type Estimate, type PastRun, toActual } from '#/pipeline/estimate/estimate.ts'
import { errorOf } from '#/pipeline/estimate/learn.ts'
import type { EstimateAnswer } from './schemas/estimate.ts'

export function toEstimateAnswer(estimate: Estimate, run?: Pick<PastRun, 'usage' | 'seconds'>): EstimateAnswer {
  const actual = run === undefined ? undefined : toActual(estimate, run)
  const untimed = estimate.stages.flatMap(({ model, runs }) =>
    runs > 0 || model === '' || model === 'builtin' ? [] : [model],
  )
  return {
    traces: { count: estimate.traces, sampled: estimate.sampled },
    stages: estimate.stages.map(({ stage, model, runs, ranges }, at) => ({
      stage,
      model,
      learned_from_runs: runs,
      ...spell(ranges),
      ...toActualAnswer(ranges, actual?.stages[at]?.amounts),
    })),
    total: { ...spell(estimate.total), ...toActualAnswer(estimate.total, actual?.total) },
    unpriced_models: estimate.unpriced,
    untimed_models: [...new Set(untimed)],
  }
}

const names = {
  calls: 'calls',
  inputTokens: 'input_tokens',
  outputTokens: 'output_tokens',
  costUsd: 'cost_usd',
  seconds: 'duration_s',
} as const satisfies Record<Quantity, string>

function spell<T>(values: Record<Quantity, T>): Record<(typeof names)[Quantity], T> {
  return Object.fromEntries(quantities.map((quantity) => [names[quantity], values[quantity]])) as Record<
    (typeof names)[Quantity],
    T
  >
}

function toActualAnswer(expected: Ranges, actual: Amounts | undefined): Pick<EstimateAnswer['total'], 'actual'> {
  if (actual === undefined) return {}
  const tokens = expected.inputTokens.expected + expected.outputTokens.expected
  return {
    actual: {
      ...spell(actual),
      error: {
        tokens: errorOf(tokens, actual.inputTokens + actual.outputTokens),
        cost: errorOf(expected.costUsd.expected, actual.costUsd),
        duration: errorOf(expected.seconds.expected, actual.seconds),
      },
    },
  }
}
