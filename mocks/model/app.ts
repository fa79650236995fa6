// The routes of the stand-in.
import { hash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { ApiError, tooLong, unsupported } from './api-error.ts'
import { answerChat, ChatRequest, checkChat, checkModel, countTokens, toChunks, toCompletion } from './chat.ts'
import { embed } from './embed.ts'
import { type FaultKind, pickFault } from './faults.ts'
import { type ModelServerOptions, OptionsSchema } from './options.ts'

type Env = { Bindings: HttpBindings }

/** One request as it was met. */
export type Call = {
  path: '/v1/chat/completions' | '/v1/embeddings'
  model: string
  /** The name of the schema asked for, empty without one. */
  schemaName: string
  fault: FaultKind | undefined
  arrivedAtMs: number
  /** 0 where the connection was dropped or left hanging. */
  status: number
  /** Forgotten when a thousand more have come. */
  body: unknown
}

export type ModelState = {
  options: ModelServerOptions
  calls: Call[]
  /** How often each body has come, by its hash. */
  attempts: Map<string, number>
  seenPrefixes: Set<string>
}

const EmbeddingRequest = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(z.string())]),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.number().int().positive().max(4096).nullish(),
})

/** How many calls are kept, and how many with their bodies: a long run must not fill the memory with prompts. */
const mostCalls = 50_000
const mostBodies = 1_000

export function createModelApp(state: ModelState): Hono<Env> {
  const app = new Hono<Env>()

  app.onError((error, c) => {
    if (!(error instanceof ApiError)) throw error
    return c.json(error.toBody(), error.status, error.headers)
  })
  app.notFound((c) => c.json(new ApiError(404, `Unknown request URL: ${c.req.method} ${c.req.path}.`).toBody(), 404))

  app.use('/v1/*', async (c, next) => {
    const { apiKey } = state.options
    if (apiKey !== '' && c.req.header('authorization') !== `Bearer ${apiKey}`) {
      throw new ApiError(401, 'Incorrect API key provided.', { code: 'invalid_api_key' })
    }
    await next()
  })

  app.post('/v1/chat/completions', async (c) => {
    const { request, call } = await receive(c, ChatRequest, state, { path: '/v1/chat/completions', hasWords: true })
    const format = request.response_format as { json_schema?: { name?: string } } | null | undefined
    call.schemaName = format?.json_schema?.name ?? ''
    return meet(c, call, state, async () => {
      checkChat(request, state.options)
      const answer = answerChat(request, call.fault, state.options, state.seenPrefixes)
      const { tokensPerSecond } = state.options
      const writingMs = tokensPerSecond === 0 ? 0 : (answer.usage.completion_tokens / tokensPerSecond) * 1000
      if (request.stream !== true) {
        // A timer of nothing still takes a millisecond.
        if (writingMs > 0) await sleep(writingMs)
        return c.json(toCompletion(answer))
      }
      const chunks = [...toChunks(answer, request.stream_options?.include_usage === true)]
      return c.body(toStream(chunks, writingMs), 200, { 'content-type': 'text/event-stream' })
    })
  })

  app.post('/v1/embeddings', async (c) => {
    const { request, call } = await receive(c, EmbeddingRequest, state, { path: '/v1/embeddings', hasWords: false })
    return meet(c, call, state, async () => {
      checkModel(request.model, state.options)
      if (state.options.refuses.includes('encoding_format') && request.encoding_format != null) {
        throw unsupported('encoding_format')
      }
      if (call.fault === 'malformed') return c.body('{"object": "list", "data": [{"embed', 200, json)
      const texts = typeof request.input === 'string' ? [request.input] : request.input
      if (texts.length === 0 || texts.length > 2048 || texts.includes('')) {
        throw new ApiError(400, "'$.input' is invalid. It must hold 1 to 2048 texts, none empty.", { param: 'input' })
      }
      const tokens = texts.reduce((sum, text) => sum + countTokens(text), 0)
      if (tokens > state.options.maxInputTokens) throw tooLong(tokens, state.options.maxInputTokens)
      const dims = request.dimensions ?? state.options.dims
      const data = texts.map((text, index) => {
        const vector = embed(text, dims)
        return {
          object: 'embedding',
          index,
          embedding: request.encoding_format === 'base64' ? toBase64(vector) : vector,
        }
      })
      return c.json({
        object: 'list',
        data,
        model: request.model,
        usage: { prompt_tokens: tokens, total_tokens: tokens },
      })
    })
  })

  app.get('/v1/models', (c) => {
    const models = state.options.models.length > 0 ? state.options.models : ['stand-in', 'stand-in-embedding']
    const data = models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'trace-insights' }))
    return c.json({ object: 'list', data })
  })

  app.get('/control', (c) => c.json({ options: state.options, calls: countCalls(state.calls) }))
  app.post('/control', async (c) => {
    const changes = OptionsSchema.partial().safeParse(await c.req.json().catch(() => undefined))
    if (!changes.success) throw new ApiError(400, z.prettifyError(changes.error))
    const { options } = state
    state.options = {
      ...options,
      ...Object.fromEntries(Object.entries(changes.data).filter(([, value]) => value !== undefined)),
    }
    return c.json({ options: state.options })
  })
  app.post('/control/reset', (c) => {
    state.calls.length = 0
    state.attempts.clear()
    state.seenPrefixes.clear()
    return c.body(null, 204)
  })

  return app
}

