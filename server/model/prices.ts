// What tokens cost, in USD per million: list prices without discounts, last compared with the vendors' pages on
// 5 November 2026. A model that is neither here nor in INSIGHTS_PRICES costs 0.
import { z } from 'zod'

const usd = z.number().nonnegative()

/** As INSIGHTS_PRICES spells it. Without a price of their own, cached tokens cost as much as others, and vectors nothing. */
export const PriceSchema = z
  .strictObject({ input: usd, cached_input: usd.optional(), output: usd.default(0) })
  .transform(({ input, cached_input: cachedInput = input, output }) => ({ input, cachedInput, output }))
export type Price = z.infer<typeof PriceSchema>

/** By model, without the vendor before it and the date after it. */
export type Prices = Readonly<Record<string, Price>>

export const listPrices: Prices = {
  'gpt-5.4': { input: 2.5, cachedInput: 0.25, output: 15 },
  'gpt-5.4-mini': { input: 0.75, cachedInput: 0.075, output: 4.5 },
  'gpt-5.2': { input: 1.75, cachedInput: 0.175, output: 14 },
  'gpt-5.1': { input: 1.25, cachedInput: 0.125, output: 10 },
  'gpt-5': { input: 1.25, cachedInput: 0.125, output: 10 },
  'gpt-5-mini': { input: 0.25, cachedInput: 0.025, output: 2 },
  'gpt-5-nano': { input: 0.05, cachedInput: 0.005, output: 0.4 },
  'gpt-4.1': { input: 2, cachedInput: 0.5, output: 8 },
  'gpt-4.1-mini': { input: 0.4, cachedInput: 0.1, output: 1.6 },
  'gpt-4.1-nano': { input: 0.1, cachedInput: 0.025, output: 0.4 },
  'gpt-4o': { input: 2.5, cachedInput: 1.25, output: 10 },
  'gpt-4o-mini': { input: 0.15, cachedInput: 0.075, output: 0.6 },
  'o4-mini': { input: 1.1, cachedInput: 0.275, output: 4.4 },
  'text-embedding-3-small': { input: 0.02, cachedInput: 0.02, output: 0 },
  'text-embedding-3-large': { input: 0.13, cachedInput: 0.13, output: 0 },
}

/**
 * The price of a model: by its whole name, else without a vendor before it (`openai/gpt-5-mini`) and a date after it
 * (`gpt-5-mini-2025-08-07`).
 */
export function findPrice(model: string, prices: Prices = listPrices): Price | undefined {
  const whole = model.toLowerCase()
  const bare = whole.replace(/^.*\//, '').replace(/-\d{4}-\d{2}-\d{2}$/, '')
  return prices[whole] ?? prices[bare]
}

/** USD for a call; cached tokens are among the input tokens. 0 for a model without a price. */
export function toCostUsd(
  model: string,
  tokens: { inputTokens: number; cachedTokens: number; outputTokens: number },
  prices: Prices = listPrices,
): number {
  const price = findPrice(model, prices)
  if (price === undefined) return 0
  const fresh = Math.max(0, tokens.inputTokens - tokens.cachedTokens)
  return (fresh * price.input + tokens.cachedTokens * price.cachedInput + tokens.outputTokens * price.output) / 1e6
}
