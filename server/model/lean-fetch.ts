// `fetch` for the openai package, over node:http: the model is asked once a trace, and a small exchange takes half the
// processor time that way.
import { send } from '../send.ts'

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Takes what the openai package sends (text, and a signal) and reads the whole answer. Redirects are left to `fetch` itself. */
export const leanFetch: typeof fetch = async (input, init) => {
  const { body, method = 'GET', signal } = init ?? {}
  if (typeof input !== 'string' || (typeof body !== 'string' && body !== undefined && body !== null))
    return fetch(input, init)
  try {
    const answer = await send({
      method,
      url: input,
      headers: Object.fromEntries(new Headers(init?.headers)),
      signal: signal ?? new AbortController().signal,
      ...(typeof body === 'string' ? { body } : {}),
    })
    const chunks: Uint8Array[] = []
    for await (const chunk of answer.body) chunks.push(chunk)
    if (redirects.has(answer.status)) return await fetch(input, init)
    return new Response(isBodiless(answer.status) ? null : Buffer.concat(chunks), {
      status: answer.status,
      headers: toHeaders(answer.headers),
    })
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}

const isBodiless = (status: number): boolean => status === 204 || status === 205 || status === 304

function toHeaders(raw: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(raw)) for (const one of [value ?? []].flat()) headers.append(name, one)
  // Undone already.
  headers.delete('content-encoding')
  headers.delete('content-length')
  return headers
}
