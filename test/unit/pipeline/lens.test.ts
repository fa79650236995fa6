import { expect, test } from 'vitest'
import { createBuiltinAnalyst } from '#/pipeline/builtin/analyst.ts'
import { toFacetMetrics } from '#/pipeline/facet-metrics.ts'
import { type Facet, fitFacets, type Lens, whyLeftOut } from '#/pipeline/lens.ts'
import { createRepeatedText } from '#/pipeline/transcript/repeated-text.ts'
import { toTranscript } from '#/pipeline/transcript/to-transcript.ts'
import { runInsight } from '#/pipeline/run.ts'
import { createPlainWorld, plainSpec, traceSaying } from '#/test/support/plain-world.ts'

const { signal } = new AbortController()
const analyst = createBuiltinAnalyst()
const refund: Facet = { name: 'refund', type: 'boolean', description: 'The user asked for a refund.' }
const lensWith = (changes: Partial<Lens>): Lens => ({ extract: '', alike: '', ignore: '', facets: [], ...changes })

async function summarize(text: string, lens?: Lens, instruction = 'What are customers asking for?') {
  const trace = traceSaying('tr-1', text)
  trace.spans[0]!.outputs = { choices: [{ message: { role: 'assistant', content: 'I am sorry, I cannot do that.' } }] }
  const transcript = toTranscript(trace, { known: createRepeatedText() })
  return analyst.summarize({ instruction, lens, transcript }, { signal })
}

test('each question has a lens of its own', async () => {
  const lensOf = async (question: string) => (await analyst.deriveLens(question, { signal })).lens
  const [wishes, failures, endings] = await Promise.all(
    ['What are customers asking for?', 'Where does the agent fail and why?', 'How do conversations end?'].map(lensOf),
  )
  expect(new Set([wishes?.alike, failures?.alike, endings?.alike]).size).toBe(3)
  expect(failures?.facets.map(({ name }) => name)).toContain('tool_failed')
  expect(endings?.facets.map(({ name }) => name)).toContain('outcome')
})

test('a value of another type than its facet is no value', () => {
  const facets: Facet[] = [
    refund,
    { name: 'items', type: 'number', description: 'How many items.' },
    { name: 'mood', type: 'category', description: 'The mood.', values: ['calm', 'angry'] },
    { name: 'note', type: 'text', description: 'A note.' },
  ]
  expect(fitFacets(facets, { refund: 'yes', items: '3', mood: 'Angry', note: ' two\n words ', more: 1 })).toEqual({
    refund: null,
    items: null,
    mood: 'angry',
    note: 'two words',
  })
  expect(fitFacets(facets, { refund: true, items: Infinity, mood: 'sad', note: '' })).toEqual({
    refund: true,
    items: null,
    mood: null,
    note: null,
  })
})

test('the built-in analyst fills facets from the trace, and says nothing where it tells nothing', async () => {
  const facets: Facet[] = [
    refund,
    { name: 'turns', type: 'number', description: 'How many times the user spoke.' },
    { name: 'product', type: 'category', description: 'Which product.', values: ['shoes', 'lamp'] },
    { name: 'amount', type: 'number', description: 'The amount of the refund.' },
    { name: 'outcome', type: 'category', description: 'How it ended.', values: ['resolved', 'unresolved'] },
  ]
  const summary = await summarize('I want a refund of 45 dollars for the shoes.', lensWith({ facets }))
  expect(summary.facets).toMatchObject({ refund: true, turns: 1, product: 'shoes', outcome: 'unresolved' })
  const other = await summarize('How do I reset my password?', lensWith({ facets }))
  expect(other.facets).toMatchObject({ refund: false, product: null, amount: null })
})

test('the lens decides what is told and what makes two traces alike', async () => {
  const text = 'I want a refund for my shoes. My name is Ann.'
  const plain = await summarize(text)
  const byFailure = await summarize(text, lensWith({ extract: 'Where does the agent fail and why?' }))
  expect(byFailure.title).not.toBe(plain.title)
  const byEnding = await summarize(text, lensWith({ alike: 'How it ended.' }))
  expect(byEnding.text).toBe(plain.text)
  expect(byEnding.groupingText).not.toBe(plain.groupingText)
  const without = await summarize(text, lensWith({ ignore: 'shoes' }))
  expect(plain.groupingText).toMatch(/shoes/i)
  expect(without.groupingText).not.toMatch(/shoes/i)
})

