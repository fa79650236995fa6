import { beforeAll, describe, expect, test } from 'vitest'
import { clusterTree } from '#/clustering/cluster.ts'
import { readSamples } from '#/mocks/samples/samples.ts'
import { countOutcomes } from '#/pipeline/metrics.ts'
import { createBuiltinAnalyst } from '#/pipeline/builtin/analyst.ts'
import { nodesToName } from '#/pipeline/group.ts'
import { noUsage, type SummaryRecord } from '#/pipeline/insight.ts'
import type { NamedNode, NodeToName } from '#/pipeline/ports.ts'
import { createRepeatedText } from '#/pipeline/transcript/repeated-text.ts'
import { toTranscript } from '#/pipeline/transcript/to-transcript.ts'
import { toTrace } from '#/test/support/line-to-trace.ts'

const analyst = createBuiltinAnalyst()
const { signal } = new AbortController()

function record(text: string, at: number, language = 'en', title = text): SummaryRecord {
  return {
    traceId: `tr-${at}`,
    ordinal: at,
    summary: {
      title,
      text,
      groupingText: text,
      outcome: 'unclear',
      language,
      evidence: [],
      readShare: 1,
      usage: noUsage,
      model: 'builtin',
    },
    facts: { requestTimeMs: 0, state: 'OK', feedback: { positive: 0, negative: 0 }, requestPreview: '' },
  }
}

function leaf(id: string, texts: readonly string[], language = 'en'): NodeToName {
  const members = texts.map((text, at) => record(text, at, language))
  return {
    id,
    parentId: null,
    childIds: [],
    size: members.length,
    share: 0.5,
    keywords: [],
    members,
    neighbours: [],
    outcomes: countOutcomes(members),
    near: [],
  }
}

const groups: Record<string, string[]> = {
  'View an apartment': [
    'I would like to view an apartment.',
    'I need to view an apartment',
    'I want to view an apartment at North Hill.',
    'Can I view an apartment on Tuesday?',
  ],
  'Reset a password': [
    'How do I reset my password?',
    'I need to reset my password.',
    'Please reset my password, I forgot it',
    'Could you reset the password for me',
  ],
  'Thermostat offline': [
    'My thermostat is offline since the update.',
    'the thermostat is offline again',
    'Thermostat offline after the update',
    'Why is my thermostat offline?',
  ],
  'Card declined': [
    'My card was declined.',
    'Why was my card declined in the shop?',
    'card declined again today',
    'My card has been declined',
  ],
  'Split a payment': [
    'Can I split the payment with another card?',
    'I want to split the payment across two cards.',
    'Could you split the payment?',
    'Please split the payment, my card is full.',
  ],
}

async function nameNodes(nodes: NodeToName[], instruction: string): Promise<NamedNode[]> {
  const total = nodes.reduce((sum, node) => sum + (node.parentId === null ? node.size : 0), 0)
  return (
    await analyst.nameClusters(
      { instruction, nodes, total, outcomes: countOutcomes(nodes.flatMap(({ members }) => members)) },
      { signal },
    )
  ).names
}

