// What is known of a model's tokens before it is asked.
import type { Encoding } from '#/server/compute/messages.ts'
import type { Config } from '#/server/config.ts'
import { isThinkingModel } from './dialect.ts'

/** The vocabulary of the model. Where nobody publishes one, the newest of OpenAI's is near, and runs correct the rest. */
export function encodingOf(model: string): Encoding {
  return /(^|\/)(gpt-4(?![.\do])|gpt-3|text-embedding)/i.test(model) ? 'cl100k_base' : 'o200k_base'
}

/** Tokens a thinking model usually spends before a short answer; far less than it is given room for. */
const thoughtTokens = { minimal: 0, low: 200, medium: 600, high: 2_000 } as const

export function usualThoughtTokens(model: string, effort: Config['model']['reasoningEffort']): number {
  return isThinkingModel(model) ? thoughtTokens[effort] : 0
}
