// Which analyst a job gets: the built-in one, or the configured model with the built-in one to fall back on.
import { createBuiltinAnalyst } from '#/pipeline/builtin/analyst.ts'
import { AppError } from '#/pipeline/errors.ts'
import { noUsage } from '#/pipeline/insight.ts'
import { createModelAnalyst } from '#/pipeline/model/analyst.ts'
import type { Analyst } from '#/pipeline/ports.ts'
import { featurizeInThread } from '#/server/compute/compute.ts'
import type { Config } from '#/server/config.ts'
import type { InsightChoices } from '#/server/db/records.ts'
import { createDialects } from '#/server/model/dialect.ts'
import { createLimiter } from '#/server/model/limiter.ts'
import { createModelPorts } from '#/server/model/ports.ts'

/** Gives the analyst for a job's choices. Throws `request.invalid` for a model where none is configured. */
export type ChooseAnalyst = (choices: InsightChoices) => Analyst

export function createAnalystChooser(config: Config['model']): ChooseAnalyst {
  const builtin: Analyst = {
    ...createBuiltinAnalyst(),
    embed: async (texts, { signal, seed, onProgress }) => ({
      vectors: await featurizeInThread(texts, {
        signal,
        seed,
        onProgress: (share) => onProgress?.(Math.round(share * texts.length)),
      }),
      usage: noUsage,
    }),
  }
  // Every job talks to the same endpoint: what one learns of its limits and habits serves all.
  const shared = { limiter: createLimiter(config.concurrency), dialects: createDialects() }
  return (choices) => {
    if ((choices.analyst ?? (config.isConfigured ? 'model' : 'builtin')) === 'builtin') return builtin
    if (!config.isConfigured) {
      throw new AppError(
        'request.invalid',
        'No model is configured. Set OPENAI_API_KEY or OPENAI_BASE_URL, or choose the built-in analyst.',
      )
    }
    const chosen = {
      ...config,
      thinking: choices.model ?? config.thinking,
      summary: choices.summaryModel ?? choices.model ?? config.summary,
      reasoningEffort: choices.reasoningEffort ?? config.reasoningEffort,
    }
    return createModelAnalyst({ ports: createModelPorts(chosen, shared), models: chosen, fallback: builtin })
  }
}