describe('titles of leaves', () => {
  const nodes = Object.values(groups).map((texts, at) => leaf(String(at + 1), texts))
  test.each(Object.keys(groups).map((title, at) => [title, at] as const))(
    '“%s” is read off its members',
    async (title, at) => {
      expect((await nameNodes(nodes, 'What do customers need help with?'))[at]?.title).toBe(title)
    },
  )

  test('things that most want the same done with are told with what was done', async () => {
    const tools = '(exchange delivered order items, exchange delivered order items)'
    const bottles = [
      'The water bottle is too small',
      'My water bottle leaks',
      'water bottle, wrong colour',
      'A new water bottle',
    ]
    const lamps = ['The desk lamp flickers', 'My desk lamp is too bright', 'desk lamp in black', 'A brighter desk lamp']
    const node = leaf(
      '1',
      [...bottles, ...lamps].map((text) => `${text} ${tools}`),
    )
    const [named] = await nameNodes([node, leaf('2', groups['Card declined']!)], 'What do customers need help with?')
    expect(named?.title).toMatch(/^Exchanges: /)
    expect(named?.title).toMatch(/water bottle/)
    expect(named?.title).toMatch(/desk lamp/)
  })

  test('a name by itself is told in the description, not in the title', async () => {
    const texts = [
      'The appointment with Brightside was missed',
      'My appointment: nobody from Brightside came',
      'Another appointment that Brightside forgot',
      'Is my appointment with Brightside on?',
    ]
    const nodes = [leaf('1', texts), leaf('2', groups['Card declined']!)]
    const [named] = await nameNodes(nodes, 'What do customers need help with?')
    expect(named?.title).toMatch(/^Appointment/)
    expect(named?.title).not.toContain('Brightside')
    expect(named?.summary).toContain('Brightside')
  })

  test('members that share nothing but a tool are told by what it did, also where a document it found has brackets', async () => {
    const texts = [
      'Does it come automatically? (search help centre, Warm Home Discount)',
      'Who of them is right? (search help centre, Home energy grants (full text))',
      'It spins on the logo (search help centre, Which phones are supported?)',
      'The codes have expired (search help centre, Ways to get your code)',
    ]
    const members = texts.map((text, at) => record(text, at, 'en', text.slice(0, text.indexOf(' ('))))
    const nodes = [{ ...leaf('1', texts), members }, leaf('2', groups['Card declined']!)]
    const [named] = await nameNodes(nodes, 'What do customers need help with?')
    expect(named?.title).toBe('Help centre searches')
  })

  test('a tool that sets a schedule books nothing', async () => {
    const texts = [
      'What hours for the charger?',
      'Too cold at night',
      'Why did it start at five?',
      'The charger is late',
    ]
    const node = leaf(
      '1',
      texts.map((text) => `${text} (set schedule, set schedule)`),
    )
    const [named] = await nameNodes([node, leaf('2', groups['Card declined']!)], 'What do customers need help with?')
    expect(named?.title).toMatch(/schedule/i)
    expect(named?.title).not.toMatch(/booking/i)
  })

  test('what nearly all speak of comes before what a tool did for half of them', async () => {
    const texts = [
      'Nobody came to my appointment',
      'Missed appointment',
      'My appointment today?',
      'An appointment, please',
    ]
    const node = leaf(
      '1',
      texts.map((text, at) => (at < 2 ? `${text} (cancel appointment)` : text)),
    )
    const [named] = await nameNodes([node, leaf('2', groups['Card declined']!)], 'What do customers need help with?')
    expect(named?.title).not.toMatch(/cancellation/i)
  })

  test('a group of several endings says that they are mixed, and what it is about', async () => {
    const members = ['Resolved', 'Not resolved', 'Resolved', 'Not resolved'].map((ending, at) => {
      const text = `${ending}. The thermostat is offline.`
      const told = record(text, at)
      return { ...told, summary: { ...told.summary, title: `${ending}: the thermostat is offline` } }
    })
    const [named] = await nameNodes([{ ...leaf('1', []), size: 4, members }], 'How do conversations end?')
    expect(named?.title).toMatch(/^Mixed endings: .*thermostat/)
  })

  test('a leaf whose members share no phrase is told in the words of the most central one', async () => {
    const nodes = [leaf('1', ['Hello', 'Hello', 'Hello']), leaf('2', groups['Card declined']!)]
    const [named] = await nameNodes(nodes, 'What do customers need help with?')
    expect(named?.title).toBe('“Hello”')
  })

  test('a refusal is told by what most were told', async () => {
    const refused = ['Hyatt Hotel', 'Old Town Inn', 'Shadyside Inn', 'Hilltop Hotel'].map((hotel, at) => {
      const reason = `there is no room available at the ${hotel} for your dates`
      const refusal = record(`Could not help. ${reason}.`, at)
      return { ...refusal, summary: { ...refusal.summary, title: `Could not help: no room at the ${hotel}` } }
    })
    const node = { ...leaf('1', []), size: 4, members: refused }
    const [named] = await nameNodes([node], 'Where does the agent fail and why?')
    expect(named?.title).toBe('Agent could not help: there is no room available')
  })

  test('how a cluster ends is counted over all its traces, not over those that are looked at', async () => {
    const node = { ...leaf('1', groups['Card declined']!), size: 40, outcomes: { resolved: 32, unresolved: 8 } }
    const input = { nodes: [node], total: 100, outcomes: { resolved: 92, unresolved: 8 } }
    const { names } = await analyst.nameClusters({ instruction: 'What do customers need?', ...input }, { signal })
    expect(names[0]?.summary).toContain('20% end unresolved (8% overall), 80% are resolved')
  })

  test('a cluster of several languages is named in the language of the question', async () => {
    const node = leaf('1', ['My heat pump is loud at night.', 'The heat pump makes a noise', 'heat pump too cold'])
    node.members.push(record('Die Wärmepumpe ist so laut. (heat pump, noise)', 7, 'de'))
    const [named] = await nameNodes([node, leaf('2', groups['Card declined']!)], 'What do customers need help with?')
    expect(named?.title).toMatch(/^Heat pump/)
    expect(named?.summary).toMatch(/^Customers write about heat pump/)
  })
})

