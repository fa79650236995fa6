// What a prompt asks for: its data blocks, and the shape of the answer.

export type Message = { role: string; content: string }
export type JsonSchema = {
  type?: string | string[]
  properties?: Record<string, JsonSchema>
  items?: JsonSchema
  enum?: unknown[]
  anyOf?: JsonSchema[]
}
export type ReadPrompt = { blocks: Map<string, string>; text: string; schema: JsonSchema | undefined }

/** Reads the first user message (a repair follows it and adds no data), and the schema wherever it stands. */
export function readPrompt(messages: readonly Message[], responseFormat: unknown): ReadPrompt {
  const text = messages.find(({ role }) => role === 'user')?.content ?? ''
  const system = messages.find(({ role }) => role === 'system')?.content ?? ''
  return { blocks: readBlocks(text), text, schema: schemaOf(responseFormat) ?? findSchema(system) }
}

function readBlocks(text: string): Map<string, string> {
  const blocks = new Map<string, string>()
  const mark = /^The mark of this message is ([0-9a-f]+)\./.exec(text)?.[1]
  if (mark === undefined) return blocks
  for (const { 1: label = '', 0: begin, index } of text.matchAll(new RegExp(`^begin ([a-z]+) ${mark}\\n`, 'gm'))) {
    const start = index + begin.length
    // An empty block has the line break before its end in common with the one after its begin.
    const end = text.indexOf(`\nend ${label} ${mark}`, start - 1)
    if (end !== -1) blocks.set(label, text.slice(start, Math.max(start, end)))
  }
  return blocks
}

function schemaOf(responseFormat: unknown): JsonSchema | undefined {
  return (responseFormat as { json_schema?: { schema?: JsonSchema } } | undefined)?.json_schema?.schema
}

/** Servers without structured output are shown the schema in words. */
function findSchema(system: string): JsonSchema | undefined {
  const start = system.lastIndexOf('JSON Schema:\n')
  if (start === -1) return undefined
  try {
    return JSON.parse(system.slice(start + 'JSON Schema:\n'.length)) as JsonSchema
  } catch {
    return undefined
  }
}

export type Turn = { number: number; kind: string; text: string }

/** The turns of a trace block, their escapes undone. */
export function readTurns(block: string): Turn[] {
  const turns: Turn[] = []
  for (const line of block.split('\n')) {
    const label = /^\[\[(\d+) ([a-z_]+)[^\]]*\]\]$/.exec(line)
    if (label !== null) turns.push({ number: Number(label[1]), kind: label[2] ?? '', text: '' })
    else {
      const turn = turns.at(-1)
      if (turn !== undefined) turn.text += `${turn.text === '' ? '' : '\n'}${line.replace(/^(\s*)\\\[\[/, '$1[[')}`
    }
  }
  return turns
}
