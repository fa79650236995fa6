// From whatever the openai package or the network throws to our own errors, with a sentence that says what to do.
import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai'
import { AppError } from '#/pipeline/errors.ts'
import { shorten } from '#/pipeline/names.ts'
import { findRetryAfterMs } from './retry-after.ts'

export type CallContext = {
  endpoint: string
  model: string
  /** The variable that names the model, such as `INSIGHTS_MODEL`. */
  variable: string
  timeoutMs: number
  /** True when our own clock ended the call. */
  hasTimedOut: boolean
  now: number
}

/** The error to throw instead. An `AppError` comes back as it is; what nobody expects as well, for that is a bug. */
export function toModelError(error: unknown, context: CallContext): unknown {
  if (error instanceof AppError) return error
  if (context.hasTimedOut || error instanceof APIConnectionTimeoutError) {
    const seconds = Math.round(context.timeoutMs / 1000)
    return new AppError('model.timeout', `The model ${context.model} did not answer within ${seconds} s.`, {
      cause: error,
    })
  }
  if (error instanceof APIUserAbortError) return error
  if (error instanceof APIConnectionError || isDroppedConnection(error)) {
    return new AppError(
      'model.unreachable',
      `No connection to the model at ${context.endpoint}. Check OPENAI_BASE_URL and the network.`,
      { cause: error },
    )
  }
  if (error instanceof APIError) return fromAnswer(error, context)
  if (error instanceof SyntaxError) {
    return new AppError('model.bad_answer', 'The answer of the model’s server is cut off or not JSON.', {
      cause: error,
    })
  }
  return error
}

/** The first `httpStatus`-like number of the error a server hides in an answer with status 200. */
export function toHiddenError(body: unknown, context: CallContext): AppError {
  const error = (body as { error?: { code?: unknown; message?: unknown } } | null)?.error
  const status = Number(error?.code)
  const translated =
    Number.isInteger(status) && status >= 400 && status < 600
      ? fromAnswer(APIError.generate(status, { error: error ?? {} }, undefined, new Headers()), context)
      : undefined
  return translated ?? new AppError('model.bad_answer', 'The answer of the model’s server holds no choice.')
}

function fromAnswer(error: APIError, context: CallContext): AppError {
  const { model, variable } = context
  const retryAfterMs = findRetryAfterMs(error.headers, context.now)
  const options = { cause: error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  const said = messageOf(error)
  switch (error.status) {
    case 401:
    case 403:
      return new AppError(
        'model.unauthorized',
        `The model’s server at ${context.endpoint} refuses the key. Check OPENAI_API_KEY, and that it may use ${model}.`,
        options,
      )
    case 404:
      return new AppError(
        'model.not_found',
        variable === 'INSIGHTS_EMBEDDING_MODEL'
          ? `There is no embedding model ${model} at ${context.endpoint}. Set INSIGHTS_EMBEDDING_MODEL to one that is there, or to builtin.`
          : `There is no model ${model} at ${context.endpoint}. Set ${variable} to one that is there, and check OPENAI_BASE_URL.`,
        options,
      )
    case 408:
    case 504:
      return new AppError('model.timeout', `The model’s server gave up waiting for ${model}.`, options)
    case 413:
      return tooLong(options)
    case 429:
      if (/insufficient_quota|billing|credit/i.test(`${error.code} ${error.type} ${said}`)) {
        return new AppError(
          'model.unauthorized',
          'The account behind OPENAI_API_KEY has no credit left. Add credit, then resume.',
          options,
        )
      }
      return new AppError('model.rate_limited', `The model’s server limits how often ${model} may be asked.`, options)
    default:
  }
  if (error.status === undefined || error.status >= 500 || error.status === 409) {
    return new AppError(
      'model.server_error',
      `The model’s server failed${error.status === undefined ? '' : ` with status ${error.status}`}.`,
      options,
    )
  }
  if (isTooLong(error, said)) return tooLong(options)
  if (/content_filter|content_policy|content management policy|safety system/i.test(`${error.code} ${said}`)) {
    return refused(options)
  }
  if (/model_not_found|model .{0,80}(does not exist|not found)|unknown model/i.test(`${error.code} ${said}`)) {
    return fromAnswer(APIError.generate(404, undefined, said, error.headers), context)
  }
  return new AppError(
    'model.invalid_request',
    `The model’s server refuses the request${said === '' ? '' : `: ${shorten(said, 200)}`}`,
    options,
  )
}

/** What the server says is wrong, on one line. */
export function messageOf(error: APIError): string {
  const body = error.error as { message?: unknown } | string | undefined
  const said = typeof body === 'string' ? body : (body?.message ?? error.message)
  return (typeof said === 'string' ? said : JSON.stringify(said)).replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim()
}

const tooLongPattern =
  /context.{0,20}length|context window|maximum.{0,20}(context|tokens)|too many (input )?tokens|(prompt|input|request).{0,30}too (long|large)|reduce the length|exceeds? .{0,40}(context|token)/i

function isTooLong(error: APIError, said: string): boolean {
  return error.code === 'context_length_exceeded' || tooLongPattern.test(said)
}

function tooLong(options: { cause: unknown }): AppError {
  return new AppError('model.too_long', 'The text is longer than the model can read at once.', options)
}

/** The model, or a filter before it, will not answer. */
export function refused(options: { cause?: unknown } = {}): AppError {
  return new AppError('model.refused', 'The model or its content filter refused to answer about this text.', options)
}

/** A socket that broke while the body was being read: fetch says `terminated`, the cause has the code. */
function isDroppedConnection(error: unknown): boolean {
  for (let link = error, depth = 0; link instanceof Error && depth < 5; link = link.cause, depth++) {
    const code = 'code' in link ? String(link.code) : ''
    if (/^(ECONN|UND_ERR|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_)/.test(code)) return true
  }
  return error instanceof TypeError && /terminated|fetch failed|network/i.test(error.message)
}