describe('the samples', () => {
  let nodes: NodeToName[]
  let names: NamedNode[]
  beforeAll(async () => {
    const instruction = 'What do customers need help with?'
    const known = createRepeatedText()
    const records: SummaryRecord[] = []
    for await (const line of readSamples()) {
      const transcript = toTranscript(toTrace(line), { known })
      const summary = await analyst.summarize({ instruction, transcript }, { signal })
      records.push({ ...record('', records.length), traceId: line.trace_id, summary })
    }
    const texts = records.map(({ summary }) => summary.groupingText)
    const { vectors } = await analyst.embed(texts, { signal, seed: 3 })
    nodes = nodesToName(clusterTree(vectors, { seed: 3, texts }), records)
    names = await nameNodes(nodes, instruction)
  }, 120_000)

  test('have titles of at most ten words, unique among siblings', () => {
    const titleOf = new Map(names.map(({ id, title }) => [id, title.toLowerCase()]))
    for (const { title } of names) expect(title.split(' ').length).toBeLessThanOrEqual(10)
    for (const siblings of Map.groupBy(nodes, ({ parentId }) => parentId).values())
      expect(new Set(siblings.map(({ id }) => titleOf.get(id))).size).toBe(siblings.length)
  })

  test('have no title that ends in a function word or adverb, and none that is a unit, month, greeting or adjective', () => {
    for (const { title } of names) {
      expect(title).not.toMatch(/\b(?:in|of|on|at|for|with|still|being|to|not|haven't|is|and|been|the)$/i)
      expect(title).not.toMatch(/\b(?:kwh|pounds|august|july|hello|haven't|why has)\b/i)
      expect(title).not.toMatch(/^(?:blue|high|late|last|new|loud|cold|wrong)$/i)
    }
  })

  test('are described in words first, then in numbers, with whole quotes only', () => {
    for (const { summary } of names) {
      expect(summary).toMatch(/^\p{Lu}[^.]+\. These are \d+ of \d+ traces \(/u)
      expect(summary).not.toMatch(/…|”\.”|\.”\./)
    }
  })

  test('speak of what the samples are known to be about', () => {
    const all = names.map(({ title }) => title).join(' | ')
    for (const topic of [/meter reading/i, /export/i, /Night Saver/, /thermostat/i, /heat pump/i, /appointment/i])
      expect(all).toMatch(topic)
  })

  test('do not name the company or its partner in a title; the description tells whose appointments were missed', () => {
    for (const { title } of names) expect(title).not.toMatch(/Nordlys|Brightside/)
    const appointments = names.find(({ id, title }) => id.includes('.') && title.startsWith('Appointment'))
    expect(appointments?.summary).toContain('Brightside')
  })
})
