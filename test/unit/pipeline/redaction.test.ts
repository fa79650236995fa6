import { describe, expect, test } from 'vitest'
import { toLiteralQuote } from '#/pipeline/redact/literal-quote.ts'
import { createRedactor, redactNothing } from '#/pipeline/redact/redactor.ts'
import { lookAlikes, planted, scoreRedaction } from '#/test/bench/analyst/redaction/cases.ts'
import { runInsight } from '#/pipeline/run.ts'
import { toFindPlaces } from '#/server/linear-pattern.ts'
import { createPlainWorld, plainSpec, traceSaying } from '#/test/support/plain-world.ts'

const redact = createRedactor()
const maskOne = (text: string): string => redact(traceSaying('tr-1', '')).mask(text)

describe('what is planted and what only looks like it', () => {
  test('at least 98 of 100 planted values are masked under their own kind', () => {
    expect(planted.length).toBeGreaterThanOrEqual(300)
    const { recall, missed } = scoreRedaction(maskOne)
    expect(recall, missed.join('\n')).toBeGreaterThanOrEqual(0.98)
  })

  test('order numbers, prices, dates, versions, hashes and other look-alikes are left alone', () => {
    expect(lookAlikes.length).toBeGreaterThanOrEqual(300)
    expect(scoreRedaction(maskOne).wronglyMasked).toEqual([])
  })
})

describe('placeholders', () => {
  test('one value has one placeholder, however it is written and wherever it stands in the trace', () => {
    const { mask } = redact(traceSaying('tr-1', 'I am Ana@Example.com, call me at +1 415 555 0132'))
    expect(mask('ana@example.com or bob@example.com, phone +1-415-555-0132')).toBe(
      '[email-1] or [email-2], phone [phone-1]',
    )
  })

  test('numbering starts anew with each trace, so nothing links two of them', () => {
    expect(maskOne('bob@example.com')).toBe('[email-1]')
    expect(maskOne('eve@example.com')).toBe('[email-1]')
  })

  test('a text masked twice is not masked again', () => {
    const once = maskOne('mail ana@example.com, card 4111 1111 1111 1111, key sk-abcdefghijklmnop1234')
    expect(once).toBe('mail [email-1], card [card-1], key [secret-1]')
    expect(maskOne(once)).toBe(once)
  })
})

describe('a trace', () => {
  test('is masked in inputs, outputs, attributes, errors, previews, user and comments; ids and names of fields stay', () => {
    const trace = traceSaying('tr-1', 'I am ana@example.com', {
      user: 'ana@example.com',
      session: 'aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW',
      assessments: [
        {
          id: 'a',
          name: 'note',
          kind: 'feedback',
          value: 'bob@example.com',
          rationale: 'asked by ana@example.com',
          source: { type: 'HUMAN', id: 'x' },
          metadata: {},
          valid: true,
        },
      ],
    })
    Object.assign(trace.spans[0] ?? {}, {
      outputs: { email: 'ana@example.com', nested: [{ password: 'correct horse', pin: 4821, n: 7 }] },
      statusMessage: 'no mailbox ana@example.com',
      attributes: { api_key: 'anything at all' },
      events: [{ name: 'exception', attributes: { 'exception.message': 'refused for bob@example.com' } }],
    })
    const before = JSON.stringify(trace)
    const { trace: masked } = redact(trace)
    expect(JSON.stringify(trace)).toBe(before)
    expect(masked.info).toMatchObject({
      traceId: 'tr-1',
      requestPreview: 'I am [email-1]',
      user: '[email-1]',
      session: 'aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW',
      assessments: [{ value: '[email-2]', rationale: 'asked by [email-1]' }],
    })
    expect(masked.spans).toMatchObject([
      {
        spanId: trace.spans[0]?.spanId,
        outputs: { email: '[email-1]', nested: [{ password: '[secret-1]', pin: '[secret-2]', n: 7 }] },
        statusMessage: 'no mailbox [email-1]',
        attributes: { api_key: '[secret-3]' },
        events: [{ attributes: { 'exception.message': 'refused for [email-2]' } }],
      },
    ])
  })

  test('keeps the shape of odd JSON: a key named __proto__, nesting as deep as a parser allows', () => {
    const trace = traceSaying('tr-1', 'x')
    const deep: unknown = JSON.parse(`${'['.repeat(5_000)}"ana@example.com"${']'.repeat(5_000)}`)
    Object.assign(trace.spans[0] ?? {}, {
      inputs: JSON.parse('{"__proto__": {"a": "ana@example.com"}}'),
      outputs: deep,
    })
    const [span] = redact(trace).trace.spans
    expect(JSON.stringify(span?.inputs)).toBe('{"__proto__":{"a":"[email-1]"}}')
    let inside = span?.outputs
    let depth = 0
    for (; Array.isArray(inside); depth++) inside = inside[0]
    expect([depth, inside]).toEqual([5_000, '[email-1]'])
  })

  test('is what it was where redaction is off', () => {
    const trace = traceSaying('tr-1', 'ana@example.com')
    expect(redactNothing(trace).trace).toBe(trace)
  })
})

