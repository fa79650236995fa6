// A span's inputs or outputs of any shape, taken apart into what was said.
import { isObject, parseJsonText, toJsonText, type JsonObject } from './json-text.ts'
import {
  addRest,
  addText,
  isMessage,
  isNothing,
  readCall,
  readContent,
  readMessage,
  textOf,
  type Piece,
} from './pieces.ts'
import type { TurnKind } from './transcript.ts'

export type Side = 'in' | 'out'

const systemKeys = [
  'system',
  'system_prompt',
  'systemPrompt',
  'systemInstruction',
  'system_instruction',
  'instructions',
]
const toolKeys = ['tools', 'functions', 'toolConfig', 'response_format', 'responseFormat']
const historyKeys = [
  'history',
  'chat_history',
  'chatHistory',
  'conversation',
  'conversation_history',
  'messages',
  'contents',
  'prompts',
  'new_messages',
]
const askKeys = [
  'question', 'query', 'user_query', 'userQuery', 'user_input', 'userInput', 'user_message', 'userMessage', 'user_prompt', 'input', 'prompt',
  'message', 'text', 'content', 'request', 'instruction', 'utterance', 'task', 'topic', 'inputs',
] // prettier-ignore
const answerKeys = [
  'answer', 'response', 'reply', 'output', 'output_text', 'outputText', 'completion', 'generated_text', 'generation', 'final_answer',
  'message', 'text', 'content', 'result', 'summary', 'outputs', 'return_values',
] // prettier-ignore
const documentListKeys = [
  'documents',
  'docs',
  'source_documents',
  'retrieved_documents',
  'retrieved_context',
  'context',
  'contexts',
  'chunks',
  'passages',
  'sources',
  'matches',
]
const documentTextKeys = [
  'page_content',
  'pageContent',
  'text',
  'content',
  'chunk',
  'passage',
  'snippet',
  'body',
  'document',
]

/**
 * Everything a value says, in order: `in` speaks for the user, `out` for the assistant, unless the value itself knows
 * better. Chat requests and answers of the usual vendors, LangChain's and Gemini's included, plain questions and
 * answers, retrieved documents; whatever else there is comes as data, as JSON.
 */
export function readValue(value: unknown, side: Side, names: Map<string, string> = new Map()): Piece[] {
  return read(value, side, names, 0)
}

const deepest = 40

function read(value: unknown, side: Side, names: Map<string, string>, depth: number): Piece[] {
  const pieces: Piece[] = []
  const speaker: TurnKind = side === 'in' ? 'user' : 'assistant'
  if (value == null) return pieces
  if (typeof value === 'string') {
    const parsed = parseJsonText(value)
    if (
      parsed !== undefined &&
      depth < deepest &&
      (Array.isArray(parsed) ? parsed.some((item) => speaks(item)) : speaks(parsed))
    ) {
      return read(parsed, side, names, depth + 1)
    }
    addText(pieces, speaker, value)
    return pieces
  }
  if (typeof value !== 'object' || depth > deepest) {
    addText(pieces, 'data', toJsonText(value))
    return pieces
  }
  if (Array.isArray(value)) return readList(value, side, names, depth)
  if (isMessage(value)) return readMessage(value, names, speaker)
  return isObject(value) ? readObject(value, side, names, depth) : pieces
}

function readList(list: readonly unknown[], side: Side, names: Map<string, string>, depth: number): Piece[] {
  const pieces: Piece[] = []
  if (list.length === 0) return pieces
  const texts = list.filter((item) => typeof item === 'string')
  if (texts.length === list.length) {
    for (const text of texts) addText(pieces, side === 'in' ? 'user' : 'assistant', text)
    return pieces
  }
  if (list.some((item) => Array.isArray(item) || speaks(item))) {
    return list.flatMap((item) => read(item, side, names, depth + 1))
  }
  const documents = list.map(asDocument)
  if (documents.every((document) => document !== undefined)) return documents.flat()
  addText(pieces, 'data', toJsonText(list))
  return pieces
}

