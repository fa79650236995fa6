// The model's two functions over a real endpoint: each answer typed, each failure translated, retried and counted.
import { OpenAI } from 'openai'
import type {
  ChatCompletion,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions'
import type { CreateEmbeddingResponse } from 'openai/resources/embeddings'
import { AppError } from '#/pipeline/errors.ts'
import { addUsage, noUsage, type Usage } from '#/pipeline/insight.ts'
import {
  type Complete,
  type CompleteRequest,
  type EmbedTexts,
  type ModelRole,
  withUsage,
} from '#/pipeline/model/complete.ts'
import { estimateTokens } from '#/pipeline/model/tokens.ts'
import { type RetryPolicy, type Sleep, sleepFor, withRetries } from '#/pipeline/retry.ts'
import type { Config } from '#/server/config.ts'
import {
  createDialects,
  type Dialect,
  type Dialects,
  isThinkingModel,
  learnFromAnswer,
  learnFromRefusal,
  mustShowSchema,
} from './dialect.ts'
import { withOpenAiErrors } from './error-body.ts'
import { leanFetch } from './lean-fetch.ts'
import { createLimiter, type Limiter, toLimiterOptions } from './limiter.ts'
import { refused, toHiddenError, toModelError } from './model-error.ts'
import { type Prices, toCostUsd } from './prices.ts'
import {
  parseAnswer,
  toRepairMessage,
  toResponseFormat,
  toSchemaInstruction,
  toStrictJsonSchema,
} from './structured-output.ts'

export type ModelPorts = { complete: Complete; embedTexts: EmbedTexts }

export type ModelConfig = Pick<
  Config['model'],
  | 'apiKey'
  | 'baseUrl'
  | 'thinking'
  | 'reasoningEffort'
  | 'summary'
  | 'embedding'
  | 'concurrency'
  | 'requestsPerMinute'
  | 'tokensPerMinute'
> & { /** List prices where left out. */ prices?: Prices }

export type OnCall = (outcome: string, seconds: number) => void

export type ModelPortsOptions = {
  fetch?: typeof fetch
  retry?: Partial<RetryPolicy>
  sleep?: Sleep
  random?: () => number
  now?: () => number
  /** Sent where the endpoint takes it, so that the same question tends to get the same answer. */
  seed?: number
  /** Shared by everything that talks to the same endpoint, so that limits and refusals are learned once. */
  limiter?: Limiter
  /** Whose calls these are: of several jobs each has its turn. */
  job?: string
  dialects?: Dialects
  /** Told how each call ended (`ok`, or the code of its error) and how long it took. */
  onCall?: OnCall
}

export const openAiUrl = 'https://api.openai.com/v1'
const defaultRetry: RetryPolicy = {
  maxRetries: 6,
  backoffMs: 1_000,
  maxBackoffMs: 30_000,
  maxRetryAfterMs: 600_000,
  // What is wrong rather than late is seldom right the third time, and each try is paid for.
  maxRetriesFor: { 'model.bad_answer': 2, 'model.timeout': 2 },
}
/** Tokens a model may think before it answers; they count as output. */
const thinkingTokens = { minimal: 500, low: 3_000, medium: 10_000, high: 30_000 } as const
/** A summary is no riddle: little thought is enough, whatever the thinking model is allowed. */
const summaryEffort = 'low'
/** More than any dialect has steps to learn. */
const mostRefusals = 8

/**
 * Talks to the configured OpenAI-compatible endpoint. Throws `model.*` errors after bounded retries; the signal's reason
 * when it aborts.
 */
export function createModelPorts(config: ModelConfig, options: ModelPortsOptions = {}): ModelPorts {
  const endpoint = config.baseUrl ?? openAiUrl
  // Every argument is given, for the package would read the environment for those that are not.
  const client = new OpenAI({
    apiKey: config.apiKey ?? 'none',
    baseURL: endpoint,
    organization: null,
    project: null,
    maxRetries: 0,
    logLevel: 'off',
    fetch: withOpenAiErrors(options.fetch ?? leanFetch),
  })
  const limiter = options.limiter ?? createLimiter(toLimiterOptions(config))
  const dialects = options.dialects ?? createDialects()
  const now = options.now ?? Date.now
  const retry = (signal: AbortSignal) => ({
    ...defaultRetry,
    ...options.retry,
    signal,
    sleep: options.sleep ?? sleepFor,
    random: options.random ?? Math.random,
  })

  const callOf = (signal: AbortSignal, tokens: number) => ({ signal, job: options.job ?? '', tokens })

  /** One exchange within its time, in a dialect that the endpoint understands. */
  const exchange = async <T>(
    call: { model: string; variable: string; timeoutMs: number; signal: AbortSignal },
    dialect: Dialect,
    send: (dialect: Readonly<Dialect>, signal: AbortSignal, timeoutMs: number) => Promise<T>,
  ): Promise<T> => {
    for (let refusals = 0; ; refusals++) {
      const sent = { ...dialect }
      // The package's own clock stops at the headers; a body that never ends needs one that does not.
      const clock = AbortSignal.timeout(call.timeoutMs)
      const startedAt = performance.now()
      const tell = (outcome: string): void => options.onCall?.(outcome, (performance.now() - startedAt) / 1_000)
      try {
        const answer = await send(sent, AbortSignal.any([call.signal, clock]), call.timeoutMs * 2)
        tell('ok')
        return answer
      } catch (error) {
        call.signal.throwIfAborted()
        if (refusals < mostRefusals && learnFromRefusal(dialect, error, sent)) continue
        const translated = toModelError(error, { ...call, endpoint, hasTimedOut: clock.aborted, now: now() })
        tell(translated instanceof AppError ? translated.code : 'internal')
        // Whoever is told to wait speaks for all: the others would only be told the same.
        const waitMs = translated instanceof AppError ? (translated.retryAfterMs ?? 0) : 0
        if (waitMs <= defaultRetry.maxRetryAfterMs) limiter.pause(waitMs)
        throw translated
      }
    }
  }

  const complete: Complete = async (request, { signal }) => {
    const { model, variable, effort } = modelFor(request.model, config)
    const dialect = dialects(model)
    const jsonSchema = toStrictJsonSchema(request.schema)
    let usage = noUsage
    let answerTokens = request.maxOutputTokens
    let isSchemaIgnored = false
    const ask = (messages: readonly ChatCompletionMessageParam[]): Promise<string> =>
      limiter.run(
        async (meter) => {
          const call = { model, variable, timeoutMs: request.timeoutMs + thinkingTokens[effort] * 20, signal }
          const answer = await exchange(call, dialect, (sent, callSignal, timeout) =>
            client.chat.completions.create(
              toParameters(
                {
                  request,
                  model,
                  effort,
                  messages,
                  answerTokens,
                  jsonSchema,
                  isSchemaIgnored,
                  seed: options.seed ?? 7,
                },
                sent,
              ),
              { signal: callSignal, timeout },
            ),
          )
          const spent = toUsage(answer, model, config.prices)
          usage = addUsage(usage, spent)
          meter.used(spent.inputTokens + spent.outputTokens)
          const context = { ...call, endpoint, hasTimedOut: false, now: now() }
          const choice = (answer.choices as ChatCompletion['choices'] | undefined)?.[0]
          if (choice?.message === undefined) throw toHiddenError(answer, context)
          if (choice.finish_reason === 'content_filter') throw refused()
          if (choice.finish_reason === 'length') {
            answerTokens *= 2
            throw new AppError('model.bad_answer', 'The model’s answer was cut off before its end.')
          }
          if ((choice.message.refusal ?? '') !== '') throw refused()
          return choice.message.content ?? ''
        },
        callOf(
          signal,
          messages.reduce((sum, { content }) => sum + estimateTokens(toPlainText(content)), answerTokens),
        ),
      )

    try {
      const value = await withRetries(async () => {
        const messages: ChatCompletionMessageParam[] = [
          { role: 'system', content: request.prompt.system },
          { role: 'user', content: request.prompt.user },
        ]
        const isShown = isSchemaIgnored || mustShowSchema(dialect)
        const text = await ask(messages)
        const first = parseAnswer(text, request.schema)
        if (text.trim() === '') throw new AppError('model.bad_answer', 'The model’s answer is empty.')
        if (!isShown) learnFromAnswer(dialect, { fits: first.ok })
        if (first.ok) return first.value
        const second = await ask([
          ...messages,
          { role: 'assistant', content: text.slice(0, 8_000) },
          { role: 'user', content: toRepairMessage(first.problem, jsonSchema) },
        ])
        const repaired = parseAnswer(second, request.schema)
        if (repaired.ok) return repaired.value
        isSchemaIgnored = true
        throw new AppError(
          'model.bad_answer',
          'The model’s answer does not have the shape asked for, even when told so.',
        )
      }, retry(signal))
      return { value, usage }
    } catch (error) {
      throw withUsage(error, usage)
    }
  }

  const embedTexts: EmbedTexts = (texts, { signal, timeoutMs }) =>
    withRetries(
      () =>
        limiter.run(
          async (meter) => {
            const call = { model: config.embedding, variable: 'INSIGHTS_EMBEDDING_MODEL', timeoutMs, signal }
            const answer = await exchange(call, dialects(config.embedding), (sent, callSignal, timeout) =>
              // Not `embeddings.create`: that asks for base64 unless told otherwise, and some servers know neither.
              client.post<CreateEmbeddingResponse>('/embeddings', {
                body: {
                  model: config.embedding,
                  input: texts,
                  ...(sent.sendsEncodingFormat ? { encoding_format: 'float' } : {}),
                },
                signal: callSignal,
                timeout,
              }),
            )
            const rows = [...((answer.data as typeof answer.data | undefined) ?? [])].sort((a, b) => a.index - b.index)
            if (rows.length !== texts.length || rows.some(({ embedding }) => !Array.isArray(embedding))) {
              throw new AppError(
                'model.bad_answer',
                `The embedding model gave ${rows.length} vectors for ${texts.length} texts.`,
              )
            }
            const tokens = { inputTokens: answer.usage?.prompt_tokens ?? 0, cachedTokens: 0, outputTokens: 0 }
            meter.used(tokens.inputTokens)
            return {
              vectors: rows.map(({ embedding }) => embedding),
              usage: { ...tokens, costUsd: toCostUsd(config.embedding, tokens, config.prices), calls: 1 },
            }
          },
          callOf(
            signal,
            texts.reduce((sum, text) => sum + estimateTokens(text), 0),
          ),
        ),
      retry(signal),
    )

  return { complete, embedTexts }
}

/** Ours are plain texts; the type allows parts. */
function toPlainText(content: ChatCompletionMessageParam['content']): string {
  return typeof content === 'string' ? content : JSON.stringify(content ?? '')
}

type Effort = ModelConfig['reasoningEffort']

function modelFor(role: ModelRole, config: ModelConfig): { model: string; variable: string; effort: Effort } {
  if (role === 'thinking') return { model: config.thinking, variable: 'INSIGHTS_MODEL', effort: config.reasoningEffort }
  const variable = config.summary === config.thinking ? 'INSIGHTS_MODEL' : 'INSIGHTS_SUMMARY_MODEL'
  return {
    model: config.summary,
    variable,
    effort: config.reasoningEffort === 'minimal' ? 'minimal' : summaryEffort,
  }
}

function toParameters(
  call: {
    request: CompleteRequest<unknown>
    model: string
    effort: Effort
    messages: readonly ChatCompletionMessageParam[]
    answerTokens: number
    jsonSchema: Record<string, unknown>
    /** By answers to this very question. */
    isSchemaIgnored: boolean
    seed: number
  },
  dialect: Readonly<Dialect>,
): ChatCompletionCreateParamsNonStreaming {
  const { request, model, effort, jsonSchema } = call
  const showsSchema = call.isSchemaIgnored || mustShowSchema(dialect)
  const [system, ...others] = call.messages
  const messages =
    showsSchema && system?.role === 'system'
      ? [{ ...system, content: `${request.prompt.system}\n\n${toSchemaInstruction(jsonSchema)}` }, ...others]
      : [...call.messages]
  const mayThink = dialect.sendsReasoningEffort || isThinkingModel(model)
  const maxTokens = call.answerTokens + (mayThink ? thinkingTokens[effort] : 0)
  const responseFormat = toResponseFormat(dialect.format, request.schemaName, jsonSchema)
  return {
    model,
    messages,
    ...(responseFormat === undefined ? {} : { response_format: responseFormat }),
    ...(dialect.tokenParameter === 'none' ? {} : { [dialect.tokenParameter]: maxTokens }),
    ...(dialect.sendsReasoningEffort ? { reasoning_effort: effort } : {}),
    ...(dialect.sendsTemperature ? { temperature: 0 } : {}),
    ...(dialect.sendsSeed ? { seed: call.seed } : {}),
  }
}

function toUsage(answer: ChatCompletion, model: string, prices: Prices | undefined): Usage {
  const tokens = {
    inputTokens: answer.usage?.prompt_tokens ?? 0,
    outputTokens: answer.usage?.completion_tokens ?? 0,
    cachedTokens: answer.usage?.prompt_tokens_details?.cached_tokens ?? 0,
  }
  return { ...tokens, costUsd: toCostUsd(model, tokens, prices), calls: 1 }
}
