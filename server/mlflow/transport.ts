// One request to a tracking server: address, headers, time limit, retries, and errors in our words.
import { setTimeout as delay } from 'node:timers/promises'
import type { z } from 'zod'
import { AppError } from '#/pipeline/errors.ts'
import { toAnswerError } from './answer-error.ts'
import { type MlflowConfig, type MlflowEffects, parseTrackingUri, toAuthorization } from './config.ts'
import { parseRetryAfterMs, type Replay, withRetries } from './retry.ts'
import { type HttpAnswer, type HttpBody, type HttpRequest, send } from '../send.ts'

export type MlflowRequest = {
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** From the root of the server, `/api/2.0/mlflow/…`; ids in it are URL-encoded by the caller. */
  path: string
  query?: Readonly<Record<string, string | readonly string[] | undefined>>
  json?: unknown
  body?: { content: HttpBody; type: string }
  headers?: Readonly<Record<string, string>>
  replay: Replay
  signal: AbortSignal
  /** Largest answer that is read; 64 MiB. */
  maxBytes?: number
}

export type Transport = {
  /** The address requests are made under; for links and messages. */
  base: string
  /** The answer parsed; an empty body counts as `{}`. */
  json: <T>(schema: z.ZodType<T>, request: MlflowRequest) => Promise<T>
  bytes: (request: MlflowRequest) => Promise<Uint8Array>
  /** The open answer, once its status is 2xx, handed to `read`; a connection that breaks while reading is retried too. */
  open: Open
}
type Open = <T>(request: MlflowRequest, read: (answer: HttpAnswer) => Promise<T>) => Promise<T>

const defaultTimeoutMs = 120_000
const defaultMaxBytes = 64 * 1024 * 1024
const errorBodyBytes = 64 * 1024

export const systemEffects: MlflowEffects = {
  send,
  sleep: async (ms, signal) => {
    await delay(ms, undefined, { signal })
  },
  random: Math.random,
  now: Date.now,
}

/** A transport to one server; nothing is asked of it before the first request. Throws `config.invalid`. */
export function createTransport(config: MlflowConfig, effects: MlflowEffects): Transport {
  const base = parseTrackingUri(config.trackingUri)
  const authorization = toAuthorization(config.credentials ?? { kind: 'none' })
  const common: Record<string, string> = { accept: 'application/json, */*;q=0.5' }
  if (authorization !== undefined) common['authorization'] = authorization
  const policy = { maxRetries: config.maxRetries ?? 7, backoffMs: config.backoffMs ?? 2000 }

  async function attempt<T>(request: MlflowRequest, read: (answer: HttpAnswer) => Promise<T>): Promise<T> {
    if (request.signal.aborted) throw cancelled(request.signal)
    // By hand: AbortSignal.timeout and AbortSignal.any keep about 1 kB a request until their time is over, and one job
    // makes hundreds of thousands under one signal.
    const stop = new AbortController()
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      stop.abort()
    }, config.timeoutMs ?? defaultTimeoutMs)
    const pass = (): void => stop.abort(request.signal.reason)
    request.signal.addEventListener('abort', pass, { once: true })
    try {
      const answer = await effects.send(toHttpRequest(base, request, common, stop.signal))
      if (answer.status < 200 || answer.status > 299) {
        const text = new TextDecoder().decode((await readUpTo(answer, errorBodyBytes)).bytes)
        const retryAfterMs = parseRetryAfterMs(answer.header('retry-after'), effects.now())
        throw toAnswerError({
          status: answer.status,
          contentType: answer.header('content-type') ?? '',
          text,
          base,
          path: request.path,
          sentCredentials: authorization !== undefined,
          ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        })
      }
      return await read(answer)
    } catch (error) {
      // Whatever is left of the answer is not read: its connection is closed.
      stop.abort()
      if (error instanceof AppError) throw error
      if (request.signal.aborted) throw cancelled(request.signal, error)
      if (isNetworkFailure(error) || timedOut) throw toUnreachable(base, error, timedOut)
      throw error
    } finally {
      clearTimeout(timer)
      request.signal.removeEventListener('abort', pass)
    }
  }

  return toTransport(base, async (request, read) => {
    try {
      return await withRetries(() => attempt(request, read), { ...policy, ...effects, ...request })
    } catch (error) {
      // A wait between two attempts ends with the signal's own error.
      if (!(error instanceof AppError) && request.signal.aborted) throw cancelled(request.signal, error)
      throw error
    }
  })
}