/** The pieces of one retrieved document, or `undefined` when it is none. */
function asDocument(value: unknown): Piece[] | undefined {
  if (!isObject(value)) return undefined
  const document =
    value['lc'] === 1 && isObject(value['kwargs'])
      ? value['kwargs']
      : isObject(value['document'])
        ? { ...value, ...value['document'], document: null }
        : value
  const key = documentTextKeys.find((name) => typeof document[name] === 'string' && document[name] !== '')
  if (key === undefined) return undefined
  const metadata = isObject(document['metadata']) ? document['metadata'] : {}
  const title = ['title', 'doc_uri', 'source', 'name', 'url', 'file_name']
    .map((name) => textOf(document[name]) ?? textOf(metadata[name]))
    .find(Boolean)
  const pieces: Piece[] = []
  addText(pieces, 'retrieval', String(document[key]), title)
  const handled = new Set([
    key,
    'metadata',
    'title',
    'doc_uri',
    'source',
    'name',
    'url',
    'file_name',
    'id',
    'score',
    'type',
    'document',
    'lc',
  ])
  addRest(pieces, document, handled)
  addRest(pieces, metadata, handled)
  return pieces.length === 0 ? undefined : pieces
}

/** Documents of a retriever's output; falls back to reading the value like any other. */
export function readDocuments(value: unknown, names: Map<string, string>): Piece[] {
  const parsed = typeof value === 'string' ? (parseJsonText(value) ?? value) : value
  if (Array.isArray(parsed)) {
    return parsed.flatMap((item: unknown) =>
      typeof item === 'string'
        ? asRetrieval([{ kind: 'data', text: item }])
        : (asDocument(item) ?? readDocuments(item, names)),
    )
  }
  if (isObject(parsed)) {
    const key = documentListKeys.find((name) => Array.isArray(parsed[name]))
    const single = key === undefined ? asDocument(parsed) : undefined
    if (single !== undefined) return single
    if (key !== undefined) {
      const pieces = readDocuments(parsed[key], names)
      addRest(pieces, parsed, new Set([key]))
      return pieces
    }
  }
  return asRetrieval(readValue(parsed, 'out', names))
}

function asRetrieval(pieces: Piece[]): Piece[] {
  return pieces.filter((piece) => piece.text.trim() !== '').map((piece) => ({ ...piece, kind: 'retrieval' }))
}

function readObject(value: JsonObject, side: Side, names: Map<string, string>, depth: number): Piece[] {
  const speaker: TurnKind = side === 'in' ? 'user' : 'assistant'
  const pieces: Piece[] = []
  const handled = new Set<string>()
  const take = (key: string, found: Piece[]) => {
    handled.add(key)
    pieces.push(...found)
  }

  const isRequest = ['messages', 'contents', 'input', 'prompt'].some((key) => value[key] != null)
  for (const key of systemKeys) {
    if (isNothing(value[key]) || (key === 'instructions' && !isRequest)) continue
    const inner = value[key]
    const content = isObject(inner) && Array.isArray(inner['parts']) ? inner['parts'] : inner
    take(
      key,
      readContent(content, 'system', names).map((piece) => ({ ...piece, kind: 'system' })),
    )
  }
  for (const key of toolKeys) {
    const inner = value[key]
    if (isNothing(inner) || !(Array.isArray(inner) ? inner.some(isObject) : isObject(inner))) continue
    take(key, [{ kind: 'system', name: 'tools', text: toJsonText(inner) }])
  }
  for (const key of historyKeys) {
    const inner = value[key]
    if (isNothing(inner)) continue
    if (Array.isArray(inner) || isMessage(inner)) take(key, read(inner, side, names, depth + 1))
  }
  readAnswers(value, side, names, depth, take)
  for (const key of documentListKeys) {
    const inner = value[key]
    if (handled.has(key) || !Array.isArray(inner) || inner.length === 0) continue
    const documents = inner.map(asDocument)
    if (documents.every((document) => document !== undefined)) take(key, documents.flat())
  }
  const envelope = handled.size > 0
  const spoken = side === 'in' ? askKeys : answerKeys
  for (const key of spoken) {
    const inner = value[key]
    if (handled.has(key) || isNothing(inner)) continue
    // `output` and `output_text`, or `text` beside `message`: the same words, read once.
    if (typeof inner === 'string' && pieces.some((piece) => piece.text === inner)) {
      handled.add(key)
      continue
    }
    // The first text named like a question is the question; the others stay data.
    if (typeof inner === 'string' && pieces.some((piece) => piece.kind === speaker) && !envelope) continue
    if (typeof inner === 'string') take(key, read(inner, side, names, depth + 1))
    else if (speaks(inner)) take(key, read(inner, side, names, depth + 1))
  }
  const leftover: JsonObject = {}
  for (const [key, inner] of Object.entries(value)) {
    if (handled.has(key) || isNothing(inner)) continue
    if (typeof inner === 'object' && speaks(inner)) take(key, read(inner, side, names, depth + 1))
    else leftover[key] = inner
  }
  const only = Object.values(leftover)
  if (pieces.length === 0 && only.length === 1 && typeof only[0] === 'string') addText(pieces, speaker, only[0])
  else if (envelope) addRest(pieces, leftover, new Set())
  else if (only.length > 0) addText(pieces, 'data', toJsonText(leftover))
  return pieces
}