test.each([
  ['I need a refund for the shoes.', true],
  ['No, I want a refund for them.', true],
  ['I have not received my refund yet.', true],
  ['I do not want any refund, just new shoes.', false],
  ['New shoes please, no refund.', false],
  ["I don't need to ask for a refund.", false],
])('“%s”: that a refund is asked for is %s', async (text, refunded) => {
  const summary = await summarize(text, lensWith({ facets: [refund] }))
  expect(summary.facets).toEqual({ refund: refunded })
})

test.each([
  ['de', 'Ich möchte bitte keine Erstattung, sondern neue Schuhe.', 'Eine Erstattung', false],
  ['de', 'Ich möchte bitte eine Erstattung für die Schuhe.', 'Eine Erstattung', true],
  ['fr', 'Je ne veux pas de remboursement, mais des chaussures.', 'Le client veut un remboursement', false],
  ['es', 'No quiero un reembolso, quiero otros zapatos.', 'El cliente quiere un reembolso', false],
  ['nl', 'Ik wil geen terugbetaling, maar andere schoenen.', 'De klant wil een terugbetaling', false],
  ['en', 'They told me that no refund is possible.', 'No refund is possible', true],
  ['en', 'A refund is possible within thirty days.', 'No refund is possible', false],
] as const)('a denial is understood in %s: “%s” on “%s” is %s', async (_, text, description, holds) => {
  const facet: Facet = { name: 'refund', type: 'boolean', description }
  const summary = await summarize(text, lensWith({ facets: [facet] }))
  expect(summary.facets).toEqual({ refund: holds })
})

test('a boolean facet keeps only the traces of which it is true', () => {
  const lens = lensWith({ facets: [refund], only: 'refund' })
  expect(whyLeftOut(lens, { refund: true })).toBeUndefined()
  expect(whyLeftOut(lens, { refund: false })).toContain('asked for a refund')
  expect(whyLeftOut(lens, { refund: null })).toBeDefined()
  expect(whyLeftOut(lensWith({ facets: [refund] }), { refund: false })).toBeUndefined()
})

test('what the facets of many traces come to: shares of values, and the mean and range of numbers', () => {
  const metrics = toFacetMetrics([
    { refund: true, items: 2, note: null },
    { refund: false, items: 4, note: null },
    { refund: true, items: null, note: null },
  ])
  expect(metrics).toEqual({
    items: { known: 2, mean: 3, min: 2, max: 4 },
    note: { known: 0 },
    refund: { known: 3, counts: { true: 2, false: 1 } },
  })
})

test('traces a lens leaves out are skipped with the reason, what they cost is counted, and the counts reconcile', async () => {
  const traces = Array.from({ length: 12 }, (_, at) => traceSaying(`tr-${at}`, `${['refund', 'login'][at % 2]} ${at}`))
  const world = createPlainWorld(traces)
  const { summarize: plain } = world.analyst
  world.analyst.summarize = async (input, options) => {
    const summary = await plain(input, options)
    return { ...summary, facets: { refund: summary.text.includes('refund') } }
  }
  const result = await runInsight(
    { runId: 'r1', spec: { ...plainSpec, lens: lensWith({ facets: [refund], only: 'refund' }) } },
    world,
    { signal },
  )
  expect(result.counts).toMatchObject({ selected: 12, summarized: 6, skipped: 6, failed: 0 })
  expect(result.usage.calls).toBe(12)
  const details = JSON.parse(world.tracking.artifacts.get('mlflow_insights_cluster_details.json')!) as {
    lens: Lens
    clusters: { metrics: { facets: unknown } }[]
  }
  expect(details.lens.only).toBe('refund')
  expect(details.clusters[0]?.metrics.facets).toEqual({ refund: { known: 6, counts: { true: 6 } } })
  const [skipped] = await world.checkpoints.skipped()
  expect(skipped).toMatchObject({ code: 'trace.left_out', message: expect.stringContaining('asked for a refund') })
})
