import { expect, test } from 'vitest'
import { AppError } from '#/pipeline/errors.ts'
import { addUsage, noUsage, type Overview } from '#/pipeline/insight.ts'
import { findNumbers, isSupported } from '#/pipeline/model/check-numbers.ts'
import { type OverviewInput, writeCheckedOverview } from '#/pipeline/model/overview.ts'
import { clusterOf, evidenceOf, oneCall, scriptedModel, signal } from './model-parts.ts'

const plain: Overview = {
  text: 'Counted without a model.',
  keyPoints: [{ text: 'Plain point.', share: 0.6, clusterIds: ['1'], evidence: [] }],
  usage: noUsage,
  by: 'builtin',
  source: 'builtin',
}
const fallback = { writeOverview: async () => plain }

const child = clusterOf('1.1', 40, 120, {
  title: 'Firmware 4.2 drops the Wi-Fi',
  evidence: [evidenceOf('tr-1', 'it went offline 3 times')],
})
const input: OverviewInput = {
  instruction: 'What goes wrong?',
  counts: { selected: 130, summarized: 120, skipped: 4, failed: 6, clustered: 110, unassigned: 10 },
  clusters: [
    clusterOf('1', 72, 120, { children: [child, clusterOf('1.2', 32, 120)] }),
    clusterOf('2', 38, 120, { evidence: [evidenceOf('tr-2', 'where is my money')] }),
  ],
  unassigned: 10,
  examples: new Map(),
}

const draft = {
  overview:
    'Most trouble is with devices: 72 of 120 traces (60 %). Firmware 4.2 stands behind 40 of them. Money comes second with 38 traces.',
  key_points: [
    { text: 'Devices go offline: 72 traces, 60 %.', cluster_ids: ['1'], quotes: [1, 2, 99] },
    { text: 'Money is late in 38 traces.', cluster_ids: ['2', '9.9'], quotes: [2] },
  ],
}

function write(answer: typeof draft, unsupported: number[] = []) {
  const model = scriptedModel({ overview: () => answer, overview_check: () => ({ unsupported }) })
  return writeCheckedOverview(input, { complete: model.complete, fallback, model: 'large' }, { signal })
}

test('an overview whose numbers were counted is kept, with shares of our own reckoning', async () => {
  expect(await write(draft)).toEqual({
    text: draft.overview,
    keyPoints: [
      {
        text: 'Devices go offline: 72 traces, 60 %.',
        share: 0.6,
        clusterIds: ['1'],
        evidence: [evidenceOf('tr-1', 'it went offline 3 times')],
      },
      {
        text: 'Money is late in 38 traces.',
        share: 38 / 120,
        clusterIds: ['2'],
        evidence: [evidenceOf('tr-2', 'where is my money')],
      },
    ],
    usage: addUsage(oneCall, oneCall),
    checkUsage: oneCall,
    by: 'large',
    source: 'model',
  })
})

test('a sentence with a number that was not counted is struck out', async () => {
  const { text, by } = await write({
    ...draft,
    overview: 'There are 72 such traces. Complaints rose by 300 % since May. Money has 38.',
  })
  expect(text).toBe('There are 72 such traces. Money has 38.')
  expect(by).toBe('large')
})

test('what the second look does not find supported is struck out, and the record says so', async () => {
  const { text, keyPoints, source } = await write(draft, [2, 4])
  expect(text).toBe('Most trouble is with devices: 72 of 120 traces (60 %). Money comes second with 38 traces.')
  expect(keyPoints.map((point) => point.clusterIds)).toEqual([['2']])
  expect(source).toBe('model_corrected')
})

test('a draft that does not stand the second look, or gets none, is replaced as a whole', async () => {
  expect(await write(draft, [1, 2])).toMatchObject({ text: plain.text, source: 'builtin' })
  const model = scriptedModel({ overview: () => draft })
  const unchecked = await writeCheckedOverview(
    input,
    { complete: model.complete, fallback, model: 'large' },
    { signal },
  )
  expect(unchecked).toEqual({ ...plain, usage: oneCall })
})

test('the second look sees the data of the first, and each statement with its number', async () => {
  const model = scriptedModel({ overview: () => draft, overview_check: () => ({ unsupported: [] }) })
  await writeCheckedOverview(input, { complete: model.complete, fallback, model: 'large' }, { signal })
  const prompt = model.requests[1]?.prompt.user
  expect(prompt).toContain('2 | Group c | 38 traces')
  expect(prompt).toContain(
    '2. Firmware 4.2 stands behind 40 of them.\n3. Money comes second with 38 traces.\n4. Devices',
  )
})

