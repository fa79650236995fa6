import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseConversations, readConversations } from '#/mocks/samples/authored.ts'
import { expandConversation } from '#/mocks/samples/expand.ts'
import type { TraceLine } from '#/mocks/samples/expand.ts'
import { readSamples } from '#/mocks/samples/samples.ts'
import { parseTraceLine } from '#/server/import/trace-line.ts'

const folder = join(import.meta.dirname, '../../../mocks/samples')
const conversations = await readConversations(folder)
const one = (line: object) => {
  const [conversation] = parseConversations('odd.jsonl', JSON.stringify(line))
  if (conversation === undefined) throw new Error('no line')
  return expandConversation(conversation)
}
const base = { id: 'odd-900', subtheme: 'none', at: '2026-09-01T10:00:00Z', user: 'u', lang: 'en' }

describe('the authored conversations', () => {
  test('are at least 300, in at least 10 themes and 4 languages, with ids used once', () => {
    expect(conversations.length).toBeGreaterThanOrEqual(300)
    expect(new Set(conversations.map((each) => each.id)).size).toBe(conversations.length)
    expect(new Set(conversations.map((each) => each.theme)).size).toBeGreaterThanOrEqual(10)
    expect(new Set(conversations.map((each) => each.lang)).size).toBeGreaterThanOrEqual(4)
  })

  test('have 1 to 12 turns of the customer and no two alike', () => {
    const counts = conversations.map((each) => each.turns.filter((turn) => 'user' in turn).length)
    expect(Math.min(...counts)).toBe(1)
    expect(Math.max(...counts)).toBeLessThanOrEqual(12)
    expect(Math.max(...counts)).toBeGreaterThanOrEqual(6)
    const texts = conversations.map((each) => JSON.stringify(each.turns))
    expect(new Set(texts).size).toBe(texts.length)
  })

  test('lie in September and October 2026', () => {
    for (const { id, at } of conversations) expect(at >= '2026-09-01' && at < '2026-11-01', `${id} at ${at}`).toBe(true)
  })
})

describe('reading authored lines', () => {
  test('an invalid line is named by file, line and field', () => {
    const good = JSON.stringify({ ...base, turns: [{ user: 'hi' }] })
    const bad = JSON.stringify({ ...base, turns: [{ user: 'hi' }, { assistant: 'hello', ms: 'fast' }] })
    expect(() => parseConversations('/x/bills.jsonl', `${good}\n${bad}`)).toThrow(/^bills\.jsonl:2: turns\.1\.ms: /)
    expect(() => parseConversations('bills.jsonl', `${good}\n{`)).toThrow('bills.jsonl:2: not valid JSON')
  })

  test('a line whose fields do not fit together is refused', () => {
    const refused = (line: object) => expect(() => one({ ...base, turns: [{ user: 'hi' }], ...line }))
    refused({ state: 'ERROR' }).toThrow(/state ERROR and error go together/)
    refused({ turns: [{ assistant: 'hi' }] }).toThrow(/the first turn is the user/)
    refused({ turns: [{ user: 'hi' }, { tool: 't', args: {}, result: 1, error: 'x' }] }).toThrow(
      /either a result or an error/,
    )
    refused({ turns: [{ user: 'hi', extra: 1 }] }).toThrow(/odd\.jsonl:1: turns\.0/)
  })
})

