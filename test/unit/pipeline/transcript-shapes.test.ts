import { describe, expect, test } from 'vitest'
import type { Span, Trace } from '#/pipeline/trace.ts'
import { createRepeatedText } from '#/pipeline/transcript/repeated-text.ts'
import { toTranscript } from '#/pipeline/transcript/to-transcript.ts'

let spanNumber = 0

function aSpan(different: Partial<Span>): Span {
  return {
    spanId: `span-${++spanNumber}`,
    parentId: null,
    name: 'root',
    type: 'AGENT',
    startMs: 0,
    endMs: 10,
    status: 'OK',
    statusMessage: '',
    inputs: null,
    outputs: null,
    attributes: {},
    events: [],
    ...different,
  }
}

function aTrace(spans: Span[], different: Partial<Trace['info']> = {}): Trace {
  return {
    info: {
      traceId: 'tr-1',
      experimentId: '1',
      state: 'OK',
      requestTimeMs: 0,
      requestPreview: '',
      responsePreview: '',
      tags: {},
      metadata: {},
      assessments: [],
      ...different,
    },
    spans,
    readShare: 1,
  }
}

/** The turns as short lines: kind, name where there is one, text. */
function read(...spans: Span[]): string[] {
  return toTranscript(aTrace(spans), { known: createRepeatedText() }).turns.map(
    (turn) => `${turn.kind}${turn.name === undefined ? '' : ` ${turn.name}`}: ${turn.text}`,
  )
}

const lamp = 'I want to return a lamp.'

