import { expect, test } from 'vitest'
import { AppError } from '#/pipeline/errors.ts'
import { type SummarizeContext, summarizeTranscript } from '#/pipeline/model/summarize.ts'
import { oneCall, scriptedModel, signal, transcriptOf } from './model-parts.ts'

const answer = {
  title: '“Refund not received.”',
  summary: 'The customer waited for a refund.\nIt was promised for today.',
  grouping_text: 'Refund late after a return.',
  outcome: 'resolved',
  language: 'en_GB',
  quotes: [
    { turn: 1, quote: 'my refund   has not arrived' },
    { turn: 1, quote: 'it will be paid today' },
    { turn: 2, quote: 'the agent was rude' },
  ],
}

const transcript = transcriptOf([
  { kind: 'system', text: 'You are Nora. my refund has not arrived' },
  { kind: 'user', text: 'Hello,\nmy refund has\nnot arrived' },
  { kind: 'assistant', text: 'Sorry! I see it: it will be paid today.' },
])

function summarizeWith(
  model: ReturnType<typeof scriptedModel>,
  input = transcript,
  changes: Partial<SummarizeContext> = {},
) {
  return summarizeTranscript(
    { instruction: 'What do customers want?', transcript: input },
    { complete: model.complete, maxInputTokens: 24_000, model: 'small', ...changes },
    { signal },
  )
}

test('an answer becomes a tidy summary with what it cost', async () => {
  const model = scriptedModel({ summarize: () => answer })
  expect(await summarizeWith(model)).toMatchObject({
    title: 'Refund not received',
    text: 'The customer waited for a refund. It was promised for today.',
    groupingText: 'Refund late after a return.',
    outcome: 'resolved',
    language: 'en-GB',
    readShare: 1,
    usage: oneCall,
    model: 'small',
  })
})

test('a quote counts only when a turn says it, whatever turn was named; system text never does', async () => {
  const model = scriptedModel({ summarize: () => answer })
  expect((await summarizeWith(model)).evidence).toEqual([
    { spanId: 'span-2', quote: 'my refund has not arrived', verified: true },
    { spanId: 'span-3', quote: 'it will be paid today', verified: true },
  ])
})

test('at most three quotes are kept, none twice and none endless', async () => {
  const long = 'again and '.repeat(200).trim()
  const model = scriptedModel({
    summarize: () => ({
      ...answer,
      quotes: [long, long, 'one', 'two', 'three'].map((quote) => ({ turn: 1, quote })),
    }),
  })
  const { evidence } = await summarizeWith(model, transcriptOf([{ kind: 'user', text: `${long} one two three` }]))
  expect(evidence.map(({ quote }) => quote.length <= 300)).toEqual([true, true, true])
  expect(evidence.map(({ quote }) => quote.slice(0, 5))).toEqual(['again', 'one', 'two'])
})

test('the model is shown the question, the turns and what is known besides, each as data', async () => {
  const model = scriptedModel({ summarize: () => answer })
  await summarizeWith(
    model,
    transcriptOf(transcript.turns, {
      state: 'ERROR',
      errorMessage: 'timeout\nafter 10 s',
      feedback: [{ name: 'user_satisfied', value: false, comment: 'still "wrong"' }],
    }),
  )
  expect(model.requests[0]?.prompt.user).toMatchInlineSnapshot(`
    "The mark of this message is 35256164f611fa5c.

    begin question 35256164f611fa5c
    What do customers want?
    end question 35256164f611fa5c

    begin facts 35256164f611fa5c
    The trace ended with the state ERROR.
    Error: "timeout after 10 s"
    Feedback "user_satisfied": false, with the comment "still \\"wrong\\""
    end facts 35256164f611fa5c

    begin trace 35256164f611fa5c
    [[1 system]]
    You are Nora. my refund has not arrived
    [[2 user]]
    Hello,
    my refund has
    not arrived
    [[3 assistant]]
    Sorry! I see it: it will be paid today.
    end trace 35256164f611fa5c

    Summarize this trace under the question."
  `)
})

test('a long system prompt is shown by its first words only', async () => {
  const model = scriptedModel({ summarize: () => answer })
  await summarizeWith(
    model,
    transcriptOf([
      { kind: 'system', text: 'Policy. '.repeat(1_000) },
      { kind: 'user', text: 'hello there' },
    ]),
  )
  expect(model.requests[0]?.prompt.user.length).toBeLessThan(800)
})

test('a trace in which nobody says anything is empty, not a question to a model', async () => {
  const model = scriptedModel({ summarize: () => answer })
  const empty = transcriptOf([
    { kind: 'system', text: 'You are Nora.' },
    { kind: 'user', text: '  ' },
  ])
  await expect(summarizeWith(model, empty)).rejects.toMatchObject({ code: 'trace.empty' })
  expect(model.requests).toEqual([])
})