test('an overview that is mostly invented is replaced as a whole', async () => {
  const overview = await write({ ...draft, overview: 'About 55 % fail. Some 17 traces do not. It is what it is.' })
  expect(overview).toEqual({ ...plain, usage: oneCall })
})

test('a key point may use only numbers of the groups it names, and must name one that is there', async () => {
  const { keyPoints } = await write({
    ...draft,
    key_points: [
      { text: 'Money is late in 72 traces.', cluster_ids: ['2'], quotes: [] },
      { text: 'Everything is fine.', cluster_ids: ['7'], quotes: [] },
      { text: 'Devices matter most.', cluster_ids: ['1', '1.1'], quotes: [2] },
    ],
  })
  expect(keyPoints).toEqual([{ text: 'Devices matter most.', share: 0.6, clusterIds: ['1', '1.1'], evidence: [] }])
})

test('without a key point that holds, the plain ones stand under the model’s text', async () => {
  const overview = await write({ ...draft, key_points: [] })
  expect(overview).toMatchObject({ text: draft.overview, keyPoints: plain.keyPoints, by: 'large' })
})

test('it is never longer than 200 words or seven points', async () => {
  const { text, keyPoints } = await write({
    overview: 'Devices fail again and again. '.repeat(80),
    key_points: Array.from({ length: 12 }, () => ({ text: 'Devices fail.', cluster_ids: ['1'], quotes: [] })),
  })
  expect(text.split(' ')).toHaveLength(200)
  expect(keyPoints).toHaveLength(7)
})

test('when the model fails for good the built-in overview is used, and says so', async () => {
  const complete = () => Promise.reject(new AppError('model.refused', 'No.'))
  const overview = await writeCheckedOverview(input, { complete, fallback, model: 'large' }, { signal })
  expect(overview).toEqual(plain)
})

test('the model sees counts, groups and quotes as data', async () => {
  const model = scriptedModel({ overview: () => draft })
  await writeCheckedOverview(input, { complete: model.complete, fallback, model: 'large' }, { signal })
  expect(model.requests[0]?.prompt.user).toMatchInlineSnapshot(`
    "The mark of this message is a61bac1a63ae1ccb.

    begin question a61bac1a63ae1ccb
    What goes wrong?
    end question a61bac1a63ae1ccb

    begin counts a61bac1a63ae1ccb
    130 traces selected
    120 traces summarized (100 %)
    2 groups at the top
    10 traces in no group (8 %)
    4 traces skipped: empty, or left out on purpose
    6 traces that could not be read
    end counts a61bac1a63ae1ccb

    begin groups a61bac1a63ae1ccb
    1 | Group b | 72 traces, 60 %; outcomes: resolved 72 | They had much in common.
      1.1 | Firmware 4.2 drops the Wi-Fi | 40 traces, 33 %; outcomes: resolved 40 | They had much in common.
      1.2 | Group b-c | 32 traces, 27 %; outcomes: resolved 32 | They had much in common.
    2 | Group c | 38 traces, 32 %; outcomes: resolved 38 | They had much in common.
    end groups a61bac1a63ae1ccb

    begin quotes a61bac1a63ae1ccb
    1. (1.1) it went offline 3 times
    2. (2) where is my money
    end quotes a61bac1a63ae1ccb

    Answer the question."
  `)
})

test.for([
  ['Half of them, 60 %, fail.', true],
  ['60% fail.', true],
  ['60,0 % schlagen fehl.', true],
  ['60.4 % fail.', false],
  ['61 percent fail.', false],
  ['1,234 traces', true],
  ['1.234 Traces', true],
  ['1 234 traces', false],
  ['Firmware 4.2 is at fault.', true],
  ['Firmware 4.3 is at fault.', false],
  ['No digits at all.', true],
  ['٦٠ of them', false],
] as const)('%s → %s', ([sentence, expected]) => {
  const known = { counts: new Set([72, 1234]), shares: [0.6], named: new Set(['4.2']) }
  expect(isSupported(sentence, known)).toBe(expected)
})

test('numbers are found as they are written', () => {
  expect(findNumbers('In 1,234 cases (12.5 %) since v4.2, 3 per cent.')).toEqual([
    { token: '1,234', isPercent: false },
    { token: '12.5', isPercent: true },
    { token: '4.2', isPercent: false },
    { token: '3', isPercent: true },
  ])
})
