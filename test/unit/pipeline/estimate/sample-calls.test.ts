import { expect, test } from 'vitest'
import { createBuiltinAnalyst } from '#/pipeline/builtin/analyst.ts'
import { sampleCalls } from '#/pipeline/estimate/sample-calls.ts'
import { createModelAnalyst } from '#/pipeline/model/analyst.ts'
import type { Complete } from '#/pipeline/model/complete.ts'
import { createRepeatedText } from '#/pipeline/transcript/repeated-text.ts'
import { toTranscript } from '#/pipeline/transcript/to-transcript.ts'
import { traceSaying } from '#/test/support/plain-world.ts'

const { signal } = new AbortController()
const models = { thinking: 'm', summary: 'm', embedding: 'm', reasoningEffort: 'low' }
const toAnalyst = (complete: Complete) =>
  createModelAnalyst({
    ports: { complete, embedTexts: async () => Promise.reject(new Error('not asked')) },
    models,
    fallback: createBuiltinAnalyst(),
    maxInputTokens: 4_000,
  })
const transcriptOf = (text: string) => toTranscript(traceSaying('tr-1', text), { known: createRepeatedText() })

test('a short trace takes one call, whose prompt holds the trace', async () => {
  const prompts: string[] = []
  const transcript = transcriptOf('Where is my parcel with the blue shoes?')
  const { calls } = await sampleCalls({ instruction: 'What do they ask?', transcript }, toAnalyst, {
    signal,
    onPrompt: (text) => prompts.push(text),
    isKept: async () => false,
  })
  expect(calls.map(({ kind }) => kind)).toEqual(['summarize'])
  expect(prompts[0]).toContain('blue shoes')
  expect(calls[0]?.chars).toBeGreaterThan(prompts[0]?.length ?? Infinity)
})

test('a long trace takes a call for each part and one for the whole', async () => {
  const transcript = transcriptOf('The parcel has not come and nobody answers. '.repeat(1_500))
  const { calls } = await sampleCalls({ instruction: 'What do they ask?', transcript }, toAnalyst, {
    signal,
    onPrompt: () => undefined,
    isKept: async ({ kind }) => kind === 'combine',
  })
  expect(calls.filter(({ kind }) => kind === 'summarize_part').length).toBeGreaterThan(3)
  expect(calls.at(-1)).toMatchObject({ kind: 'combine', isKept: true })
})
