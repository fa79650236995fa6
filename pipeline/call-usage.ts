// What was spent on which kind of call.
import type { StageUsage } from './estimate/estimate.ts'
import { noUsage, type Usage } from './insight.ts'

/** `summarize` counts the parts of a long trace and their combination too; `check` is the second look at the overview. */
export const spentOn = ['summarize', 'embed', 'name', 'overview', 'check'] as const
export type SpentOn = (typeof spentOn)[number]

/** The kinds that were called at all; together they are everything that was spent. */
export function toCallUsage(stages: StageUsage, check: Usage = noUsage): Partial<Record<SpentOn, Usage>> {
  const overview = stages.overview === undefined ? undefined : without(stages.overview, check)
  const { summarize, embed, name } = stages
  const all = { summarize, embed, name, overview, check }
  return Object.fromEntries(Object.entries(all).filter(([, usage]) => usage !== undefined && usage.calls > 0))
}

function without(whole: Usage, part: Usage): Usage {
  return {
    inputTokens: whole.inputTokens - part.inputTokens,
    outputTokens: whole.outputTokens - part.outputTokens,
    cachedTokens: whole.cachedTokens - part.cachedTokens,
    // A difference of decimals may come out a hair below zero.
    costUsd: Math.max(0, whole.costUsd - part.costUsd),
    calls: whole.calls - part.calls,
  }
}
