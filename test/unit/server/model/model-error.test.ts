// Refusals as other servers than OpenAI word them.
import { OpenAI } from 'openai'
import { expect, test } from 'vitest'
import { createDialects, learnFromRefusal } from '#/server/model/dialect.ts'
import { withOpenAiErrors } from '#/server/model/error-body.ts'
import { toModelError } from '#/server/model/model-error.ts'

const context = {
  endpoint: 'http://127.0.0.1:1/v1',
  model: 'm',
  variable: 'INSIGHTS_MODEL',
  timeoutMs: 1_000,
  hasTimedOut: false,
  now: 0,
}

/** The error that the openai package makes of an answer. */
async function answer(
  status: number,
  body: object | undefined,
  headers: Record<string, string> = {},
): Promise<unknown> {
  const respond = async () => new Response(body === undefined ? '' : JSON.stringify(body), { status, headers })
  const client = new OpenAI({
    apiKey: 'none',
    baseURL: context.endpoint,
    maxRetries: 0,
    fetch: withOpenAiErrors(respond),
  })
  return client.models.list().then(
    () => undefined,
    (error: unknown) => error,
  )
}

test.for([
  ['vLLM', 400, { message: "This model's maximum context length is 4096 tokens." }, 'model.too_long'],
  ['llama.cpp', 400, { error: { message: 'the request exceeds the available context size' } }, 'model.too_long'],
  ['Anthropic', 400, { error: { message: 'prompt is too long: 250000 tokens > 200000 maximum' } }, 'model.too_long'],
  ['a proxy', 413, undefined, 'model.too_long'],
  ['Azure', 400, { error: { code: 'content_filter', message: 'filtered' } }, 'model.refused'],
  ['Ollama', 404, { error: { message: 'model "m" not found' } }, 'model.not_found'],
  ['a gateway', 400, { error: { message: 'The model `m` does not exist' } }, 'model.not_found'],
  ['no credit', 429, { error: { code: 'insufficient_quota', message: 'quota' } }, 'model.unauthorized'],
  ['a busy proxy', 529, undefined, 'model.server_error'],
  ['a forbidden model', 403, undefined, 'model.unauthorized'],
  ['anything else', 400, { error: { message: 'bad tool' } }, 'model.invalid_request'],
] as const)('%s (%d)', async ([, status, body, code]) => {
  expect(toModelError(await answer(status, body), context)).toMatchObject({ code })
})

test('a 503 can say when to come back', async () => {
  expect(toModelError(await answer(503, undefined, { 'retry-after': '9' }), context)).toMatchObject({
    retryAfterMs: 9_000,
  })
})

test('a bug stays a bug', () => {
  const bug = new TypeError('x is not a function')
  expect(toModelError(bug, context)).toBe(bug)
})

test.for([
  [
    'Mistral',
    422,
    { detail: [{ type: 'extra_forbidden', loc: ['body', 'reasoning_effort'], msg: 'Extra inputs are not permitted' }] },
    'sendsReasoningEffort',
    false,
  ],
  [
    'OpenAI',
    400,
    {
      error: { param: 'temperature', message: "Unsupported value: 'temperature' does not support 0 with this model." },
    },
    'sendsTemperature',
    false,
  ],
  [
    'OpenAI, older',
    400,
    { error: { message: "Unsupported parameter: 'max_completion_tokens'" } },
    'tokenParameter',
    'max_tokens',
  ],
  ['DeepSeek', 400, { error: { message: 'This response_format type is unavailable now' } }, 'format', 'json_object'],
] as const)('what %s refuses is learned', async ([, status, body, property, learned]) => {
  const dialect = createDialects()('any')
  const sent = { ...dialect }
  expect(learnFromRefusal(dialect, await answer(status, body), sent)).toBe(true)
  expect(dialect[property]).toBe(learned)
})

test('a refusal that is about something else teaches nothing', async () => {
  const dialect = createDialects()('any')
  const before = { ...dialect }
  expect(learnFromRefusal(dialect, await answer(400, { error: { message: 'bad tool' } }), before)).toBe(false)
  expect(
    learnFromRefusal(dialect, await answer(500, { error: { message: 'temperature sensor failed' } }), before),
  ).toBe(false)
  expect(dialect).toEqual(before)
})