test('an Insight over traces with secrets leaves none of them anywhere, and its quotes stand in the traces as recorded', async () => {
  const secrets = ['ana@example.com', '4111 1111 1111 1111', 'sk-abcdefghijklmnop1234']
  const traces = secrets.flatMap((secret, index) => [
    traceSaying(`tr-${index}a`, `The refund I asked for by ${secret} has not arrived yet`, { user: secret }),
    traceSaying(`tr-${index}b`, `The refund of last week has not arrived: ${secret}`),
  ])
  const world = createPlainWorld(traces)
  await runInsight({ runId: 'run-1', spec: plainSpec }, world, { signal: new AbortController().signal })
  const left = JSON.stringify([
    [...world.tracking.artifacts],
    [...world.tracking.assessments],
    world.tracking.run,
    world.events,
    await Array.fromAsync(world.checkpoints.summaries()),
  ])
  for (const secret of secrets) expect(left).not.toContain(secret)
  expect(left).toContain('by [email-1] has not arrived yet')
  const evidence = (await Array.fromAsync(world.checkpoints.summaries()))
    .flat()
    .flatMap(({ summary }) => summary.evidence)
  expect(evidence.map(({ quote }) => quote)).toContain('The refund I asked for by')
  for (const { quote } of evidence) {
    expect(
      traces.some(({ info }) => info.requestPreview.includes(quote)),
      quote,
    ).toBe(true)
  }
})

test('patterns of one’s own come first, under their own names', () => {
  const { mask } = createRedactor({ patterns: [{ name: 'employee', find: toFindPlaces('EMP-\\d{6}') }] })(
    traceSaying('tr-1', ''),
  )
  expect(mask('EMP-123456 wrote to ana@example.com')).toBe('[employee-1] wrote to [email-1]')
})

test('a pattern that is too slow on a text is given up, and named', () => {
  let clock = 0
  const find = toFindPlaces('a.*b|a', { patience: 3, now: () => clock++ })
  expect(find('aa')).toHaveLength(2)
  expect(() => find('aaaaa')).toThrow(
    expect.objectContaining({ code: 'trace.unreadable', message: expect.stringContaining('a.*b|a') }),
  )
})

test.each([
  ['I wrote to [email-1] twice about the refund', 'twice about the refund'],
  ['nothing is masked here', 'nothing is masked here'],
  ['it is [email-1] or [phone-2]', undefined],
])('of the quote “%s” what can be quoted is %s', (quote, literal) => {
  expect(toLiteralQuote(quote)).toBe(literal)
})

const hostile = [
  'a', 'A', '1', '@', '-', '.', ':', '=', '/', '"', '\\', ' ', '\n', 'a@', 'a@b.', '1-', '1 ', '1.', '1:', '+1', '(1', '::',
  'password:', '"password":"', 'token=', 'eyJa.', '-----BEGIN PRIVATE KEY-----', 'https://a:', 'aB3', 'Bearer ', 'a (at) b',
  'DE12 3456 ', 'order 123-456-7890 ', '0123 ', '😀', '{"a":',
] // prettier-ignore

test.each(hostile)('a megabyte of %j takes no longer for each character than a tenth of it', (unit) => {
  const text = unit.repeat(Math.ceil(1_000_000 / unit.length))
  const time = (part: string): number => {
    const started = performance.now()
    maskOne(part)
    return performance.now() - started
  }
  time(text.slice(0, 100_000))
  const tenth = Math.max(20, time(text.slice(0, 100_000)))
  // Ten times the text in ten times the time; were it quadratic, it would take a hundred times.
  expect(time(text)).toBeLessThan(tenth * 40)
})