describe('chat messages of the usual vendors', () => {
  test('OpenAI chat completions with content parts, tool calls and tool results', () => {
    expect(
      read(
        aSpan({
          inputs: {
            model: 'gpt-4.1',
            temperature: 0,
            messages: [
              { role: 'developer', content: 'Be kind.' },
              {
                role: 'user',
                content: [
                  { type: 'text', text: lamp },
                  { type: 'image_url', image_url: { url: 'https://x.test/lamp.png' } },
                ],
              },
              {
                role: 'assistant',
                content: null,
                tool_calls: [{ id: 'c1', type: 'function', function: { name: 'find_order', arguments: '{"id":7}' } }],
              },
              { role: 'tool', tool_call_id: 'c1', content: 'delivered' },
            ],
          },
          outputs: {
            id: 'x',
            object: 'chat.completion',
            choices: [
              { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'It is on its way back.' } },
            ],
            usage: { total_tokens: 3 },
          },
        }),
      ),
    ).toEqual([
      'system: Be kind.',
      `user: ${lamp}`,
      'user: [image: https://x.test/lamp.png]',
      'tool_call find_order: {"id":7}',
      'tool_result find_order: delivered',
      'assistant: It is on its way back.',
    ])
  })

  test('the OpenAI Responses API with function call items and reasoning', () => {
    expect(
      read(
        aSpan({
          inputs: {
            instructions: 'Be brief.',
            input: [
              { role: 'user', content: [{ type: 'input_text', text: lamp }] },
              { type: 'function_call', call_id: 'c1', name: 'find_order', arguments: '{}' },
              { type: 'function_call_output', call_id: 'c1', output: 'delivered' },
            ],
          },
          outputs: {
            output: [
              { type: 'reasoning', summary: [{ type: 'summary_text', text: 'They want a return.' }] },
              {
                type: 'message',
                role: 'assistant',
                content: [{ type: 'output_text', text: 'Return started.', annotations: [] }],
              },
            ],
            output_text: 'Return started.',
          },
        }),
      ),
    ).toEqual([
      'system: Be brief.',
      `user: ${lamp}`,
      'tool_call find_order: {}',
      'tool_result find_order: delivered',
      'data thinking: They want a return.',
      'assistant: Return started.',
    ])
  })

  test('Anthropic blocks: text, thinking, tool_use, tool_result and its errors', () => {
    expect(
      read(
        aSpan({
          inputs: {
            system: [{ type: 'text', text: 'Be fair.' }],
            messages: [
              { role: 'user', content: lamp },
              {
                role: 'assistant',
                content: [
                  { type: 'thinking', thinking: 'Look it up.', signature: 'zz' },
                  { type: 'tool_use', id: 't1', name: 'find_order', input: { id: 7 } },
                ],
              },
              {
                role: 'user',
                content: [
                  {
                    type: 'tool_result',
                    tool_use_id: 't1',
                    is_error: true,
                    content: [{ type: 'text', text: 'order service down' }],
                  },
                ],
              },
            ],
          },
          outputs: {
            id: 'm',
            type: 'message',
            role: 'assistant',
            content: [{ type: 'text', text: 'I could not look it up.' }],
            stop_reason: 'end_turn',
            usage: {},
          },
        }),
      ),
    ).toEqual([
      'system: Be fair.',
      `user: ${lamp}`,
      'data thinking: Look it up.',
      'tool_call find_order: {"id":7}',
      'error find_order: order service down',
      'assistant: I could not look it up.',
    ])
  })

  test('LangChain messages, plain and serialized, and generations', () => {
    expect(
      read(
        aSpan({
          inputs: {
            messages: [
              [
                {
                  lc: 1,
                  type: 'constructor',
                  id: ['langchain', 'schema', 'messages', 'SystemMessage'],
                  kwargs: { content: 'Be quick.' },
                },
                { type: 'human', content: lamp, additional_kwargs: {}, response_metadata: {} },
                { type: 'ai', content: '', tool_calls: [{ name: 'find_order', args: { id: 7 }, id: 'c1' }] },
                { type: 'tool', content: 'delivered', tool_call_id: 'c1' },
              ],
            ],
          },
          outputs: {
            generations: [
              [
                {
                  text: 'Done.',
                  generation_info: { finish_reason: 'stop' },
                  message: {
                    lc: 1,
                    type: 'constructor',
                    id: ['langchain', 'schema', 'messages', 'AIMessage'],
                    kwargs: { content: 'Done.' },
                  },
                },
              ],
            ],
            llm_output: null,
          },
        }),
      ),
    ).toEqual([
      'system: Be quick.',
      `user: ${lamp}`,
      'tool_call find_order: {"id":7}',
      'tool_result find_order: delivered',
      'assistant: Done.',
    ])
  })

  test('Gemini contents, parts and function calls', () => {
    expect(
      read(
        aSpan({
          inputs: {
            systemInstruction: { parts: [{ text: 'Be exact.' }] },
            contents: [
              { role: 'user', parts: [{ text: lamp }, { inlineData: { mimeType: 'image/png', data: 'aGk=' } }] },
              { role: 'model', parts: [{ functionCall: { name: 'find_order', args: { id: 7 } } }] },
              { role: 'user', parts: [{ functionResponse: { name: 'find_order', response: { state: 'delivered' } } }] },
            ],
          },
          outputs: {
            candidates: [{ content: { parts: [{ text: 'Sent.' }] }, finishReason: 'STOP' }],
            usageMetadata: {},
          },
        }),
      ),
    ).toEqual([
      'system: Be exact.',
      `user: ${lamp}`,
      'user: [image/png]',
      'tool_call find_order: {"id":7}',
      'tool_result find_order: {"state":"delivered"}',
      'assistant: Sent.',
    ])
  })

  test.each([
    [lamp, 'Done.'],
    [{ question: lamp }, { answer: 'Done.' }],
    [{ query: lamp, k: 3 }, { response: 'Done.' }],
    [{ input: lamp }, { output: 'Done.' }],
    [{ x: lamp }, { y: 'Done.' }],
    [
      JSON.stringify({ messages: [{ role: 'user', content: lamp }] }),
      JSON.stringify({ role: 'assistant', content: 'Done.' }),
    ],
  ])('plain questions and answers: %j', (inputs, outputs) => {
    const lines = read(aSpan({ inputs, outputs }))
    expect(lines[0]).toBe(`user: ${lamp}`)
    expect(lines.at(-1)).toBe('assistant: Done.')
  })

  test('arbitrary JSON is kept as data', () => {
    expect(read(aSpan({ inputs: { a: { b: ['one', 2] }, c: 'two' }, outputs: 7 }))).toEqual([
      'data: {"a":{"b":["one",2]},"c":"two"}',
      'data: 7',
    ])
  })

  test('attachments and base64 become placeholders, long words stay', () => {
    const noise = Array.from({ length: 600 }, (_, i) => 'aB3dE5fG7hJ9kLmNpQrStUvWxYz2468+/'[(i * 7) % 33]).join('')
    const lines = read(
      aSpan({
        inputs: {
          question: `see mlflow-attachment://att-1?content_type=image%2Fpng and ${noise} and ${'x'.repeat(500)}`,
        },
        outputs: 'data:audio/mp3;base64,QUJD',
      }),
    )
    expect(lines[0]).toMatch(/^user: see \[attachment: image\/png\] and \[base64, \d kB\] and x{500}$/)
    expect(lines[1]).toBe('assistant: [audio/mp3, 1 kB]')
  })
})

