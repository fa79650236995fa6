import { expect, test } from 'vitest'
import { z } from 'zod'
import { createBuiltinAnalyst } from '#/pipeline/builtin/analyst.ts'
import { AppError } from '#/pipeline/errors.ts'
import { noUsage } from '#/pipeline/insight.ts'
import type { Lens } from '#/pipeline/lens.ts'
import type { Complete, CompleteRequest } from '#/pipeline/model/complete.ts'
import { deriveLens } from '#/pipeline/model/derive-lens.ts'
import { summarizeTranscript } from '#/pipeline/model/summarize.ts'
import { createRepeatedText } from '#/pipeline/transcript/repeated-text.ts'
import { toTranscript } from '#/pipeline/transcript/to-transcript.ts'
import { traceSaying } from '#/test/support/plain-world.ts'

const { signal } = new AbortController()
const transcript = toTranscript(traceSaying('tr-1', 'Where is my refund?'), { known: createRepeatedText() })
const lens: Lens = {
  extract: 'The reason for the refund.',
  alike: 'The reason.',
  ignore: 'Names.',
  facets: [
    { name: 'refund', type: 'boolean', description: 'A refund was asked for.' },
    { name: 'reason', type: 'category', description: 'Why.', values: ['late', 'broken'] },
  ],
}
const words = {
  title: 'Refund',
  summary: 'The user asked where the refund is.',
  grouping_text: 'A refund is missing.',
  outcome: 'unclear',
  language: 'en',
  quotes: [
    { turn: 1, quote: 'Where is my refund?' },
    { turn: 1, quote: 'I never said this.' },
  ],
}

const answering = (value: unknown, asked: CompleteRequest<unknown>[]): Complete => {
  return async (request) => {
    asked.push(request)
    return { value: request.schema.parse(value), usage: noUsage }
  }
}
const summarize = (complete: Complete) =>
  summarizeTranscript(
    { instruction: 'Why refunds?', lens, transcript },
    { complete, maxInputTokens: 8_000, model: 'm' },
    { signal },
  )

test('the lens stands in the prompt as data, and each facet has a field of its type that may be empty', async () => {
  const asked: CompleteRequest<unknown>[] = []
  const summary = await summarize(answering({ ...words, facets: { refund: true, reason: null } }, asked))
  const [request] = asked
  expect(request?.prompt.user).toMatch(/begin lens [0-9a-f]+\nExtract: The reason for the refund\.\nAlike/)
  expect(request?.prompt.system).not.toContain('reason for the refund')
  expect(z.toJSONSchema(request!.schema).properties?.['facets']).toMatchObject({
    required: ['refund', 'reason'],
    properties: { refund: { type: ['boolean', 'null'] } },
  })
  expect(summary.facets).toEqual({ refund: true, reason: null })
})

test('a quote that stands nowhere is dropped and counted', async () => {
  const summary = await summarize(answering({ ...words, facets: { refund: null, reason: null } }, []))
  expect(summary.evidence.map(({ quote }) => quote)).toEqual(['Where is my refund?'])
  expect(summary.droppedQuotes).toBe(1)
})

test('a lens by the model has columns for names, and choices only where there are some', async () => {
  const facet = (name: string, type: string, values: string[]) => ({ name, type, description: 'What it is.', values })
  const value = {
    extract: 'What was wanted.',
    alike: 'The wish.',
    ignore: '',
    facets: [
      facet('Kind of wish', 'category', ['refund', 'refund', 'login']),
      facet('kind_of_wish', 'text', []),
      facet('1st', 'category', ['one']),
      facet('***', 'text', []),
    ],
  }
  const { lens: derived, by } = await deriveLens(
    'What do they want?',
    { complete: answering(value, []), fallback: createBuiltinAnalyst(), model: 'm' },
    { signal },
  )
  expect(by).toBe('m')
  expect(derived.facets).toEqual([
    { name: 'kind_of_wish', type: 'category', description: 'What it is.', values: ['refund', 'login'] },
    { name: 'st', type: 'category', description: 'What it is.' },
  ])
})

test('a lens is read by rules when the model fails', async () => {
  const failing: Complete = async () => {
    throw new AppError('model.bad_answer', 'Nothing of use.')
  }
  const { lens: derived, by } = await deriveLens(
    'How do conversations end?',
    { complete: failing, fallback: createBuiltinAnalyst(), model: 'm' },
    { signal },
  )
  expect(by).toBe('builtin')
  expect(derived.alike).toBe('How it ended.')
})