const long = transcriptOf(
  Array.from({ length: 60 }, (_, index) => ({
    kind: index % 2 === 0 ? ('user' as const) : ('assistant' as const),
    text: `Turn number ${index} speaks. ${'It goes on about the parcel. '.repeat(20)}`,
  })),
)
const inParts = () =>
  scriptedModel({
    summarize_part: (request, index) => ({
      notes: `Notes ${index}.`,
      language: index === 0 ? 'de' : 'und',
      quotes: [{ turn: 1, quote: /Turn number \d+ speaks\./.exec(request.prompt.user)?.[0] ?? '' }],
    }),
    combine: () => ({ ...answer, language: '', quotes: [2, 2, 99] }),
  })

test('a trace longer than a prompt is read part by part, every turn once, and summarized from the notes', async () => {
  const model = inParts()
  const summary = await summarizeWith(model, long, { maxInputTokens: 4_000 })
  const parts = model.requests.filter(({ kind }) => kind === 'summarize_part')
  expect(parts.length).toBeGreaterThan(2)
  const seen = parts.flatMap(({ prompt }) =>
    [...prompt.user.matchAll(/Turn number (\d+) speaks/g)].map(([, number]) => Number(number)),
  )
  expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, index) => index))
  for (const { prompt } of model.requests)
    expect((prompt.system.length + prompt.user.length) / 4).toBeLessThanOrEqual(4_000)
  expect(model.requests.at(-1)?.kind).toBe('combine')
  expect(summary).toMatchObject({ title: 'Refund not received', language: 'de', readShare: 1 })
  expect(summary.usage.calls).toBe(parts.length + 1)
})

test('quotes of a long trace are chosen by number, so that none can be altered', async () => {
  const model = inParts()
  const { evidence } = await summarizeWith(model, long, { maxInputTokens: 4_000 })
  expect(evidence).toEqual([
    { spanId: expect.any(String), quote: expect.stringMatching(/^Turn number \d+ speaks\.$/), verified: true },
  ])
  const [quote] = evidence
  expect(long.turns.find(({ spanId }) => spanId === quote?.spanId)?.text).toContain(quote?.quote)
})

test('notes too long for one prompt are first combined among neighbours', async () => {
  const model = scriptedModel({
    summarize_part: () => ({
      notes: 'They talked about the parcel at great length. '.repeat(30),
      language: 'en',
      quotes: [],
    }),
    combine: () => ({ ...answer, quotes: [] }),
  })
  const huge = transcriptOf([{ kind: 'user', text: 'word '.repeat(12_000) }])
  await summarizeWith(model, huge, { maxInputTokens: 2_000 })
  const combines = model.requests.filter(({ kind }) => kind === 'combine')
  expect(combines.length).toBeGreaterThan(2)
  for (const { prompt } of combines) expect((prompt.system.length + prompt.user.length) / 4).toBeLessThanOrEqual(2_200)
})

test('a trace that the model finds too long is read again in smaller parts', async () => {
  let refusals = 0
  const parts = inParts()
  const model: typeof parts = {
    requests: parts.requests,
    complete: async (request, options) => {
      if (request.prompt.user.length > 12_000) {
        refusals++
        throw new AppError('model.too_long', 'Too long.')
      }
      return parts.complete(request, options)
    },
  }
  expect((await summarizeWith(model, long)).title).toBe('Refund not received')
  expect(refusals).toBeGreaterThan(0)
})

test('a model that finds everything too long is asked a bounded number of times', async () => {
  let calls = 0
  const complete: SummarizeContext['complete'] = async () => {
    calls++
    throw new AppError('model.too_long', 'Too long.')
  }
  await expect(summarizeWith({ complete, requests: [] }, transcript)).rejects.toMatchObject({ code: 'model.too_long' })
  expect(calls).toBeLessThan(8)
})

test('a call with more to read may take longer', async () => {
  const model = scriptedModel({ summarize: () => answer })
  await summarizeWith(model, transcript)
  await summarizeWith(model, transcriptOf([{ kind: 'user', text: 'word '.repeat(10_000) }]))
  const [short = 0, longer = 0] = model.requests.map(({ timeoutMs }) => timeoutMs)
  expect(longer).toBeGreaterThan(short + 10_000)
})

test('control characters and terminal escapes of an answer are dropped', async () => {
  const model = scriptedModel({
    summarize: () => ({ ...answer, title: '\u001B[31mRed\u001B[0m alert\u202E', language: 'not a tag at all' }),
  })
  expect(await summarizeWith(model)).toMatchObject({ title: 'Red alert', language: 'und' })
})
