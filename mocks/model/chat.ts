// A chat completion: checked, answered from the prompt's own data, counted, and broken where a fault says so.
import { hash } from 'node:crypto'
import { z } from 'zod'
import { answerInWords, answerTo } from './answer.ts'
import { ApiError, tooLong, unsupported } from './api-error.ts'
import type { FaultKind } from './faults.ts'
import type { ModelServerOptions } from './options.ts'
import { readPrompt } from './read-prompt.ts'

const Content = z
  .union([z.string(), z.null(), z.array(z.looseObject({ text: z.string().optional() }))])
  .optional()
  .transform((content) =>
    typeof content === 'string' ? content : (content ?? []).map(({ text }) => text ?? '').join(''),
  )

export const ChatRequest = z.looseObject({
  model: z.string().min(1),
  messages: z.array(z.looseObject({ role: z.string(), content: Content })).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  response_format: z.looseObject({ type: z.string() }).nullish(),
  max_completion_tokens: z.number().nullish(),
  max_tokens: z.number().nullish(),
})
export type ChatRequest = z.infer<typeof ChatRequest>

export type ChatAnswer = {
  id: string
  model: string
  content: string | null
  refusal: string | null
  finishReason: 'stop' | 'length' | 'content_filter'
  usage: ChatUsage
}
type ChatUsage = {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details: { cached_tokens: number }
}

/** Four characters a token, at least one. */
export function countTokens(text: string): number {
  return Math.max(1, Math.ceil(text.length / 4))
}

/** Throws an `ApiError` for a request that an endpoint with these options would refuse. */
export function checkChat(request: ChatRequest, options: ModelServerOptions): void {
  checkModel(request.model, options)
  const format = request.response_format?.type
  for (const parameter of options.refuses) {
    if (format === parameter || (request[parameter] !== undefined && request[parameter] !== null)) {
      throw unsupported(parameter)
    }
  }
  const tokens = countPrompt(request)
  if (tokens > options.maxInputTokens) throw tooLong(tokens, options.maxInputTokens)
}

export function checkModel(model: string, { models }: ModelServerOptions): void {
  if (models.length === 0 || models.includes(model)) return
  throw new ApiError(404, `The model \`${model}\` does not exist or you do not have access to it.`, {
    code: 'model_not_found',
  })
}

function countPrompt({ messages, response_format: format }: ChatRequest): number {
  const texts = messages.map(({ content }) => countTokens(content) + 4)
  return texts.reduce((sum, tokens) => sum + tokens, 0) + (format == null ? 0 : countTokens(JSON.stringify(format)))
}

/** @param seenPrefixes system prompts met before: a long one is billed as cached the next time, as by OpenAI. */
export function answerChat(
  request: ChatRequest,
  fault: FaultKind | undefined,
  options: Pick<ModelServerOptions, 'isChatty'>,
  seenPrefixes: Set<string>,
): ChatAnswer {
  const prompt = readPrompt(request.messages, request.response_format)
  const value = answerTo(prompt)
  const isBare = request.response_format != null && !options.isChatty
  const json = value === undefined ? answerInWords(prompt) : JSON.stringify(value)
  const whole = value === undefined || isBare ? json : `Here is what you asked for:\n\`\`\`json\n${json}\n\`\`\``
  const broken = breakAnswer(whole, fault)
  const limit = request.max_completion_tokens ?? request.max_tokens ?? Infinity
  const isCut = broken.content !== null && countTokens(broken.content) > limit
  const content = isCut && broken.content !== null ? broken.content.slice(0, limit * 4) : broken.content
  const output = countTokens(content ?? broken.refusal ?? '')
  const input = countPrompt(request)
  return {
    id: `chatcmpl-${hash('sha256', JSON.stringify(request)).slice(0, 24)}`,
    model: request.model,
    content,
    refusal: broken.refusal,
    finishReason: isCut ? 'length' : broken.finishReason,
    usage: {
      prompt_tokens: input,
      completion_tokens: output,
      total_tokens: input + output,
      prompt_tokens_details: { cached_tokens: countCached(request, seenPrefixes) },
    },
  }
}

function breakAnswer(
  whole: string,
  fault: FaultKind | undefined,
): Pick<ChatAnswer, 'content' | 'refusal' | 'finishReason'> {
  const half = whole.slice(0, Math.ceil(whole.length / 2))
  switch (fault) {
    case 'malformed':
      return { content: `${half}, "oops": {`, refusal: null, finishReason: 'stop' }
    case 'truncated':
      return { content: half, refusal: null, finishReason: 'length' }
    case 'refusal':
      return { content: null, refusal: 'I’m sorry, but I can’t help with that.', finishReason: 'stop' }
    case 'content_filter':
      return { content: '', refusal: null, finishReason: 'content_filter' }
    case 'wrong_schema':
      return {
        content: JSON.stringify({ answer: 42, note: 'not what was asked for' }),
        refusal: null,
        finishReason: 'stop',
      }
    default:
      return { content: whole, refusal: null, finishReason: 'stop' }
  }
}

/** OpenAI caches prefixes of at least 1,024 tokens in steps of 128. */
function countCached({ model, messages }: ChatRequest, seenPrefixes: Set<string>): number {
  const [first] = messages
  if (first === undefined || first.role !== 'system') return 0
  const tokens = countTokens(first.content)
  const key = `${model} ${hash('sha256', first.content)}`
  const isKnown = seenPrefixes.has(key)
  seenPrefixes.add(key)
  return isKnown && tokens >= 1024 ? Math.floor(tokens / 128) * 128 : 0
}

/** The answer as one JSON body. */
export function toCompletion(answer: ChatAnswer): Record<string, unknown> {
  return {
    id: answer.id,
    object: 'chat.completion',
    created: 0,
    model: answer.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: answer.content, refusal: answer.refusal },
        finish_reason: answer.finishReason,
        logprobs: null,
      },
    ],
    usage: answer.usage,
  }
}

/** The answer as server-sent events, some words at a time. */
export function* toChunks(answer: ChatAnswer, withUsage: boolean): Generator<string> {
  const head = { id: answer.id, object: 'chat.completion.chunk', created: 0, model: answer.model }
  const event = (choices: unknown[], usage?: ChatUsage): string =>
    `data: ${JSON.stringify({ ...head, choices, ...(withUsage ? { usage: usage ?? null } : {}) })}\n\n`
  const delta = (delta: Record<string, unknown>, finish: string | null = null): string =>
    event([{ index: 0, delta, finish_reason: finish }])
  yield delta({ role: 'assistant', content: '' })
  if (answer.refusal !== null) yield delta({ refusal: answer.refusal })
  for (const [piece] of (answer.content ?? '').matchAll(/[\s\S]{1,24}/gu)) yield delta({ content: piece })
  yield delta({}, answer.finishReason)
  if (withUsage) yield event([], answer.usage)
  yield 'data: [DONE]\n\n'
}
