import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cutSpans } from '#/server/mlflow/cut-spans.ts'
import { parseDurationMs, toTraceInfo, unquote } from '#/server/mlflow/decode-info.ts'
import { decodeSpans, toSpanId } from '#/server/mlflow/decode-spans.ts'
import { traceAnswer } from '#/server/mlflow/schemas.ts'

const expected = {
  spanId: '0eb7957ea5b85e8a',
  parentId: '6e4285a614bbe28f',
  name: 'llm',
  type: 'CHAT_MODEL',
  startMs: 1_795_168_800_001,
  endMs: 1_795_168_800_900,
  status: 'ERROR',
  statusMessage: 'boom',
  inputs: { q: 'hi', n: [1, 2.5, true, null] },
  outputs: 'plain text',
  attributes: { 'mlflow.llm.model': 'gpt' },
  events: [{ name: 'exception', timeMs: 1_795_168_800_500, attributes: { 'exception.message': '{"not":"parsed"}' } }],
}
const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')
const times = { start_time_unix_nano: 1_795_168_800_001_000_000, end_time_unix_nano: 1_795_168_800_900_000_000 }

describe('a span reads the same from', () => {
  test('traces/get: typed values', () => {
    const kv = (key: string, value: object) => ({ key, value })
    const list = [{ int_value: 1 }, { double_value: 2.5 }, { bool_value: true }, {}]
    const wire = {
      span_id: base64(expected.spanId),
      parent_span_id: base64(expected.parentId),
      name: 'llm',
      ...times,
      status: { code: 'STATUS_CODE_ERROR', message: 'boom' },
      attributes: [
        kv('mlflow.spanType', { string_value: 'CHAT_MODEL' }),
        kv('mlflow.traceRequestId', { string_value: 'tr-1' }),
        kv('mlflow.llm.model', { string_value: 'gpt' }),
        kv('mlflow.spanInputs', {
          kvlist_value: { values: [kv('q', { string_value: 'hi' }), kv('n', { array_value: { values: list } })] },
        }),
        kv('mlflow.spanOutputs', { string_value: 'plain text' }),
      ],
      events: [
        {
          name: 'exception',
          time_unix_nano: 1_795_168_800_500_000_000,
          attributes: [kv('exception.message', { string_value: '{"not":"parsed"}' })],
        },
      ],
    }
    expect(decodeSpans([wire])).toEqual([expected])
  })

  test('get-trace-artifact: JSON in strings', () => {
    const wire = {
      span_id: base64(expected.spanId),
      parent_span_id: base64(expected.parentId),
      name: 'llm',
      ...times,
      status: { code: 'STATUS_CODE_ERROR', message: 'boom' },
      attributes: {
        'mlflow.spanType': '"CHAT_MODEL"',
        'mlflow.traceRequestId': '"tr-1"',
        'mlflow.llm.model': '"gpt"',
        'mlflow.spanInputs': '{"q":"hi","n":[1,2.5,true,null]}',
        'mlflow.spanOutputs': 'plain text',
      },
      events: [
        {
          name: 'exception',
          time_unix_nano: 1_795_168_800_500_000_000,
          attributes: { 'exception.message': '{"not":"parsed"}' },
        },
      ],
    }
    expect(decodeSpans([wire])).toEqual([expected])
  })

  test('an artifact of MLflow 2', () => {
    const wire = {
      context: { trace_id: '0x01', span_id: `0x${expected.spanId}` },
      parent_id: expected.parentId,
      name: 'llm',
      start_time: times.start_time_unix_nano,
      end_time: times.end_time_unix_nano,
      status_code: 'ERROR',
      status_message: 'boom',
      attributes: {
        'mlflow.spanType': '"CHAT_MODEL"',
        'mlflow.llm.model': '"gpt"',
        'mlflow.spanInputs': '{"q": "hi", "n": [1, 2.5, true, null]}',
        'mlflow.spanOutputs': '"plain text"',
      },
      events: [
        {
          name: 'exception',
          timestamp: 1_795_168_800_500_000_000,
          attributes: { 'exception.message': '{"not":"parsed"}' },
        },
      ],
    }
    expect(decodeSpans([wire])).toEqual([expected])
  })
})

test('what is missing has a plain value, and what is no span is left out', () => {
  const bare = { spanId: '', parentId: null, name: '', type: 'UNKNOWN', startMs: 0, status: 'UNSET', statusMessage: '' }
  expect(decodeSpans([{}, null, 'x', []])).toEqual([
    { ...bare, inputs: null, outputs: null, attributes: {}, events: [] },
  ])
})

