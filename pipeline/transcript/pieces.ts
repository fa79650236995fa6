// One chat message of any vendor, taken apart into pieces that each say one thing.
import { isObject, parseJsonText, toJsonText, type JsonObject } from './json-text.ts'
import { replaceBlobs } from './placeholders.ts'
import type { TurnKind } from './transcript.ts'

/** A part of a message: what it is, what it says, and which tool call it belongs to. */
export type Piece = { kind: TurnKind; name?: string; text: string; callId?: string }

const kindOfRole: Readonly<Record<string, TurnKind>> = {
  user: 'user',
  human: 'user',
  humanmessage: 'user',
  humanmessagechunk: 'user',
  customer: 'user',
  'user-prompt': 'user',
  assistant: 'assistant',
  ai: 'assistant',
  aimessage: 'assistant',
  aimessagechunk: 'assistant',
  model: 'assistant',
  bot: 'assistant',
  chatbot: 'assistant',
  system: 'system',
  systemmessage: 'system',
  systemmessagechunk: 'system',
  developer: 'system',
  'system-prompt': 'system',
  tool: 'tool_result',
  toolmessage: 'tool_result',
  toolmessagechunk: 'tool_result',
  function: 'tool_result',
  functionmessage: 'tool_result',
  ipython: 'tool_result',
}

const langChainTypes = new Set(
  ['human', 'ai', 'system', 'tool', 'function', 'chat'].flatMap((t) => [t, `${t}message`, `${t}messagechunk`]),
)
const responseItemTypes = new Set([
  'function_call',
  'function_call_output',
  'reasoning',
  'custom_tool_call',
  'custom_tool_call_output',
])
const contentKeys = ['content', 'parts', 'text', 'tool_calls', 'function_call', 'toolCalls', 'message']

/** Settings, counters and identifiers around a message: not something anybody said, left out while they are short. */
const noiseKeys = new Set([
  'id', 'object', 'created', 'created_at', 'model', 'model_name', 'usage', 'usage_metadata', 'usageMetadata', 'finish_reason',
  'finishReason', 'stop_reason', 'stop_sequence', 'index', 'logprobs', 'system_fingerprint', 'service_tier', 'temperature',
  'top_p', 'top_k', 'max_tokens', 'max_output_tokens', 'max_completion_tokens', 'n', 'stream', 'stream_options', 'seed', 'stop',
  'status', 'response_metadata', 'generation_info', 'generationConfig', 'generation_config', 'parallel_tool_calls', 'tool_choice',
  'run', 'llm_output', 'type', 'example', 'lc', 'annotations', 'modelVersion', 'model_version', 'responseId', 'avgLogprobs',
  'safetyRatings', 'store', 'truncation', 'incomplete_details', 'previous_response_id', 'presence_penalty', 'frequency_penalty',
  'timestamp', 'invalid_tool_calls', 'tool_call_id', 'cache_control', 'user', 'metadata', 'phase', 'signature', 'role',
  'reasoning_effort', 'thread_id', 'message_id', 'weight', 'kind', 'part_kind', 'instructions_hash', 'caller', 'container',
]) // prettier-ignore
const longestNoise = 120

/** True for what any of the usual vendors calls a message (or, in OpenAI's Responses API, an item). */
export function isMessage(value: unknown): value is JsonObject {
  if (!isObject(value)) return false
  if (value['lc'] === 1 && isObject(value['kwargs']) && Array.isArray(value['id'])) {
    return langChainTypes.has(lastOf(value['id']).toLowerCase())
  }
  const { role, type } = value
  if (typeof role === 'string') return contentKeys.some((key) => key in value)
  if (typeof type === 'string') {
    if (responseItemTypes.has(type)) return true
    if (langChainTypes.has(type.toLowerCase())) return 'content' in value || isObject(value['data'])
  }
  return (value['kind'] === 'request' || value['kind'] === 'response') && Array.isArray(value['parts'])
}

