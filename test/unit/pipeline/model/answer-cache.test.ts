import { expect, test } from 'vitest'
import { z } from 'zod'
import { noUsage } from '#/pipeline/insight.ts'
import { type Asked, createCachedComplete } from '#/pipeline/model/answer-cache.ts'
import type { Complete, CompleteRequest } from '#/pipeline/model/complete.ts'
import { foldIdentifiers } from '#/pipeline/model/fold-identifiers.ts'
import { createMemoryAnswers } from '#/test/support/memory-answers.ts'

const Answer = z.object({ title: z.string() })
const asked: Asked = {
  models: { thinking: 'large', summary: 'small' },
  reasoningEffort: 'medium',
  endpoint: 'http://m',
}
const { signal } = new AbortController()

function requestFor(text: string, changes: Partial<CompleteRequest<z.infer<typeof Answer>>> = {}) {
  return {
    kind: 'summarize' as const,
    prompt: { system: 'Summarize.', user: text },
    schema: Answer,
    schemaName: 'summarize',
    maxOutputTokens: 100,
    model: 'summary' as const,
    timeoutMs: 1_000,
    alike: foldIdentifiers(text),
    ...changes,
  }
}

/** A model that repeats the prompt (or `title`), after a turn of the event loop, and counts. */
function createModel(title?: string) {
  const cache = createMemoryAnswers()
  const cached = createCachedComplete(cache)
  const model = { calls: 0, cache, cached }
  const complete: Complete = async (request) => {
    model.calls++
    await new Promise((resolve) => setImmediate(resolve))
    const value = request.schema.parse({ title: title ?? request.prompt.user })
    return { value, usage: { ...noUsage, inputTokens: 70, outputTokens: 7, costUsd: 0.1, calls: 1 } }
  }
  return Object.assign(model, { complete, ask: cached(complete, asked) })
}

test('what was asked before is answered from the cache, for nothing, and says how many tokens that saved', async () => {
  const model = createModel()
  const first = await model.ask(requestFor('a'), { signal })
  const second = await model.ask(requestFor('a'), { signal })
  expect(second.value).toEqual(first.value)
  expect(second.usage).toEqual({ ...noUsage, cachedTokens: 70 })
  expect(model.calls).toBe(1)
})

test.each<[string, Partial<CompleteRequest<z.infer<typeof Answer>>>, Partial<Asked>]>([
  ['another word in the trace', { prompt: { system: 'Summarize.', user: 'b' }, alike: foldIdentifiers('b') }, {}],
  ['another prompt', { prompt: { system: 'Summarize!', user: 'a' } }, {}],
  ['another kind of call', { kind: 'combine' }, {}],
  ['another shape of the answer', { schema: Answer.extend({ x: z.number().default(1) }) }, {}],
  ['another model', {}, { models: { thinking: 'large', summary: 'tiny' } }],
  ['another effort', {}, { reasoningEffort: 'low' }],
  ['another endpoint', {}, { endpoint: 'http://n' }],
])('%s is asked anew', async (_what, changes, otherwise) => {
  const model = createModel()
  await model.ask(requestFor('a'), { signal })
  await model.cached(model.complete, { ...asked, ...otherwise })(requestFor('a', changes), { signal })
  expect(model.calls).toBe(2)
})

test('the same asked many times at once is asked once', async () => {
  const model = createModel()
  await Promise.all(Array.from({ length: 10 }, () => model.ask(requestFor('a'), { signal })))
  expect(model.calls).toBe(1)
})

const chat = (order: string, space = ' '): string =>
  `Where is my order${space}${order}? Request 3f2504e0-4f89-41d3-9a0c-0305e82c3301 at 2026-01-02T03:04:05Z, 250.00 EUR`

test('prompts that differ in white space and identifiers alone share an answer that names none', async () => {
  const model = createModel('Asks where the order is')
  await model.ask(requestFor(chat('#W1234567')), { signal })
  await model.ask(requestFor(chat('#W7654321', '\n\n ')), { signal })
  expect(model.calls).toBe(1)
})

test('an answer that repeats an identifier serves that very prompt only', async () => {
  const model = createModel('Asks where #W1234567 is')
  await model.ask(requestFor(chat('#W1234567')), { signal })
  await model.ask(requestFor(chat('#W1234567')), { signal })
  await model.ask(requestFor(chat('#W7654321')), { signal })
  expect(model.calls).toBe(2)
})

test.each([
  ['pay 100000 EUR', 'pay 200000 EUR'],
  ['it costs $1234567', 'it costs $7654321'],
  ['three of 1200', 'three of 1300'],
  ['on 2026-01-02', 'on 2026-01-03'],
  ['orders #W1234567 and #W1234567', 'orders #W1234567 and #W7654321'],
  ['not delivered', 'delivered'],
])('“%s” and “%s” are not the same', (one, other) => {
  expect(foldIdentifiers(one).text).not.toBe(foldIdentifiers(other).text)
})

test('an answer of a shape that is no longer asked for is asked anew', async () => {
  const model = createModel()
  await model.ask(requestFor('a'), { signal })
  for (const key of model.cache.kept.keys()) model.cache.kept.set(key, { value: { name: 'old' }, usage: noUsage })
  expect((await model.ask(requestFor('a'), { signal })).value).toEqual({ title: 'a' })
})

test('when the first of several fails, the others ask for themselves', async () => {
  const model = createModel()
  const failing: Complete = () => Promise.reject(new Error('no'))
  const [first, second] = await Promise.allSettled([
    model.cached(failing, asked)(requestFor('a'), { signal }),
    model.ask(requestFor('a'), { signal }),
  ])
  expect([first.status, second.status]).toEqual(['rejected', 'fulfilled'])
})

test('who waits for another and is cancelled stops waiting', async () => {
  const model = createModel()
  const never: Complete = () => new Promise(() => undefined)
  void model.cached(never, asked)(requestFor('a'), { signal })
  const mine = new AbortController()
  const waiting = model.ask(requestFor('a'), { signal: mine.signal })
  mine.abort(new Error('cancelled'))
  await expect(waiting).rejects.toThrow('cancelled')
})

test('a megabyte of one character is folded in no time', () => {
  for (const unit of ['a', '1', 'a1', '1-', ' ', '#']) foldIdentifiers(unit.repeat(1_000_000))
}, 3_000)
