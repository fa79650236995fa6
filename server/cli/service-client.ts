// The running service over its HTTP API; every answer is parsed by the API's own schemas.
import type { z } from 'zod'
import { Problem } from '#/server/api/schemas/parts.ts'
import { toAuthorization } from '#/server/mlflow/config.ts'
import { credentialsOf } from './credentials.ts'
import { CliError, exitCodes, type ExitCode } from './exit.ts'
import type { World } from './world.ts'

const defaultServiceUrl = 'http://127.0.0.1:5055'

/** Creating an Insight makes the service ask the tracking server, which may take its time. */
const timeoutMs = 150_000

type Query = Readonly<Record<string, string | number | undefined>>
type RequestOptions = { query?: Query; signal: AbortSignal }

export type ServiceClient = {
  url: string
  get: <T>(schema: z.ZodType<T>, path: string, options: RequestOptions) => Promise<T>
  post: <T>(schema: z.ZodType<T>, path: string, body: unknown, options: RequestOptions) => Promise<T>
  delete: <T>(schema: z.ZodType<T>, path: string, options: RequestOptions) => Promise<T>
  /** The open answer, once its status is 2xx. */
  open: (path: string, options: RequestOptions & { headers?: Record<string, string> }) => Promise<Response>
}

/** Nobody answers at the address, or the connection broke: asking again may help. */
export class Unreachable extends CliError {}

/**
 * A client of the service at `--url`, else `INSIGHTS_URL`, else this machine. Every call throws a CliError: exit code 2
 * where nobody answers or the request is wrong, 1 where what it names does not exist or cannot be done.
 */
export function createServiceClient(world: Pick<World, 'env' | 'fetch'>, flags: { url?: string }): ServiceClient {
  const url = parseServiceUrl(flags.url ?? (world.env['INSIGHTS_URL']?.trim() || defaultServiceUrl))
  const authorization = toAuthorization(credentialsOf(world.env))

  async function request(path: string, init: RequestInit, query: Query = {}): Promise<Response> {
    const address = new URL(`${url}/api/v1${path}`)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) address.searchParams.set(name, String(value))
    }
    const headers = new Headers(init.headers)
    if (authorization !== undefined) headers.set('authorization', authorization)
    const answer = await reach(() => world.fetch(address, { ...init, headers }), url, init.signal)
    if (!answer.ok) throw await toCliError(answer, url, { isSignedIn: authorization !== undefined })
    return answer
  }

  async function parse<T>(schema: z.ZodType<T>, answer: Response, signal: AbortSignal): Promise<T> {
    const body = await reach(() => answer.text(), url, signal)
    const parsed = schema.safeParse(tryJson(body))
    if (parsed.success) return parsed.data
    throw new CliError(`What answers at ${url} is not this version of Trace Insights.`, exitCodes.unusable, {
      cause: parsed.error,
    })
  }

  return {
    url,
    open: (path, { query, signal, headers = {} }) => request(path, { headers, signal }, query),
    get: async (schema, path, { query, signal }) => {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
      const headers = { accept: 'application/json' }
      return parse(schema, await request(path, { headers, signal: limited }, query), limited)
    },
    post: async (schema, path, body, { query, signal }) => {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
      const headers = { accept: 'application/json', 'content-type': 'application/json' }
      const sent = {
        method: 'POST',
        headers,
        signal: limited,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }
      return parse(schema, await request(path, sent, query), limited)
    },
    delete: async (schema, path, { query, signal }) => {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
      const sent = { method: 'DELETE', headers: { accept: 'application/json' }, signal: limited }
      return parse(schema, await request(path, sent, query), limited)
    },
  }
}

function parseServiceUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new CliError(`The service’s address must be a URL such as ${defaultServiceUrl}.`, exitCodes.unusable)
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

async function reach<T>(ask: () => Promise<T>, url: string, signal: AbortSignal | null | undefined): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    const isTimeout = error instanceof Error && error.name === 'TimeoutError'
    if (signal?.aborted === true && !isTimeout) throw error
    const says = isTimeout
      ? `Trace Insights at ${url} did not answer within ${timeoutMs / 1000} seconds.`
      : `Nothing answers at ${url}. Start the service with npm start, or name another address with --url or INSIGHTS_URL.`
    throw new Unreachable(says, exitCodes.unusable, { cause: error })
  }
}

const failedStatuses: ReadonlySet<number> = new Set([404, 409, 422, 500])

async function toCliError(answer: Response, url: string, { isSignedIn }: { isSignedIn: boolean }): Promise<CliError> {
  const problem = Problem.safeParse(tryJson(await answer.text().catch(() => '')))
  if (!problem.success) {
    const message = `What answers at ${url} is not Trace Insights (HTTP status ${answer.status}).`
    return answer.status >= 502
      ? new Unreachable(message, exitCodes.unusable)
      : new CliError(message, exitCodes.unusable)
  }
  const { status, detail, errors = [] } = problem.data
  const hint =
    status === 401 && !isSignedIn
      ? ' Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.'
      : ''
  const fields = errors
    .filter(({ message }) => !detail.includes(message))
    .map(({ path, message }) => `\n  ${path}: ${message}`)
  const exitCode: ExitCode = failedStatuses.has(status) ? exitCodes.failed : exitCodes.unusable
  const message = `${detail}${hint}${fields.join('')}`
  // Not right now: whoever watches a job asks again, as where nobody answers.
  return status === 503 ? new Unreachable(message, exitCode) : new CliError(message, exitCode)
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