/** The same transport with headers that are asked for before each request, such as a workspace that is still to be probed. */
export function withHeaders(
  transport: Transport,
  headers: (signal: AbortSignal) => Promise<Readonly<Record<string, string>>>,
): Transport {
  return toTransport(transport.base, async (request, read) =>
    transport.open({ ...request, headers: { ...(await headers(request.signal)), ...request.headers } }, read),
  )
}

function toTransport(base: string, open: Open): Transport {
  const readAll = async (
    answer: HttpAnswer,
    { path, maxBytes = defaultMaxBytes }: MlflowRequest,
  ): Promise<Uint8Array> => {
    const { bytes, complete } = await readUpTo(answer, maxBytes)
    if (complete) return bytes
    throw new AppError('mlflow.bad_answer', `The answer of MLflow to ${path} is larger than ${maxBytes} bytes.`)
  }
  return {
    base,
    open,
    bytes: (request) => open(request, (answer) => readAll(answer, request)),
    json: (schema, request) =>
      open(request, async (answer) =>
        parseAnswer(schema, await readAll(answer, request), { base, path: request.path }),
      ),
  }
}

/** Reads a body until its end or until more than `maxBytes` came; then closes it. */
export async function readUpTo(
  answer: HttpAnswer,
  maxBytes: number,
): Promise<{ bytes: Uint8Array; complete: boolean }> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop early cancels the stream, which closes the connection.
  for await (const chunk of answer.body) {
    size += chunk.byteLength
    if (size > maxBytes) {
      chunks.push(chunk.subarray(0, chunk.byteLength - (size - maxBytes)))
      return { bytes: Buffer.concat(chunks), complete: false }
    }
    chunks.push(chunk)
  }
  return { bytes: Buffer.concat(chunks), complete: true }
}

function toUrl(base: string, { path, query }: MlflowRequest): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) parameters.append(name, one)
  }
  return `${base}${path}${parameters.size === 0 ? '' : `?${parameters}`}`
}

function toHttpRequest(
  base: string,
  request: MlflowRequest,
  common: Record<string, string>,
  signal: AbortSignal,
): HttpRequest {
  const asked = { method: request.method, url: toUrl(base, request), signal }
  const headers: Record<string, string> = { ...common, ...request.headers }
  if (request.body !== undefined) {
    return { ...asked, headers: { ...headers, 'content-type': request.body.type }, body: request.body.content }
  }
  if (request.method === 'GET') return { ...asked, headers }
  return {
    ...asked,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(request.json ?? {}),
  }
}

function parseAnswer<T>(schema: z.ZodType<T>, bytes: Uint8Array, asked: { base: string; path: string }): T {
  const text = new TextDecoder().decode(bytes)
  let body: unknown
  try {
    body = text.trim() === '' ? {} : JSON.parse(text)
  } catch (error) {
    throw new AppError(
      'mlflow.bad_answer',
      `The server at ${asked.base} answered ${asked.path} with something that is not JSON. Is MLFLOW_TRACKING_URI the address of a tracking server?`,
      { cause: error },
    )
  }
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  throw new AppError('mlflow.bad_answer', `MLflow answered ${asked.path} in a shape this program does not know.`, {
    cause: parsed.error,
  })
}

function cancelled(signal: AbortSignal, cause?: unknown): AppError {
  if (signal.reason instanceof AppError) return signal.reason
  return new AppError('cancelled', 'Stopped on request.', { cause: cause ?? signal.reason })
}

function isNetworkFailure(error: unknown): boolean {
  // A socket's error has a code, and so has a body that breaks off or is no HTTP.
  return error instanceof Error && 'code' in error
}

function toUnreachable(base: string, error: unknown, timedOut: boolean): AppError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|TLS|SSL/.test(code)) {
    return new AppError(
      // Not `mlflow.unreachable`: waiting does not mend a certificate.
      'config.invalid',
      `The certificate of ${base} is not trusted (${code}). Name its authority's file in NODE_EXTRA_CA_CERTS.`,
      { cause: error },
    )
  }
  const how = timedOut ? 'did not answer in time' : code === '' ? 'did not answer' : `did not answer (${code})`
  return new AppError(
    'mlflow.unreachable',
    `MLflow ${how} at ${base}. Is it running, and is MLFLOW_TRACKING_URI right?`,
    {
      cause: error,
    },
  )
}
