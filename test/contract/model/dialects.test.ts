// Servers that call themselves OpenAI-compatible and are so in part.
import { expect, test } from 'vitest'
import { z } from 'zod'
import { openModelWorld, requestOf, signal, summaryRequest } from './model-world.ts'

type Body = Record<string, unknown> & { messages: { content: string }[]; response_format?: { type: string } }

function bodies(world: { model: { calls: () => readonly { body: unknown }[] } }): Body[] {
  return world.model.calls().map(({ body }) => body as Body)
}

test('a thinking model gets an effort and room to think, and no temperature', async () => {
  await using world = await openModelWorld()
  await world.ports.complete({ ...summaryRequest(), model: 'thinking' }, { signal })
  const [body] = bodies(world)
  expect(body).toMatchObject({
    reasoning_effort: 'medium',
    max_completion_tokens: 10_900,
    seed: 7,
    response_format: { type: 'json_schema', json_schema: { name: 'summarize', strict: true } },
  })
  expect(body).not.toHaveProperty('temperature')
})

test('summaries are thought about little, whatever the thinking model is allowed', async () => {
  await using world = await openModelWorld({}, { config: { reasoningEffort: 'high' } })
  await world.ports.complete(summaryRequest(), { signal })
  expect(bodies(world)[0]).toMatchObject({ reasoning_effort: 'low' })
})

test('a plain model gets temperature 0 and no effort', async () => {
  await using world = await openModelWorld({}, { config: { summary: 'gpt-4.1-mini' } })
  await world.ports.complete(summaryRequest(), { signal })
  expect(bodies(world)[0]).toMatchObject({ temperature: 0, max_completion_tokens: 900 })
  expect(bodies(world)[0]).not.toHaveProperty('reasoning_effort')
})

test('without JSON schema the client asks for a JSON object, and shows the schema in the prompt', async () => {
  await using world = await openModelWorld({ refuses: ['json_schema'] })
  const { value } = await world.ports.complete(summaryRequest(), { signal })
  expect(value.title).not.toBe('')
  const [first, second] = bodies(world)
  expect(first?.response_format?.type).toBe('json_schema')
  expect(second?.response_format).toEqual({ type: 'json_object' })
  expect(second?.messages[0]?.content).toContain('"grouping_text"')
})

test('without any response format the object is found in the text', async () => {
  await using world = await openModelWorld({ refuses: ['json_schema', 'json_object'] })
  const { value, usage } = await world.ports.complete(summaryRequest(), { signal })
  expect(value.quotes).not.toEqual([])
  expect(usage.calls).toBe(1)
  expect(bodies(world).at(-1)).not.toHaveProperty('response_format')
})

test('what a server refuses is learned once and not tried again', async () => {
  await using world = await openModelWorld(
    { refuses: ['reasoning_effort', 'seed', 'temperature', 'max_completion_tokens', 'json_schema'] },
    { config: { summary: 'llama-4-local' } },
  )
  await world.ports.complete(summaryRequest(' first'), { signal })
  const learning = world.model.calls().length
  await world.ports.complete(summaryRequest(' second'), { signal })
  expect(learning).toBe(6)
  expect(world.model.calls()).toHaveLength(learning + 1)
  expect(bodies(world).at(-1)).toMatchObject({
    max_tokens: expect.any(Number),
    response_format: { type: 'json_object' },
  })
})

test('calls that were under way while another learned do not lose their place in the lesson', async () => {
  await using world = await openModelWorld({ refuses: ['json_schema', 'reasoning_effort'], latencyMs: 10 })
  const asked = Array.from({ length: 8 }, (_, index) => world.ports.complete(summaryRequest(`${index}`), { signal }))
  await Promise.all(asked)
  expect(bodies(world).at(-1)?.response_format).toEqual({ type: 'json_object' })
})

test('one model’s refusals are not held against another', async () => {
  await using world = await openModelWorld({ refuses: ['json_schema'] }, { config: { summary: 'small' } })
  await world.ports.complete(summaryRequest(), { signal })
  await world.ports.complete({ ...summaryRequest(), model: 'thinking' }, { signal })
  expect(bodies(world)[2]?.response_format?.type).toBe('json_schema')
})

test('an object in a Markdown fence is understood', async () => {
  await using world = await openModelWorld({ isChatty: true })
  const { usage } = await world.ports.complete(summaryRequest(), { signal })
  expect(usage.calls).toBe(1)
})

test('any other schema gets an object that fits', async () => {
  await using world = await openModelWorld()
  const schema = z.object({
    score: z.number(),
    isUrgent: z.boolean(),
    kind: z.enum(['a', 'b']),
    parts: z.array(z.object({ text: z.string() })),
    note: z.string().nullable(),
  })
  const { value } = await world.ports.complete(requestOf(schema), { signal })
  expect(value).toMatchObject({ score: 0, isUrgent: false, kind: 'a', parts: [] })
})

test('embeddings are asked for as numbers, and without the word where a server does not know it', async () => {
  await using world = await openModelWorld({ refuses: ['encoding_format'] })
  const { vectors } = await world.ports.embedTexts(['a parcel is late', 'my bill is wrong'], {
    signal,
    timeoutMs: 1_000,
  })
  expect(vectors.map((vector) => vector.length)).toEqual([256, 256])
  expect(bodies(world).map((body) => body['encoding_format'])).toEqual(['float', undefined])
})

/** Whether the system prompt of each call showed the schema. */
function shown(world: Parameters<typeof bodies>[0]): boolean[] {
  return bodies(world).map(({ messages }) => messages[0]!.content.includes('"grouping_text"'))
}

test('a model that never kept to a schema is shown it from the start', async () => {
  await using world = await openModelWorld({ faults: { wrong_schema: 1 } })
  for (let number = 0; number < 5; number++)
    await world.ports.complete(summaryRequest(`${number}`), { signal }).catch(() => undefined)
  const before = world.model.calls().length
  world.model.change({ faults: {} })
  await world.ports.complete(summaryRequest(' first'), { signal })
  await world.ports.complete(summaryRequest(' second'), { signal })
  expect(shown(world).slice(before)).toEqual([true, true])
})

test('questions that a model cannot answer change nothing about how others are asked', async () => {
  await using world = await openModelWorld()
  await world.ports.complete(summaryRequest(' good'), { signal })
  world.model.change({ faults: { wrong_schema: 1 } })
  for (let number = 0; number < 8; number++)
    await world.ports.complete(summaryRequest(`${number}`), { signal }).catch(() => undefined)
  // Each is shown the schema only after it was answered, repaired and still wrong.
  expect(shown(world).slice(1, 7)).toEqual([false, false, true, true, true, true])
  world.model.change({ faults: {} })
  await world.ports.complete(summaryRequest(' good again'), { signal })
  expect(shown(world).at(-1)).toBe(false)
})