/** The pieces of one message, in order; nothing it says is left out. `names` maps tool call ids to names seen so far. */
export function readMessage(value: JsonObject, names: Map<string, string>, fallback: TurnKind = 'data'): Piece[] {
  const serialized = value['lc'] === 1 && isObject(value['kwargs'])
  const wrapped = !('content' in value) && isObject(value['data'])
  const message = serialized ? (value['kwargs'] as JsonObject) : wrapped ? (value['data'] as JsonObject) : value
  const ownType = textOf(message['type']) ?? textOf(value['type'])
  if (ownType !== undefined && responseItemTypes.has(ownType)) return readPart(message, 'assistant', names)
  const typeName = serialized
    ? lastOf(value['id'] as unknown[])
    : langChainTypes.has(ownType?.toLowerCase() ?? '')
      ? ownType
      : undefined
  const role = (textOf(message['role']) ?? typeName ?? '').toLowerCase()
  const kind =
    kindOfRole[role] ??
    (message['kind'] === 'response' ? 'assistant' : message['kind'] === 'request' ? 'user' : fallback)
  const name = kindOfRole[role] === undefined && role !== '' ? role : undefined

  const pieces: Piece[] = []
  const callId = textOf(message['tool_call_id']) ?? textOf(message['toolCallId'])
  const add = (content: unknown) => {
    for (const piece of readContent(content, kind, names)) {
      if (piece.kind === 'tool_result' && piece.callId === undefined && callId !== undefined) piece.callId = callId
      const tool = textOf(message['name']) ?? (piece.callId === undefined ? undefined : names.get(piece.callId))
      const called = piece.name ?? (piece.kind === 'tool_result' ? tool : piece.kind === kind ? name : undefined)
      pieces.push(called === undefined ? piece : { ...piece, name: called })
    }
  }
  for (const key of ['reasoning_content', 'reasoning', 'thinking']) {
    const thought = message[key]
    if (typeof thought === 'string') addText(pieces, 'data', thought, 'thinking')
    else if (thought != null) add(thought)
  }
  for (const key of ['content', 'parts', 'text', 'message']) if (message[key] != null) add(message[key])
  const refusal = textOf(message['refusal'])
  if (refusal !== undefined) addText(pieces, kind, refusal)
  const extra = isObject(message['additional_kwargs']) ? message['additional_kwargs'] : {}
  const calls = [message['tool_calls'], message['toolCalls'], extra['tool_calls']].find(
    (list) => Array.isArray(list) && list.length > 0,
  )
  // LangChain keeps the same calls three times: parsed, raw, and as content blocks.
  const known = new Set(pieces.filter((piece) => piece.kind === 'tool_call').map((piece) => piece.callId))
  for (const call of Array.isArray(calls) ? calls : []) {
    for (const piece of readCall(call, names))
      if (piece.callId === undefined || !known.has(piece.callId)) pieces.push(piece)
  }
  const legacyCall = message['function_call'] ?? (calls === undefined ? extra['function_call'] : undefined)
  if (isObject(legacyCall)) pieces.push(...readCall(legacyCall, names))

  const handled = new Set([
    'content', 'parts', 'text', 'message', 'name', 'tool_calls', 'toolCalls', 'function_call', 'refusal', 'reasoning_content',
    'reasoning', 'thinking', 'additional_kwargs', 'toolCallId', 'data', 'tool_call_chunks', 'chunk_position',
  ]) // prettier-ignore
  addRest(pieces, message, handled)
  const { tool_calls: _calls, function_call: _call, ...rest } = extra
  addRest(pieces, rest, new Set())
  return pieces
}

/** Message content: a string, a list of parts, one part, or nothing. */
export function readContent(content: unknown, kind: TurnKind, names: Map<string, string>): Piece[] {
  if (content == null) return []
  const list = Array.isArray(content) ? content : [content]
  return list.flatMap((part: unknown) => readPart(part, kind, names))
}

