// What an Insight will take, made before it runs and kept with it; and beside it, afterwards, what it took.
import type { Stage, Usage } from '../insight.ts'
import { noUsage } from '../insight.ts'
import { addAmounts, type Amounts, noAmounts, type StageAmounts, toAmounts } from './amounts.ts'
import { type ForecastInput, forecastStages, samplingError } from './forecast.ts'
import { learnStages, type PastStage, type StageEstimate, totalOf } from './learn.ts'

export type Estimate = {
  /** Traces in scope, and how many of them were read for this. */
  traces: number
  sampled: number
  stages: StageEstimate[]
  total: StageEstimate['ranges']
  /** Models whose price nobody knows: they count as free. */
  unpriced: string[]
}

/** The usage of each stage that calls a model; missing where the stage did not run. */
export type StageUsage = Partial<Record<Stage, Usage>>

/** A run that ended, as much of it as others learn from. */
export type PastRun = { estimate: Estimate; usage: StageUsage; seconds: Partial<Record<Stage, number>> }

/** The estimate for a sample of traces, corrected by earlier runs (newest first). */
export function toEstimate(
  input: ForecastInput & { isPriced: (model: string) => boolean },
  past: readonly PastRun[],
): Estimate {
  const stages = learnStages(forecastStages(input), past.flatMap(toPastStages), {
    sampling: samplingError(input.sample, input.traces),
    costOf: input.costOf,
  })
  const models = new Set(stages.flatMap(({ model }) => (model === '' || model === 'builtin' ? [] : [model])))
  return {
    traces: input.traces,
    sampled: input.sample.length,
    stages,
    total: totalOf(stages),
    unpriced: [...models].filter((model) => !input.isPriced(model)),
  }
}

/** What each stage of a run took, in the rows of its estimate. */
export function toActual(
  estimate: Estimate,
  run: Pick<PastRun, 'usage' | 'seconds'>,
): { stages: StageAmounts[]; total: Amounts } {
  const stages = estimate.stages.map(({ stage, model }) => ({
    stage,
    model,
    amounts: toAmounts(run.usage[stage] ?? noUsage, run.seconds[stage] ?? 0),
  }))
  return { stages, total: stages.reduce((sum, { amounts }) => addAmounts(sum, amounts), noAmounts) }
}

function toPastStages(run: PastRun): PastStage[] {
  const actual = toActual(run.estimate, run).stages
  return run.estimate.stages.map(({ stage, model, amounts }, at) => ({
    stage,
    model,
    forecast: amounts,
    actual: actual[at]?.amounts ?? noAmounts,
  }))
}