test('spans stand in order of their start', () => {
  const at = (start: number) => ({ name: String(start), start_time_unix_nano: start * 1e6 })
  expect(decodeSpans([at(3), at(1), at(2)]).map(({ name }) => name)).toEqual(['1', '2', '3'])
})

test('a hostile key does not reach the prototype', () => {
  const attributes = JSON.parse('{"__proto__":"{\\"polluted\\":true}"}') as object
  const [span] = decodeSpans([{ attributes }])
  expect(Object.getPrototypeOf(span?.attributes)).toBe(Object.prototype)
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

test('span ids come in hex, with 0x, and in base64', () => {
  expect(['0EB7957EA5B85E8A', '0x0eb7957ea5b85e8a', base64('0eb7957ea5b85e8a')].map(toSpanId)).toEqual(
    Array.from({ length: 3 }, () => '0eb7957ea5b85e8a'),
  )
  expect([toSpanId(''), toSpanId(null), toSpanId('odd')]).toEqual([null, null, 'odd'])
})

test('a trace record becomes milliseconds and numbers, one layer of quotes stripped', () => {
  const wire = {
    trace_id: 'tr-1',
    trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: '7' } },
    request_time: '2026-09-06T00:04:00.544Z',
    execution_duration: '10.777s',
    state: 'OK',
    tags: { 'mlflow.traceName': 'bot' },
    trace_metadata: {
      'mlflow.trace.session': '"sess-1"',
      'mlflow.trace.tokenUsage': '{"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}',
      'mlflow.trace.cost': '{"total_cost": 0.5}',
    },
    assessments: [
      {
        assessment_id: 'a',
        assessment_name: 'ok',
        feedback: { value: false },
        source: { source_type: 'AI_JUDGE', source_id: 'm' },
      },
      {
        assessment_id: 'b',
        assessment_name: 'gold',
        expectation: { serialized_value: { value: '{"x":1}' } },
        valid: false,
      },
    ],
  }
  const info = toTraceInfo(traceAnswer.parse({ trace: { trace_info: wire } }).trace.trace_info)
  expect(info).toMatchObject({
    experimentId: '7',
    name: 'bot',
    requestTimeMs: Date.UTC(2026, 8, 6, 0, 4, 0, 544),
    executionMs: 10_777,
    requestPreview: '',
    session: 'sess-1',
    tokens: { inputTokens: 3, outputTokens: 4, totalTokens: 7 },
    costUsd: 0.5,
    assessments: [
      { id: 'a', kind: 'feedback', value: false, valid: true, source: { type: 'LLM_JUDGE', id: 'm' } },
      { id: 'b', kind: 'expectation', value: { x: 1 }, valid: false },
    ],
  })
})

test('an empty record is read all the same', () => {
  const info = toTraceInfo(traceAnswer.parse({ trace: { trace_info: { trace_id: 'x' } } }).trace.trace_info)
  expect(info).toMatchObject({ traceId: 'x', state: 'STATE_UNSPECIFIED', requestTimeMs: 0, tags: {}, assessments: [] })
})

test('durations are exact to the millisecond, and only whole JSON strings are unquoted', () => {
  expect(['1.500s', '2s', '0.001s', '', 'x'].map(parseDurationMs)).toEqual([1500, 2000, 1, undefined, undefined])
  expect(['"a"', '"a', 'a', '"', '""', '"a" and "b"'].map(unquote)).toEqual(['a', '"a', 'a', '"', '', '"a" and "b"'])
})

test('of a body that was cut anywhere, the whole spans before the cut are kept', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue({ noUnicodeString: false }), { maxLength: 6 }),
      fc.nat(),
      fc.boolean(),
      (values, cut, pretty) => {
        const spans = values.map((value, i) => ({ name: `{"spans":[${i}`, value }))
        const bytes = Buffer.from(JSON.stringify({ info: { spans: [1] }, spans, more: [{}] }, null, pretty ? 2 : 0))
        const kept = cutSpans(bytes.subarray(0, cut % (bytes.length + 1)))
        expect(kept.spans).toEqual(JSON.parse(JSON.stringify(spans.slice(0, kept.spans.length))))
        if (cut % (bytes.length + 1) === bytes.length) expect(kept.spans).toHaveLength(spans.length)
      },
    ),
    { numRuns: 300 },
  )
})
