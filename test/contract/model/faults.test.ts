// What goes wrong between us and a model, each with the real client over real HTTP.
import { expect, test } from 'vitest'
import type { AppError } from '#/pipeline/errors.ts'
import { ModelCallError } from '#/pipeline/model/complete.ts'
import { spreadEvenly } from '#/mocks/model/faults.ts'
import { openModelWorld, signal, summaryRequest } from './model-world.ts'

async function failureOf(promise: Promise<unknown>): Promise<AppError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(outcome).toBeInstanceOf(Error)
  return outcome as AppError
}

test('a summary comes back typed, with what it cost', async () => {
  await using world = await openModelWorld()
  const { value, usage } = await world.ports.complete(summaryRequest(), { signal })
  expect(value).toMatchInlineSnapshot(`
    {
      "grouping_text": "my refund for order has not arrived. I sent the shoes back two weeks ago.",
      "language": "en",
      "outcome": "resolved",
      "quotes": [
        {
          "quote": "Hello, my refund for order 4417 has not arrived.",
          "turn": 1,
        },
        {
          "quote": "I am sorry for the wait.",
          "turn": 2,
        },
      ],
      "summary": "The user said: “Hello, my refund for order 4417 has not arrived.” The assistant answered: “I am sorry for the wait.” It was settled.",
      "title": "My refund for order 4417 has not arrived",
    }
  `)
  expect(usage).toMatchObject({ calls: 1, cachedTokens: 0 })
  expect(usage.inputTokens).toBeGreaterThan(300)
  expect(usage.costUsd).toBeCloseTo((usage.inputTokens * 0.25 + usage.outputTokens * 2) / 1e6, 10)
})

test('after 429 the client waits with full jitter and asks again', async () => {
  await using world = await openModelWorld({ faults: { rate_limit: 1 } })
  const call = world.ports.complete(summaryRequest(), { signal })
  const error = await failureOf(call)
  expect(error.code).toBe('model.rate_limited')
  expect(world.waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000])
  expect(world.model.calls()).toHaveLength(7)
})

test('the time a 429 asks for is waited out in full', async () => {
  await using world = await openModelWorld({ faults: { rate_limit_after: 1 }, retryAfterMs: 120_000 })
  world.model.change({ seed: 3 })
  const error = await failureOf(world.ports.complete(summaryRequest(), { signal }))
  expect(error).toMatchObject({ code: 'model.rate_limited', retryAfterMs: 120_000 })
  expect(Math.min(...world.waits)).toBeGreaterThanOrEqual(120_000)
})

test('a server that asks for more patience than ten minutes is not waited for', async () => {
  await using world = await openModelWorld({ faults: { rate_limit_after: 1 }, retryAfterMs: 3_600_000 })
  expect((await failureOf(world.ports.complete(summaryRequest(), { signal }))).code).toBe('model.rate_limited')
  expect(world.model.calls()).toHaveLength(1)
})

test.for([
  ['error_500', 'model.server_error'],
  ['error_503', 'model.server_error'],
  ['reset', 'model.unreachable'],
  ['malformed', 'model.bad_answer'],
  ['truncated', 'model.bad_answer'],
  ['wrong_schema', 'model.bad_answer'],
  ['refusal', 'model.refused'],
  ['content_filter', 'model.refused'],
] as const)('a lasting fault %s ends as %s', async ([fault, code]) => {
  await using world = await openModelWorld({ faults: { [fault]: 1 } })
  expect((await failureOf(world.ports.complete(summaryRequest(), { signal }))).code).toBe(code)
})

test('a model that never answers is given up after its time', async () => {
  await using world = await openModelWorld(
    { faults: { hang: 1 } },
    { config: { reasoningEffort: 'minimal' }, options: { retry: { maxRetries: 1 } } },
  )
  const error = await failureOf(world.ports.embedTexts(['where is my parcel'], { signal, timeoutMs: 200 }))
  expect(error.code).toBe('model.timeout')
  expect(world.model.calls()).toHaveLength(2)
})

test('an answer that stalls in the middle is given up after its time', async () => {
  await using world = await openModelWorld(
    {},
    {
      options: {
        retry: { maxRetries: 0 },
        fetch: async (_url, init) =>
          new Response(
            new ReadableStream({
              start(controller) {
                controller.enqueue(new TextEncoder().encode('{"data": ['))
                init?.signal?.addEventListener('abort', () => controller.error(init.signal?.reason))
              },
            }),
            { headers: { 'content-type': 'application/json' } },
          ),
      },
    },
  )
  const error = await failureOf(world.ports.embedTexts(['where is my parcel'], { signal, timeoutMs: 200 }))
  expect(error.code).toBe('model.timeout')
})

