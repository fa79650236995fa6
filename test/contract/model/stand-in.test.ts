// The stand-in as any OpenAI client meets it.
import { OpenAI } from 'openai'
import { expect, test } from 'vitest'
import { startModelServer } from '#/mocks/model/server.ts'

async function openStandIn(options: NonNullable<Parameters<typeof startModelServer>[0]> = {}) {
  const server = await startModelServer(options)
  const client = new OpenAI({ baseURL: server.url, apiKey: 'none', maxRetries: 0, logLevel: 'off' })
  return { server, client, [Symbol.asyncDispose]: () => server.close() }
}

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0)

test('texts about the same thing are nearer than others', async () => {
  await using it = await openStandIn()
  const { data } = await it.client.embeddings.create({
    model: 'any',
    input: [
      'My refund has not arrived',
      'Where is the refund for my return?',
      'The thermostat lost its wifi connection',
    ],
  })
  const [refund = [], other = [], heat = []] = data.map(({ embedding }) => embedding)
  expect(dot(refund, refund)).toBeCloseTo(1, 5)
  expect(dot(refund, other)).toBeGreaterThan(dot(refund, heat) + 0.1)
})

test('the same text always gives the same vector, in both encodings', async () => {
  await using it = await openStandIn()
  const [floats, base64] = await Promise.all(
    (['float', 'base64'] as const).map((encoding_format) =>
      it.client.embeddings.create({ model: 'any', input: 'hello there', encoding_format }),
    ),
  )
  const decoded = Buffer.from(base64?.data[0]?.embedding as unknown as string, 'base64')
  const vector = new Float32Array(decoded.buffer, decoded.byteOffset, 256)
  expect([...vector]).toEqual([...Float32Array.from(floats?.data[0]?.embedding ?? [])])
})

test('a streamed answer adds up to the whole one, usage last', async () => {
  await using it = await openStandIn()
  const messages = [{ role: 'user' as const, content: 'My parcel is late. It should have come on Monday.' }]
  const whole = await it.client.chat.completions.create({ model: 'any', messages })
  const stream = await it.client.chat.completions.create({
    model: 'any',
    messages,
    stream: true,
    stream_options: { include_usage: true },
  })
  let text = ''
  let usage: unknown
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? ''
    usage = chunk.usage ?? usage
  }
  expect(text).toBe(whole.choices[0]?.message.content)
  expect(usage).toEqual(whole.usage)
})

test('which requests fail depends on seed and content, not on their order', async () => {
  const statuses = async (texts: readonly string[], seed: number) => {
    await using it = await openStandIn({ seed, faults: { error_500: 0.3, rate_limit: 0.3 } })
    const all = await Promise.all(
      texts.map(async (content) => {
        const answer = await fetch(`${it.server.url}/chat/completions`, {
          method: 'POST',
          body: JSON.stringify({ model: 'any', messages: [{ role: 'user', content }] }),
        })
        return [content, answer.status] as const
      }),
    )
    return new Map(all)
  }
  const texts = Array.from({ length: 40 }, (_, index) => `question ${index}`)
  const once = await statuses(texts, 5)
  expect(await statuses([...texts].reverse(), 5)).toEqual(new Map([...once].reverse()))
  expect(new Set(once.values())).toEqual(new Set([200, 429, 500]))
  expect([...(await statuses(texts, 6))]).not.toEqual([...once])
})

test('it can be told to behave otherwise while it runs, and counts what it met', async () => {
  await using it = await openStandIn()
  const control = it.server.url.replace('/v1', '/control')
  const told = await fetch(control, { method: 'POST', body: JSON.stringify({ faults: { error_503: 1 } }) })
  expect(told.status).toBe(200)
  await expect(
    it.client.chat.completions.create({ model: 'any', messages: [{ role: 'user', content: 'hi' }] }),
  ).rejects.toThrow('503')
  expect(await (await fetch(control)).json()).toMatchObject({
    options: { faults: { error_503: 1 } },
    calls: { by_status: { 503: 1 }, by_fault: { error_503: 1 } },
  })
  const wrong = await fetch(control, { method: 'POST', body: JSON.stringify({ faults: { error_503: 2 } }) })
  expect(wrong.status).toBe(400)
})

test('a long system prompt is billed as cached the second time', async () => {
  await using it = await openStandIn()
  const ask = () =>
    it.client.chat.completions.create({
      model: 'any',
      messages: [
        { role: 'system', content: 'Answer well. '.repeat(400) },
        { role: 'user', content: 'hi' },
      ],
    })
  expect((await ask()).usage?.prompt_tokens_details?.cached_tokens).toBe(0)
  expect((await ask()).usage?.prompt_tokens_details?.cached_tokens).toBe(1280)
})

test('models are listed', async () => {
  await using it = await openStandIn({ models: ['small', 'large'] })
  const names: string[] = []
  for await (const { id } of it.client.models.list()) names.push(id)
  expect(names).toEqual(['small', 'large'])
})