describe('spans of one trace', () => {
  const history = [
    { role: 'user', content: lamp },
    { role: 'assistant', content: 'Which order?' },
    { role: 'user', content: 'yes' },
    { role: 'assistant', content: 'Sure?' },
    { role: 'user', content: 'yes' },
  ]
  const chat = (length: number, answer: string, at: number): Span =>
    aSpan({
      parentId: 'root',
      name: 'chat',
      type: 'CHAT_MODEL',
      startMs: at,
      endMs: at + 5,
      inputs: { messages: [{ role: 'system', content: 'Policy.' }, ...history.slice(0, length)] },
      outputs: { role: 'assistant', content: answer },
    })

  test('the growing history of model calls is read once, repeated words included', () => {
    const lines = read(
      aSpan({ spanId: 'root', inputs: null }),
      chat(1, 'Which order?', 1),
      chat(3, 'Sure?', 11),
      chat(5, 'Done.', 21),
    )
    expect(lines).toEqual([
      'system: Policy.',
      `user: ${lamp}`,
      'assistant: Which order?',
      'user: yes',
      'assistant: Sure?',
      'user: yes',
      'assistant: Done.',
    ])
  })

  test('the root conversation comes first; tools and retrieval stand between the messages where they happened', () => {
    const lines = read(
      aSpan({
        spanId: 'root',
        startMs: 0,
        endMs: 100,
        inputs: { messages: history.slice(0, 3) },
        outputs: { messages: [{ role: 'assistant', content: 'Done.' }] },
      }),
      chat(1, 'Which order?', 5),
      aSpan({
        parentId: 'root',
        name: 'help',
        type: 'RETRIEVER',
        startMs: 12,
        endMs: 13,
        inputs: { query: 'returns' },
        outputs: [{ page_content: 'Returns are free.', metadata: { title: 'Returns' } }],
      }),
      aSpan({
        parentId: 'root',
        name: 'start_return',
        type: 'TOOL',
        startMs: 20,
        endMs: 25,
        inputs: { order: 7 },
        outputs: 'started',
      }),
    )
    expect(lines).toEqual([
      `user: ${lamp}`,
      'system: Policy.',
      'assistant: Which order?',
      'user: yes',
      'retrieval help query: returns',
      'retrieval Returns: Returns are free.',
      'tool_call start_return: {"order":7}',
      'tool_result start_return: started',
      'assistant: Done.',
    ])
  })

  test('a tool span is the same event as the message that called it, and is credited with its result', () => {
    const trace = aTrace([
      aSpan({
        spanId: 'root',
        inputs: {
          messages: [
            history[0],
            {
              role: 'assistant',
              content: null,
              tool_calls: [{ id: 'c', function: { name: 'find', arguments: '{"a": 1}' } }],
            },
            { role: 'tool', tool_call_id: 'c', content: 'found it' },
          ],
        },
        outputs: 'Done.',
      }),
      aSpan({ spanId: 'tool', parentId: 'root', name: 'find', type: 'TOOL', inputs: { a: 1 }, outputs: 'found it' }),
    ])
    const { turns } = toTranscript(trace, { known: createRepeatedText() })
    expect(turns.map(({ kind, spanId }) => [kind, spanId])).toEqual([
      ['user', 'root'],
      ['tool_call', 'root'],
      ['tool_result', 'tool'],
      ['assistant', 'root'],
    ])
  })

  test('errors are told once, with their exception, where they happened', () => {
    const lines = read(
      aSpan({ spanId: 'root', status: 'ERROR', statusMessage: 'TimeoutError: upstream took too long', inputs: lamp }),
      aSpan({
        parentId: 'root',
        name: 'get_bill',
        type: 'TOOL',
        startMs: 3,
        inputs: {},
        status: 'ERROR',
        events: [
          {
            name: 'exception',
            attributes: {
              'exception.type': 'TimeoutError',
              'exception.message': 'upstream took too long',
              'exception.stacktrace': 'at line 1',
            },
          },
        ],
      }),
    )
    expect(lines).toContain('error TimeoutError: upstream took too long')
    expect(lines.filter((line) => line.includes('upstream took too long'))).toHaveLength(2)
    expect(lines).toContain('error stack trace: at line 1')
  })

  test('a failed tool that says why only in its output is an error', () => {
    expect(
      read(
        aSpan({
          name: 'get_bill',
          type: 'TOOL',
          inputs: { month: 8 },
          status: 'ERROR',
          outputs: 'Error: no such month',
        }),
      ),
    ).toEqual(['tool_call get_bill: {"month":8}', 'error get_bill: Error: no such month'])
  })

  test('without spans the previews are read', () => {
    const transcript = toTranscript(
      { ...aTrace([], { requestPreview: lamp, responsePreview: 'Done.' }), readShare: 0 },
      { known: createRepeatedText() },
    )
    expect(transcript.turns.map((turn) => turn.text)).toEqual([lamp, 'Done.'])
    expect(transcript.readShare).toBe(0)
  })

  test('a trace that says nothing is refused as empty', () => {
    expect(() =>
      toTranscript(aTrace([aSpan({ inputs: '  ', outputs: null })]), { known: createRepeatedText() }),
    ).toThrow(expect.objectContaining({ code: 'trace.empty' }))
  })

  test('feedback is carried along, our own summaries are not', () => {
    const assessment = {
      kind: 'feedback' as const,
      source: { type: 'HUMAN' as const, id: 'x' },
      metadata: {},
      valid: true,
    }
    const trace = aTrace([aSpan({ inputs: lamp })], {
      assessments: [
        { ...assessment, id: 'a', name: 'happy', value: false, rationale: 'slow' },
        { ...assessment, id: 'b', name: 'insight_summary', value: 'x' },
      ],
    })
    expect(toTranscript(trace, { known: createRepeatedText() }).feedback).toEqual([
      { name: 'happy', value: false, comment: 'slow' },
    ])
  })
})