describe('expanding a conversation', () => {
  const trace = one({
    ...base,
    turns: [
      { user: 'my bill?' },
      { tool: 'get_bill', args: { month: '2026-08' }, result: { total: 9 }, ms: 640 },
      { tool: 'get_tariff', args: {}, error: 'upstream timeout', ms: 10_000 },
      { search: 'bills', docs: [{ title: 'Bills', text: 'About bills' }], ms: 180 },
      { assistant: 'It is 9.', ms: 2100 },
      { user: 'thanks' },
    ],
    feedback: [{ name: 'user_satisfied', value: false, by: 'human', comment: 'slow' }],
  })
  const root = trace.spans[0]

  test('gives a root span whose inputs and outputs are the whole conversation', () => {
    const inputs = root?.inputs as { messages: { role: string }[] }
    const outputs = root?.outputs as { messages: { role: string; content: string }[] }
    expect(inputs.messages.map((message) => message.role)).toEqual([
      'system',
      'user',
      'assistant',
      'tool',
      'assistant',
      'tool',
      'assistant',
      'tool',
    ])
    expect(outputs.messages.map((message) => message.content)).toEqual(['It is 9.', 'thanks'])
    expect(root).toMatchObject({ parent_id: null, span_type: 'AGENT', status: 'OK' })
  })

  test('gives a span for every model call, tool and look-up, one after the other', () => {
    expect(trace.spans.map((span) => [span.name, span.span_type, span.status])).toEqual([
      ['nora', 'AGENT', 'OK'],
      ['chat', 'CHAT_MODEL', 'OK'],
      ['get_bill', 'TOOL', 'OK'],
      ['chat', 'CHAT_MODEL', 'OK'],
      ['get_tariff', 'TOOL', 'ERROR'],
      ['chat', 'CHAT_MODEL', 'OK'],
      ['search_help_centre', 'RETRIEVER', 'OK'],
      ['chat', 'CHAT_MODEL', 'OK'],
    ])
    const children = trace.spans.slice(1)
    for (const [index, span] of children.entries()) {
      const before = children[index - 1]
      if (before !== undefined) expect(BigInt(span.start_time_unix_nano) > BigInt(before.end_time_unix_nano)).toBe(true)
    }
    expect(children.at(-1)?.end_time_unix_nano).toBe(root?.end_time_unix_nano)
    expect(trace.execution_duration_ms).toBeGreaterThan(640 + 10_000 + 180 + 2100)
  })

  test('tells an error by status, message and exception event', () => {
    expect(trace.spans[4]).toMatchObject({
      outputs: null,
      status_message: 'upstream timeout',
      events: [{ name: 'exception', attributes: { 'exception.message': 'upstream timeout' } }],
    })
  })

  test('counts tokens over a history that grows', () => {
    const usage = trace.spans.flatMap(
      (span) => (span.attributes?.['token_usage'] as { input_tokens: number } | undefined)?.input_tokens ?? [],
    )
    expect(usage).toHaveLength(4)
    expect(usage).toEqual([...usage].sort((a, b) => a - b))
    expect(new Set(usage).size).toBe(4)
  })

  test('a run that broke off in the model ends with a failed model call and a failed root', () => {
    const broken = one({
      ...base,
      turns: [{ user: 'hi' }],
      state: 'ERROR',
      error: 'RateLimitError: 429 from model provider',
    })
    expect(broken).toMatchObject({ state: 'ERROR', response_preview: '' })
    expect(broken.spans.map((span) => span.status)).toEqual(['ERROR', 'ERROR'])
    expect(broken.spans[1]?.events?.[0]?.attributes).toEqual({
      'exception.type': 'RateLimitError',
      'exception.message': 'RateLimitError: 429 from model provider',
    })
  })

  test('keeps theme and id out of everything but the labels', () => {
    const { labels, ...sent } = trace
    expect(labels).toEqual({ theme: 'odd', subtheme: 'none' })
    expect(JSON.stringify(sent)).not.toContain('odd-900')
  })
})

describe('the sample traces', () => {
  test(
    'are what the import command reads, in order of time, and the same every time',
    { timeout: 60_000 },
    async () => {
      const digest = async () => {
        const hash = createHash('sha256')
        let last = ''
        for await (const trace of readSamples()) {
          expect(trace.request_time >= last).toBe(true)
          last = trace.request_time
          const text = JSON.stringify(trace satisfies TraceLine)
          parseTraceLine({ number: 1, text })
          hash.update(text)
        }
        return hash.digest('hex')
      }
      expect(await digest()).toBe(await digest())
    },
  )
})