const json = { 'content-type': 'application/json' }

async function receive<T extends z.ZodType<{ model: string }>>(
  c: Context<Env>,
  schema: T,
  state: ModelState,
  about: { path: Call['path']; hasWords: boolean },
): Promise<{ request: z.infer<T>; call: Call }> {
  const arrivedAtMs = performance.now()
  const text = await c.req.text()
  const parsed = schema.safeParse(tryParse(text))
  if (!parsed.success) throw new ApiError(400, `The request is not valid: ${z.prettifyError(parsed.error)}`)
  const key = hash('sha256', text, 'base64')
  const attempt = (state.attempts.get(key) ?? 0) + 1
  state.attempts.set(key, attempt)
  const { seed, faults } = state.options
  const fault = pickFault({ body: text, attempt, hasWords: about.hasWords }, { seed, rates: faults })
  const call: Call = {
    path: about.path,
    model: parsed.data.model,
    schemaName: '',
    fault,
    arrivedAtMs,
    status: 200,
    body: parsed.data,
  }
  if (state.calls.length === mostCalls) state.calls.shift()
  const old = state.calls.at(-mostBodies)
  if (old !== undefined) old.body = undefined
  state.calls.push(call)
  return { request: parsed.data, call }
}

/** Fails or answers, as long after the request came as told. */
async function meet(
  c: Context<Env>,
  call: Call,
  { options }: ModelState,
  answer: () => Promise<Response>,
): Promise<Response> {
  await sleep(Math.max(0, Math.round(call.arrivedAtMs + options.latencyMs - performance.now())))
  try {
    const dropped = await failWithStatus(c, call.fault, options)
    if (dropped !== undefined) {
      call.status = 0
      return dropped
    }
    return await answer()
  } catch (error) {
    if (error instanceof ApiError) call.status = error.status
    throw error
  }
}

async function failWithStatus(
  c: Context<Env>,
  fault: FaultKind | undefined,
  { retryAfterMs }: ModelServerOptions,
): Promise<Response | undefined> {
  const headers: Record<string, string> = {
    'retry-after': String(Math.ceil(retryAfterMs / 1000)),
    ...(retryAfterMs < 1000 ? { 'retry-after-ms': String(retryAfterMs) } : {}),
  }
  switch (fault) {
    case 'rate_limit':
      throw new ApiError(429, 'Rate limit reached.', { type: 'requests', code: 'rate_limit_exceeded' })
    case 'rate_limit_after':
      throw new ApiError(429, 'Rate limit reached.', { type: 'requests', code: 'rate_limit_exceeded', headers })
    case 'error_500':
      throw new ApiError(500, 'The server had an error while processing your request.', { type: 'server_error' })
    case 'error_503':
      throw new ApiError(503, 'The engine is currently overloaded.', { type: 'server_error', headers })
    case 'reset':
      c.env.incoming.socket.destroy()
      return new Response(null, { status: 500 })
    case 'hang': {
      const { promise, resolve } = Promise.withResolvers<void>()
      c.env.incoming.socket.once('close', () => resolve())
      await promise
      return new Response(null, { status: 500 })
    }
    default:
      return undefined
  }
}

function toStream(chunks: readonly string[], writingMs: number): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const left = chunks[Symbol.iterator]()
  return new ReadableStream({
    async pull(controller) {
      const next = left.next()
      if (next.done === true) return controller.close()
      await sleep(writingMs / chunks.length)
      controller.enqueue(encoder.encode(next.value))
    },
  })
}

function toBase64(vector: readonly number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString('base64')
}

function countCalls(calls: readonly Call[]): Record<string, Record<string, number>> {
  const count = (keyOf: (call: Call) => string): Record<string, number> =>
    Object.fromEntries([...Map.groupBy(calls, keyOf)].map(([key, all]) => [key, all.length]))
  return {
    by_path: count(({ path }) => path),
    by_schema: count(({ schemaName }) => schemaName || 'none'),
    by_status: count(({ status }) => String(status)),
    by_fault: count(({ fault }) => fault ?? 'none'),
  }
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
