// What a second Insight on the same traces asks of the model.
import { expect, test } from 'vitest'
import { createBuiltinAnalyst } from '#/pipeline/builtin/analyst.ts'
import { createModelAnalyst } from '#/pipeline/model/analyst.ts'
import { createCachedComplete } from '#/pipeline/model/answer-cache.ts'
import { runInsight } from '#/pipeline/run.ts'
import type { Trace } from '#/pipeline/trace.ts'
import { createMemoryAnswers } from '#/test/support/memory-answers.ts'
import { createPlainWorld, plainSpec, traceSaying } from '#/test/support/plain-world.ts'
import { conversations } from '#/test/support/trace-lines.ts'
import { openModelWorld, signal } from './model-world.ts'

const traces = conversations(30).map(({ user }, index) => traceSaying(`tr-${index}`, `${user} This is case ${index}.`))

async function open() {
  const world = await openModelWorld()
  const cached = createCachedComplete(createMemoryAnswers())
  const asked = { models: { thinking: 'gpt-5-mini', summary: 'gpt-5-mini' }, reasoningEffort: 'medium', endpoint: '' }
  const run = async (some: readonly Trace[], changes: Partial<typeof plainSpec> = {}) => {
    const before = world.model.calls().length
    const ports = { ...world.ports, complete: cached(world.ports.complete, asked) }
    const analyst = createModelAnalyst({ ports, models: world.config, fallback: createBuiltinAnalyst() })
    const plain = createPlainWorld(some)
    const result = await runInsight(
      { runId: 'run-1', spec: { ...plainSpec, ...changes } },
      { ...plain, analyst },
      { signal },
    )
    const calls = world.model.calls().slice(before)
    const summaryCalls = calls.filter(({ body }) => JSON.stringify(body).includes('"name":"summarize"')).length
    const chatCalls = calls.filter(({ body }) => 'messages' in (body as object)).length
    return { result, summaryCalls, chatCalls, summaries: (await Array.fromAsync(plain.checkpoints.summaries())).flat() }
  }
  return { run, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
}

test('the same traces under a new name: the model is not asked again, and the tokens saved are told', async () => {
  await using world = await open()
  const first = await world.run(traces)
  const second = await world.run(traces, { name: 'Another name' })
  expect(first.summaryCalls).toBe(30)
  expect(second.chatCalls).toBe(0)
  expect(second.summaries.map(({ summary }) => summary.evidence)).toEqual(
    first.summaries.map(({ summary }) => summary.evidence),
  )
  expect(second.result.usage.cachedTokens).toBeGreaterThan(0)
  expect(second.result.counts).toEqual(first.result.counts)
})

test('one trace changed: one summary is asked for', async () => {
  await using world = await open()
  await world.run(traces)
  const changed = traces.map((trace, index) => (index === 7 ? traceSaying('tr-7', 'Something else entirely.') : trace))
  expect((await world.run(changed)).summaryCalls).toBe(1)
})

test('another question asks for every summary again', async () => {
  await using world = await open()
  await world.run(traces)
  expect((await world.run(traces, { instruction: 'How do they end?' })).summaryCalls).toBe(30)
})

test('traces that are the same are summarized once, each with quotes from its own span', async () => {
  await using world = await open()
  const same = Array.from({ length: 12 }, (_, index) => {
    const trace = traceSaying(`tr-${index}`, 'My parcel has not arrived, what can I do about that?')
    if (trace.spans[0] !== undefined) trace.spans[0].spanId = `b${index}`.padEnd(16, '0')
    return trace
  })
  const { summaryCalls, summaries } = await world.run(same)
  expect(summaryCalls).toBe(1)
  expect(summaries).toHaveLength(12)
  for (const { traceId, summary } of summaries) {
    expect(summary.evidence.map(({ spanId }) => spanId)).toEqual(
      summary.evidence.map(() => traceId.replace('tr-', 'b').padEnd(16, '0')),
    )
    expect(summary.evidence.length).toBeGreaterThan(0)
  }
})
