// The user's choice of analyst, and the models it comes down to.
import { AppError } from '#/pipeline/errors.ts'
import type { Asked } from '#/pipeline/model/answer-cache.ts'
import type { CreateInsightBody } from '#/server/api/schemas/requests.ts'
import type { Config } from '#/server/config.ts'
import type { InsightChoices } from '#/server/db/records.ts'

export function toChoices(options: CreateInsightBody['options']): InsightChoices {
  return {
    ...(options?.analyst === undefined ? {} : { analyst: options.analyst }),
    ...(options?.model === undefined ? {} : { model: options.model }),
    ...(options?.summary_model === undefined ? {} : { summaryModel: options.summary_model }),
    ...(options?.easy_to_builtin === undefined ? {} : { easyToBuiltin: options.easy_to_builtin }),
    ...(options?.reasoning_effort === undefined ? {} : { reasoningEffort: options.reasoning_effort }),
  }
}

/** What the answers of the chosen models are kept under. */
export function toAsked({ thinking, summary, reasoningEffort, baseUrl }: Config['model']): Asked {
  return { models: { thinking, summary }, reasoningEffort, endpoint: baseUrl ?? '' }
}

/** The configuration with the choices in it; `undefined` for the built-in analyst. Throws `request.invalid` for a model where none is configured. */
export function chooseModels(choices: InsightChoices, config: Config['model']): Config['model'] | undefined {
  if ((choices.analyst ?? (config.isConfigured ? 'model' : 'builtin')) === 'builtin') return undefined
  if (!config.isConfigured) {
    throw new AppError(
      'request.invalid',
      'No model is configured. Set OPENAI_API_KEY or OPENAI_BASE_URL, or choose the built-in analyst.',
    )
  }
  return {
    ...config,
    thinking: choices.model ?? config.thinking,
    summary: choices.summaryModel ?? choices.model ?? config.summary,
    reasoningEffort: choices.reasoningEffort ?? config.reasoningEffort,
  }
}
