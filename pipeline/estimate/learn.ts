// Forecasts corrected by what earlier runs took: the same forecast was made for them, so one ratio a stage and quantity
// holds whatever the rules of thumb missed (a tokenizer, a latency, a habit of answering at length).
import type { Stage } from '../insight.ts'
import { mapQuantities, sum, type Quantity, type Range, type Ranges, type StageAmounts } from './amounts.ts'

/** A stage of a run that ended: what was forecast for it, uncorrected, and what it took. */
export type PastStage = {
  stage: Stage
  model: string
  forecast: StageAmounts['amounts']
  actual: StageAmounts['amounts']
}

export type StageEstimate = StageAmounts & { ranges: Ranges; /** Runs that it was corrected by. */ runs: number }

/** A run counts this much of the one after it: endpoints and machines change. */
const fading = 0.6
/** How far off, as a share, before anything was learned. */
const untaught: Readonly<Record<Quantity, number>> = {
  calls: 0.15,
  inputTokens: 0.15,
  outputTokens: 0.4,
  costUsd: 0.3,
  seconds: 0.8,
}
const leastError = 0.04
/** Nine of ten, in standard deviations. */
const coverage = 1.64

export type CostOf = (model: string, tokens: { inputTokens: number; outputTokens: number }) => number

/**
 * Corrects each stage by the past ones of the same stage and model, newest first. `sampling` is the sample's own error.
 * Cost is not corrected by itself: it follows from the tokens, less what the endpoint gave off for those it had cached.
 */
export function learnStages(
  forecast: readonly StageAmounts[],
  past: readonly PastStage[],
  context: { sampling: number; costOf: CostOf },
): StageEstimate[] {
  return forecast.map(({ stage, model, amounts }) => {
    const same = past.filter((one) => one.stage === stage && one.model === model)
    const sampling = stage === 'summarize' ? context.sampling : 0
    const learned = mapQuantities((quantity) => learnFactor(same, quantity))
    const expected = mapQuantities((quantity) => amounts[quantity] * learned[quantity].factor)
    const plain = learnFactor(same.map(withPlainTokens), 'inputTokens')
    if (amounts.plainInputTokens !== undefined && plain.miss < learned.inputTokens.miss) {
      learned.inputTokens = plain
      expected.inputTokens = amounts.plainInputTokens * plain.factor
    }
    const listed = same.map(({ forecast: one, actual }) => ({
      forecast: { ...one, costUsd: context.costOf(model, actual) },
      actual,
    }))
    expected.costUsd = context.costOf(model, expected) * learnFactor(listed, 'costUsd').factor
    return {
      stage,
      model,
      amounts,
      runs: same.length,
      ranges: mapQuantities((quantity) => toRange(expected[quantity], Math.hypot(learned[quantity].error, sampling))),
    }
  })
}

/**
 * Expected values add up. What makes stages miss of which runs have taught us is not one cause, so their errors add as
 * squares; where nothing is known yet it may be one (an endpoint twice as fast is so in every stage), and they add up.
 */
export function totalOf(stages: readonly Pick<StageEstimate, 'ranges' | 'runs'>[]): Ranges {
  return mapQuantities((quantity) => {
    const errors = (errorOfRange: (range: Range) => number): number => {
      const taught = stages.filter(({ runs }) => runs > 0).map(({ ranges }) => errorOfRange(ranges[quantity]))
      const untold = stages.filter(({ runs }) => runs === 0).map(({ ranges }) => errorOfRange(ranges[quantity]))
      return Math.hypot(sum(untold), ...taught)
    }
    const expected = sum(stages.map(({ ranges }) => ranges[quantity].expected))
    const below = errors((range) => range.expected - range.low)
    return {
      low: Math.max(0, expected - below),
      expected,
      high: expected + errors((range) => range.high - range.expected),
    }
  })
}

/** How much of what was expected it really was, less one; `null` where nothing was expected. */
export function errorOf(expected: number, actual: number): number | null {
  return expected === 0 ? null : (actual - expected) / expected
}

/** Endpoints that count by a vocabulary of their own may be nearer to a plain rule than to any tokenizer we have. */
function withPlainTokens({ forecast, actual }: PastStage): Pick<PastStage, 'forecast' | 'actual'> {
  return { forecast: { ...forecast, inputTokens: forecast.plainInputTokens ?? 0 }, actual }
}

/** `miss`: how far off past forecasts were without any correction; `error`: how far with it, as far as can be told. */
type Learned = { factor: number; error: number; miss: number }

function learnFactor(past: readonly Pick<PastStage, 'forecast' | 'actual'>[], quantity: Quantity): Learned {
  const told = past.filter(({ forecast, actual }) => forecast[quantity] > 0 && actual[quantity] > 0)
  if (told.length === 0) return { factor: 1, error: untaught[quantity], miss: Infinity }
  let expected = 0
  let real = 0
  for (const [age, { forecast, actual }] of told.entries()) {
    expected += fading ** age * forecast[quantity]
    real += fading ** age * actual[quantity]
  }
  const factor = real / expected
  const missBy = (by: number): number =>
    Math.hypot(...told.map(({ forecast, actual }) => Math.log(actual[quantity] / (forecast[quantity] * by)))) /
    Math.sqrt(told.length)
  // One run says what is usual, and little about how far others stray from it.
  const trust = told.length / (told.length + 2)
  const error = Math.max(leastError, trust * missBy(factor) + ((1 - trust) * untaught[quantity]) / 2)
  return { factor, error, miss: missBy(1) }
}

function toRange(expected: number, error: number): Range {
  const width = Math.exp(coverage * error)
  return { low: expected / width, expected, high: expected * width }
}
