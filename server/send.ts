// One HTTP exchange. Over node:http and not fetch, which takes four times the processor time for a small request and leaves
// objects that outlive the young generation: a job of 10,000 traces makes 50,000 requests, and its heap grew threefold.
import { Agent as PlainAgent, type IncomingMessage, request as requestPlain } from 'node:http'
import { Agent as TlsAgent, globalAgent, request as requestTls } from 'node:https'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { Pieces } from '#/pipeline/ports.ts'

export type HttpBody = string | Uint8Array | Pieces

export type HttpRequest = {
  method: string
  url: string
  headers: Readonly<Record<string, string>>
  body?: HttpBody
  /** Ends the exchange whenever it is aborted, also while the body of the answer is read. */
  signal: AbortSignal
}

/** A body that is not read to its end closes the connection: leave the loop over it, or abort the signal. */
export type HttpAnswer = {
  status: number
  header: (name: string) => string | undefined
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: AsyncIterable<Uint8Array>
}

/** Resolves when the head of the answer is there, whatever its status; redirects are answers like any other. */
export type Send = (request: HttpRequest) => Promise<HttpAnswer>

/** Below the five seconds after which uvicorn closes: a request must not meet a connection that is just being closed. */
const idleMs = 4_000

// What Node was told about proxies (NODE_USE_ENV_PROXY) stands in the options of its own agents.
const { proxyEnv } = globalAgent.options
const agentOptions = { keepAlive: true, timeout: idleMs, ...(proxyEnv === undefined ? {} : { proxyEnv }) }
const agents = { plain: new PlainAgent(agentOptions), tls: new TlsAgent(agentOptions) }

export const send: Send = ({ method, url, headers, body, signal }) =>
  new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(byteLengthOf(body)) }
    const options = { method, headers: { 'accept-encoding': 'gzip', ...headers, ...length } }
    const request = url.startsWith('https:')
      ? requestTls(url, { ...options, agent: agents.tls })
      : requestPlain(url, { ...options, agent: agents.plain })
    const stop = (): void => void request.destroy(new Error('The exchange was stopped.'))
    signal.addEventListener('abort', stop, { once: true })
    request.on('close', () => signal.removeEventListener('abort', stop))
    request.on('error', reject)
    request.on('response', (answer) =>
      resolve({
        status: answer.statusCode ?? 0,
        header: (name) => [answer.headers[name] ?? []].flat()[0],
        headers: answer.headers,
        body: unfolded(answer),
      }),
    )
    if (typeof body !== 'function') request.end(body)
    // A connection that breaks meanwhile is told by the request itself.
    else pipeline(Readable.from(body()), request, () => undefined)
  })

/** Bytes of a body in UTF-8. Servers want to know before: hence one pass over the pieces to count, another to send. */
export function byteLengthOf(body: HttpBody): number {
  if (typeof body !== 'function') return Buffer.byteLength(body)
  let bytes = 0
  for (const piece of body()) bytes += Buffer.byteLength(piece)
  return bytes
}

function unfolded(answer: IncomingMessage): AsyncIterable<Uint8Array> {
  if (answer.headers['content-encoding'] !== 'gzip') return answer
  // An error of either is thrown to whoever reads.
  return pipeline(answer, createGunzip(), () => undefined)
}