test('an abort is not an error of the model, and nothing is asked again', async () => {
  await using world = await openModelWorld({ latencyMs: 5_000 })
  const abort = new AbortController()
  const call = world.ports.complete(summaryRequest(), { signal: abort.signal })
  void expect
    .poll(() => world.model.calls().length)
    .toBe(1)
    .then(() => abort.abort(new Error('cancelled by the user')))
  await expect(call).rejects.toThrow('cancelled by the user')
  expect(world.model.calls()).toHaveLength(1)
})

test('when nobody listens the sentence names the setting', async () => {
  await using world = await openModelWorld()
  await world.model.close()
  const error = await failureOf(world.ports.complete(summaryRequest(), { signal }))
  expect(error.code).toBe('model.unreachable')
  expect(error.message).toContain('OPENAI_BASE_URL')
})

test('a wrong key stops at once and names the setting', async () => {
  await using world = await openModelWorld({ apiKey: 'another' })
  const error = await failureOf(world.ports.complete(summaryRequest(), { signal }))
  expect(error.code).toBe('model.unauthorized')
  expect(error.message).toContain('OPENAI_API_KEY')
  expect(world.waits).toEqual([])
})

test.for([
  [{}, 'INSIGHTS_MODEL'],
  [{ thinking: 'known' }, 'INSIGHTS_SUMMARY_MODEL'],
] as const)('an unknown model is said with the variable that names it (%#)', async ([config, variable]) => {
  await using world = await openModelWorld({ models: ['known'] }, { config })
  const error = await failureOf(world.ports.complete(summaryRequest(), { signal }))
  expect(error.code).toBe('model.not_found')
  expect(error.message).toContain(`Set ${variable} `)
})

test('an unknown embedding model points to the built-in one', async () => {
  await using world = await openModelWorld({ models: ['gpt-5-mini'] })
  const error = await failureOf(world.ports.embedTexts(['hello'], { signal, timeoutMs: 1_000 }))
  expect(error.message).toContain('Set INSIGHTS_EMBEDDING_MODEL to one that is there, or to builtin')
})

test('a prompt too long for the model is told apart from other refusals', async () => {
  await using world = await openModelWorld({ maxInputTokens: 100 })
  expect((await failureOf(world.ports.complete(summaryRequest(), { signal }))).code).toBe('model.too_long')
})

test('what failed attempts cost is not lost', async () => {
  await using world = await openModelWorld({ faults: { wrong_schema: 1 } })
  const error = await failureOf(world.ports.complete(summaryRequest(), { signal }))
  expect(error).toBeInstanceOf(ModelCallError)
  // Three attempts, each with one repair.
  expect((error as ModelCallError).usage.calls).toBe(6)
})

test('an answer of the wrong shape is repaired by showing what was wrong', async () => {
  const healing: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init)
    world.model.change({ faults: {} })
    return answer
  }
  await using world = await openModelWorld({ faults: { wrong_schema: 1 } }, { options: { fetch: healing } })
  const { value, usage } = await world.ports.complete(summaryRequest(), { signal })
  expect(value.outcome).toBe('resolved')
  expect(usage.calls).toBe(2)
  expect(world.waits).toEqual([])
  const last = world.model.calls().at(-1)?.body as { messages: { role: string; content: string }[] }
  expect(last.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user'])
  expect(last.messages.at(-1)?.content).toContain('title: Invalid input: expected string, received undefined')
})

test('an answer cut off for want of room is asked for again with twice the room', async () => {
  await using world = await openModelWorld({ faults: { truncated: 1 } })
  await failureOf(world.ports.complete(summaryRequest(), { signal }))
  const rooms = world.model.calls().map(({ body }) => (body as { max_completion_tokens: number }).max_completion_tokens)
  expect(rooms).toEqual([3_900, 4_800, 6_600])
})

test('with one fault in five of every kind nearly all calls succeed, for at most half as many calls more', async () => {
  // Refusals are for good by nature, and hanging costs real time here: both are left to their own tests.
  const { refusal: _r, content_filter: _c, hang: _h, ...rates } = spreadEvenly(0.2 * (11 / 8))
  await using world = await openModelWorld({ faults: rates, retryAfterMs: 20, seed: 11 })
  const asked = Array.from({ length: 100 }, (_, index) =>
    world.ports.complete(summaryRequest(` (${index})`), { signal }),
  )
  const settled = await Promise.allSettled(asked)
  expect(settled.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(99)
  expect(world.model.calls().length).toBeLessThanOrEqual(150)
})

test('nothing in a failure repeats the text of a trace', async () => {
  await using world = await openModelWorld({ maxInputTokens: 100 })
  const error = await failureOf(world.ports.complete(summaryRequest(), { signal }))
  expect(error.message).not.toContain('refund')
})
