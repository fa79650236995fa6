// The openai package reads errors under the key `error` only; other servers put them elsewhere, and it would say
// "no body".

/** `fetch` whose failed answers have their JSON body in OpenAI's shape, whatever shape the server gave it. */
export function withOpenAiErrors(fetchAnswer: typeof fetch): typeof fetch {
  return async (input, init) => {
    const answer = await fetchAnswer(input, init)
    if (answer.ok) return answer
    const text = await answer.text()
    const headers = new Headers(answer.headers)
    // The body is decoded and may be longer now.
    headers.delete('content-length')
    headers.delete('content-encoding')
    return new Response(toOpenAiBody(text), { status: answer.status, statusText: answer.statusText, headers })
  }
}

/** vLLM and Mistral answer `{message}`, FastAPI `{detail}`, some a list; text that is no JSON stays as it is. */
function toOpenAiBody(text: string): string {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return text
  }
  if (typeof body !== 'object' || body === null) return JSON.stringify({ error: { message: String(body) } })
  if ('error' in body && body.error !== null) return text
  const { message, detail, code, param } = body as Record<string, unknown>
  const said = message ?? detail ?? body
  return JSON.stringify({ error: { message: typeof said === 'string' ? said : JSON.stringify(said), code, param } })
}
