// Server-sent events out of a response's body (WHATWG HTML, 9.2.6).

export type ServerSentEvent = { event: string; data: string; id: string | undefined }

/** The events as they come; ends with the stream. `onAlive` is told of every piece that arrives, comments included. */
export async function* readEvents(
  body: AsyncIterable<Uint8Array>,
  { onAlive }: { onAlive?: () => void } = {},
): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  let event = ''
  let data: string[] = []
  let id: string | undefined
  for await (const chunk of body) {
    onAlive?.()
    rest += decoder.decode(chunk, { stream: true })
    // A carriage return at the end may be half of a line end.
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { event: event === '' ? 'message' : event, data: data.join('\n'), id }
        event = ''
        data = []
        id = undefined
        continue
      }
      const colon = line.indexOf(':')
      const field = colon < 0 ? line : line.slice(0, colon)
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
      if (field === 'event') event = value
      else if (field === 'data') data.push(value)
      else if (field === 'id' && !value.includes('\0')) id = value
    }
  }
}
