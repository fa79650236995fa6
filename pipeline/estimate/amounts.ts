// What an Insight costs, stage by stage: how it is counted, and how sure of it we are.
import type { Stage, Usage } from '../insight.ts'

export const quantities = ['calls', 'inputTokens', 'outputTokens', 'costUsd', 'seconds'] as const
export type Quantity = (typeof quantities)[number]
/** `plainInputTokens`: what four characters a token would make of the same prompts; forecasts have it. */
export type Amounts = Record<Quantity, number> & { plainInputTokens?: number }

/** Nine of ten runs should end between `low` and `high`. */
export type Range = { low: number; expected: number; high: number }
export type Ranges = Record<Quantity, Range>

/** One stage of one run, and the model that does it; empty where none does. */
export type StageAmounts = { stage: Stage; model: string; amounts: Amounts }

export const noAmounts: Amounts = { calls: 0, inputTokens: 0, outputTokens: 0, costUsd: 0, seconds: 0 }

/** Sums amounts quantity by quantity. */
export function addAmounts(a: Amounts, b: Amounts): Amounts {
  const sum = mapQuantities((quantity) => a[quantity] + b[quantity])
  const plainInputTokens = (a.plainInputTokens ?? 0) + (b.plainInputTokens ?? 0)
  return plainInputTokens === 0 ? sum : { ...sum, plainInputTokens }
}

/** A record with a value for every quantity. */
export function mapQuantities<T>(valueOf: (quantity: Quantity) => T): Record<Quantity, T> {
  return Object.fromEntries(quantities.map((quantity) => [quantity, valueOf(quantity)])) as Record<Quantity, T>
}

/** What a stage really took. */
export function toAmounts(usage: Usage, seconds: number): Amounts {
  const { calls, inputTokens, outputTokens, costUsd } = usage
  return { calls, inputTokens, outputTokens, costUsd, seconds }
}

/** The sum of all values. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