/** Choices (OpenAI), candidates (Gemini), generations (LangChain), output items (Responses), single messages. */
function readAnswers(
  value: JsonObject,
  side: Side,
  names: Map<string, string>,
  depth: number,
  take: (key: string, found: Piece[]) => void,
): void {
  const choices = value['choices']
  if (Array.isArray(choices)) {
    take('choices', choices.flatMap((choice: unknown) => {
      if (!isObject(choice)) return read(choice, 'out', names, depth + 1)
      const inner = choice['message'] ?? choice['delta'] ?? choice['text']
      const pieces = isObject(inner) ? readMessage(inner, names, 'assistant') : read(inner, 'out', names, depth + 1)
      addRest(pieces, choice, new Set(['message', 'delta', 'text']))
      return pieces
    })) // prettier-ignore
  }
  const candidates = value['candidates']
  if (Array.isArray(candidates)) {
    take('candidates', candidates.flatMap((candidate: unknown) => {
      if (!isObject(candidate) || !isObject(candidate['content'])) return read(candidate, 'out', names, depth + 1)
      const pieces = readMessage({ role: 'model', ...candidate['content'] }, names, 'assistant')
      addRest(pieces, candidate, new Set(['content']))
      return pieces
    })) // prettier-ignore
  }
  const generations = value['generations']
  if (Array.isArray(generations)) {
    take('generations', generations.flat(2).flatMap((generation: unknown) => {
      if (!isObject(generation)) return read(generation, 'out', names, depth + 1)
      const pieces = isObject(generation['message']) ? readMessage(generation['message'], names, 'assistant') : read(generation['text'], 'out', names, depth + 1)
      if (pieces.length === 0) addText(pieces, 'assistant', textOf(generation['text']) ?? '')
      addRest(pieces, generation, new Set(['message', 'text']))
      return pieces
    })) // prettier-ignore
  }
  const message = value['message']
  if (isObject(message) && (isMessage(message) || 'content' in message))
    take('message', readMessage(message, names, side === 'in' ? 'user' : 'assistant'))
  const calls = value['tool_calls']
  if (Array.isArray(calls))
    take(
      'tool_calls',
      calls.flatMap((call: unknown) => readCall(call, names)),
    )
}

/** True when a message, or something that holds messages, is found near the top of a value. */
function speaks(value: unknown, depth = 0): boolean {
  if (depth > 4 || value === null || typeof value !== 'object') return false
  if (Array.isArray(value)) return value.slice(0, 4).some((item) => speaks(item, depth + 1))
  if (!isObject(value)) return false
  if (isMessage(value)) return true
  if (['choices', 'candidates', 'generations'].some((key) => Array.isArray(value[key]))) return true
  return Object.values(value).some((inner) => speaks(inner, depth + 1))
}