function readPart(part: unknown, kind: TurnKind, names: Map<string, string>): Piece[] {
  const pieces: Piece[] = []
  if (typeof part === 'string') {
    addText(pieces, kind, kind === 'assistant' ? unwrap(part) : part)
    return pieces
  }
  if (!isObject(part)) {
    if (part != null) addText(pieces, kind, toJsonText(part))
    return pieces
  }
  const type = textOf(part['type']) ?? textOf(part['part_kind']) ?? ''
  const call = part['functionCall'] ?? part['function_call'] ?? part['toolUse']
  const response = part['functionResponse'] ?? part['function_response'] ?? part['toolResult']
  if (isObject(call)) return readCall(call, names)
  if (isObject(response)) return readResult(response, names)
  if (
    [
      'tool_use',
      'function_call',
      'tool_call',
      'tool-call',
      'server_tool_use',
      'mcp_tool_use',
      'custom_tool_call',
    ].includes(type)
  ) {
    return readCall(part, names)
  }
  if (
    /^(.*_?tool[_-]?(result|return|call_output|call_response)|function_call_output|tool-result|tool-return)$/.test(type)
  ) {
    return readResult(part, names)
  }
  if (type === 'thinking' || type === 'reasoning') {
    const thought = part['thinking'] ?? part['text'] ?? part['reasoning'] ?? part['content'] ?? part['summary']
    for (const piece of readContent(thought, 'data', names)) pieces.push({ ...piece, kind: 'data', name: 'thinking' })
    return pieces
  }
  if (type === 'redacted_thinking') return [{ kind: 'data', name: 'thinking', text: '[redacted]' }]
  const blob = describeBlob(part, type)
  if (blob !== undefined) return [{ kind, text: blob }]
  const partKind = type in kindOfRole && 'content' in part ? (kindOfRole[type] ?? kind) : kind
  const text = part['text'] ?? part['refusal'] ?? part['content'] ?? part['output_text'] ?? part['transcript']
  if (text !== undefined && (typeof text === 'string' || Array.isArray(text))) {
    pieces.push(...readContent(text, partKind, names))
    addRest(pieces, part, new Set(['text', 'refusal', 'content', 'output_text', 'transcript']))
    return pieces
  }
  if (isObject(part['json'])) return [{ kind, text: toJsonText(part['json']) }]
  addText(pieces, kind === 'tool_result' ? kind : 'data', toJsonText(part))
  return pieces
}

/** A tool call in any vendor's words: OpenAI, Anthropic, LangChain, Gemini, Bedrock, Vercel, OpenTelemetry. */
export function readCall(call: unknown, names: Map<string, string>): Piece[] {
  if (!isObject(call)) return []
  const inner = isObject(call['function']) ? call['function'] : call
  const name = textOf(inner['name']) ?? textOf(inner['toolName']) ?? textOf(inner['tool_name']) ?? 'tool'
  const id =
    textOf(call['call_id']) ??
    textOf(call['id']) ??
    textOf(call['toolUseId']) ??
    textOf(call['toolCallId']) ??
    textOf(call['tool_call_id'])
  if (id !== undefined) names.set(id, name)
  const args = inner['arguments'] ?? inner['args'] ?? inner['input'] ?? {}
  const text = typeof args === 'string' ? replaceBlobs(args) : toJsonText(args)
  return [id === undefined ? { kind: 'tool_call', name, text } : { kind: 'tool_call', name, text, callId: id }]
}

function readResult(part: JsonObject, names: Map<string, string>): Piece[] {
  const id =
    textOf(part['tool_use_id']) ?? textOf(part['call_id']) ?? textOf(part['toolUseId']) ?? textOf(part['tool_call_id']) ??
    textOf(part['toolCallId']) ?? textOf(part['id']) // prettier-ignore
  const name =
    textOf(part['name']) ??
    textOf(part['toolName']) ??
    textOf(part['tool_name']) ??
    (id === undefined ? undefined : names.get(id))
  const content = part['content'] ?? part['output'] ?? part['response'] ?? part['result']
  const isError = part['is_error'] === true || part['isError'] === true || part['status'] === 'error'
  const texts =
    isObject(content) && !('text' in content)
      ? [toJsonText(content)]
      : readContent(content, 'tool_result', names).map((p) => p.text)
  const text = texts.join('\n')
  if (text.trim() === '') return []
  return [
    {
      kind: isError ? 'error' : 'tool_result',
      text,
      ...(name === undefined ? {} : { name }),
      ...(id === undefined ? {} : { callId: id }),
    },
  ]
}

