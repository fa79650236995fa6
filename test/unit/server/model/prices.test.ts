import { expect, test } from 'vitest'
import { findPrice, toCostUsd } from '#/server/model/prices.ts'

test('a model is found with its vendor before it and its date after it', () => {
  expect(findPrice('openai/gpt-5-mini-2025-08-07')).toEqual(findPrice('gpt-5-mini'))
  expect(findPrice('gpt-5-mini-turbo')).toBeUndefined()
})

test('cached tokens are among the input and cost less', () => {
  const tokens = { inputTokens: 1_000_000, cachedTokens: 400_000, outputTokens: 100_000 }
  expect(toCostUsd('gpt-5-mini', tokens)).toBeCloseTo(0.6 * 0.25 + 0.4 * 0.025 + 0.1 * 2, 10)
})

test('a model without a price costs nothing rather than a guess', () => {
  expect(toCostUsd('my-own', { inputTokens: 1e6, cachedTokens: 0, outputTokens: 1e6 })).toBe(0)
})
