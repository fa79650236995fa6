// What an Insight will take, and what it took.
import { z } from 'zod'
import { stages } from '#/pipeline/insight.ts'
import { count } from './parts.ts'

const RangeAnswer = z
  .object({ low: z.number(), expected: z.number(), high: z.number() })
  .describe('nine of ten runs should end between low and high')

const amountsOf = <T extends z.ZodType>(amount: T) => ({
  calls: amount,
  input_tokens: amount,
  output_tokens: amount,
  cost_usd: amount,
  duration_s: amount,
})

const ActualAnswer = z.object({
  ...amountsOf(z.number()),
  error: z
    .object({ tokens: z.number().nullable(), cost: z.number().nullable(), duration: z.number().nullable() })
    .describe('share by which it was more (below zero: less) than expected; null where nothing was expected'),
})

const StageEstimateAnswer = z.object({
  stage: z.enum(stages),
  model: z.string().describe('`builtin`, or empty where nobody reads or writes'),
  learned_from_runs: count.describe('earlier runs of this stage and model that the estimate was corrected by'),
  ...amountsOf(RangeAnswer),
  actual: ActualAnswer.optional().describe('once the Insight is FINISHED'),
})

/** What an Insight will take; with `actual`, what it took. */
export const EstimateAnswer = z.object({
  traces: z.object({ count, sampled: count.describe('read for the estimate; none where no model reads') }),
  stages: z.array(StageEstimateAnswer),
  total: z.object({ ...amountsOf(RangeAnswer), actual: ActualAnswer.optional() }),
  untimed_models: z
    .array(z.string())
    .describe('no run with them has ended yet: how fast they are is a guess, and the duration with it'),
  unpriced_models: z.array(z.string()).describe('count as free: give their prices in INSIGHTS_PRICES'),
})
export type EstimateAnswer = z.infer<typeof EstimateAnswer>