/** Pictures, sounds and files by name; `undefined` for anything else. */
function describeBlob(part: JsonObject, type: string): string | undefined {
  const source = part['source'] ?? part['inlineData'] ?? part['inline_data'] ?? part['fileData'] ?? part['file_data']
  if (
    isObject(source) &&
    (type === 'image' || type === 'document' || type === 'file' || 'data' in source || 'fileUri' in source)
  ) {
    if (type === 'document' && typeof source['data'] === 'string' && source['type'] === 'text') return source['data']
    const mime = textOf(source['media_type']) ?? textOf(source['mimeType']) ?? textOf(source['mime_type'])
    return `[${mime ?? (type || 'file')}]`
  }
  if (!/^(input_)?(image|image_url|audio|file|video|video_url|document)$/.test(type)) return undefined
  const carrier =
    part['image_url'] ??
    part['input_audio'] ??
    part['file'] ??
    part['image'] ??
    part['audio'] ??
    part['video_url'] ??
    part
  const url =
    typeof carrier === 'string'
      ? carrier
      : isObject(carrier)
        ? (textOf(carrier['url']) ?? textOf(carrier['filename']))
        : undefined
  const word = type.replace('input_', '').replace('_url', '')
  if (url === undefined) return `[${word}]`
  const shown = replaceBlobs(url)
  return shown.startsWith('[') ? shown : `[${word}: ${shown.slice(0, 200)}]`
}

/** Some agents answer in JSON such as `{"message": "…"}`: the one text in it is the answer. */
function unwrap(text: string): string {
  const parsed = parseJsonText(text)
  if (!isObject(parsed)) return text
  const [key, inner] = Object.entries(parsed)[0] ?? ['', null]
  const isAnswer = ['message', 'content', 'response', 'answer', 'text', 'reply', 'output', 'final_answer'].includes(key)
  return isAnswer && Object.keys(parsed).length === 1 && typeof inner === 'string' && inner.trim() !== '' ? inner : text
}

export function addText(pieces: Piece[], kind: TurnKind, text: string, name?: string): void {
  const shown = replaceBlobs(text)
  if (shown.trim() !== '') pieces.push(name === undefined ? { kind, text: shown } : { kind, text: shown, name })
}

/** What is left of an object once the handled keys are taken: kept as data unless it is short noise. */
export function addRest(pieces: Piece[], value: JsonObject, handled: ReadonlySet<string>): void {
  const rest: JsonObject = {}
  for (const [key, inner] of Object.entries(value)) {
    if (handled.has(key) || isNothing(inner)) continue
    if (noiseKeys.has(key) && !hasLongText(inner)) continue
    rest[key] = inner
  }
  if (Object.keys(rest).length > 0) addText(pieces, 'data', toJsonText(rest))
}

function hasLongText(value: unknown): boolean {
  const stack: unknown[] = [value]
  while (stack.length > 0) {
    const next = stack.pop()
    if (typeof next === 'string') {
      if (next.length > longestNoise) return true
    } else if (next !== null && typeof next === 'object') for (const inner of Object.values(next)) stack.push(inner)
  }
  return false
}

export function isNothing(value: unknown): boolean {
  return (
    value == null ||
    value === '' ||
    (Array.isArray(value) && value.length === 0) ||
    (isObject(value) && Object.keys(value).length === 0)
  )
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function lastOf(list: readonly unknown[]): string {
  const last = list.at(-1)
  return typeof last === 'string' ? last : ''
}
