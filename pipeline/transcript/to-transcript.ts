// From a trace of any shape to faithful text.
import { AppError } from '../errors.ts'
import { assessmentName } from '../names.ts'
import type { Span, Trace } from '../trace.ts'
import { Conversation, keyOf, type Item } from './conversation.ts'
import { canonicalJson, toJsonText } from './json-text.ts'
import type { Piece } from './pieces.ts'
import { readDocuments, readValue } from './read-value.ts'
import type { RepeatedText } from './repeated-text.ts'
import { shortenTurns } from './shorten-turns.ts'
import { foldWhitespace, spanInputs, spanOutputs } from './span-text.ts'
import type { Transcript, Turn } from './transcript.ts'

const defaultMaxChars = 400_000

/**
 * Reads a trace: the conversation once (root messages, and whatever else its spans know), tool calls, retrieval and
 * errors between the messages in the order of time. Settings and identifiers around messages are left out, blobs become
 * placeholders; a trace over `maxChars` (default 400,000) keeps head and tail of its longest values, and `readShare`
 * says how much that is. Throws `trace.empty` when it says nothing at all.
 */
export function toTranscript(trace: Trace, options: { known: RepeatedText; maxChars?: number }): Transcript {
  const { info } = trace
  const spans = [...trace.spans].sort((a, b) => a.startMs - b.startMs)
  let items = spans.length === 0 ? [] : readSpans(spans)
  if (items.every((item) => item.text.trim() === '')) items = previews(trace)
  if (items.length === 0) throw new AppError('trace.empty', `Trace ${info.traceId} has no text to read.`)

  const turns = items.map((item): Turn => {
    const turn: Turn = { kind: item.kind, spanId: item.spanId, text: item.text }
    if (item.name !== undefined) turn.name = item.name
    const mayRepeat = item.kind === 'system' || item.kind === 'data' || item.kind === 'retrieval'
    if (mayRepeat && options.known.isRepeated(item.text, info.traceId)) turn.repeated = true
    return turn
  })
  const shortened = shortenTurns(turns, options.maxChars ?? defaultMaxChars)
  const feedback = info.assessments
    .filter((assessment) => assessment.kind === 'feedback' && assessment.valid && assessment.name !== assessmentName)
    .map(({ name, value, rationale }) => ({ name, value, ...(rationale === undefined ? {} : { comment: rationale }) }))
  const errorMessage = turns.find((turn) => turn.kind === 'error' && turn.name !== 'stack trace')?.text
  return {
    traceId: info.traceId,
    turns: shortened.turns,
    chars: shortened.chars,
    totalChars: shortened.totalChars,
    readShare:
      shortened.totalChars === 0 ? trace.readShare : (shortened.chars / shortened.totalChars) * trace.readShare,
    state: info.state,
    ...(errorMessage === undefined ? {} : { errorMessage: errorMessage.slice(0, 2_000) }),
    ...(feedback.length === 0 ? {} : { feedback }),
  }
}

const modelTypes = new Set(['CHAT_MODEL', 'LLM', 'AGENT'])

function readSpans(spans: readonly Span[]): Item[] {
  const ids = new Set(spans.map((span) => span.spanId))
  const isRoot = (span: Span) => span.parentId === null || !ids.has(span.parentId)
  const conversation = new Conversation()
  const names = new Map<string, string>()
  const at =
    (span: Span, timeMs: number) =>
    (piece: Piece): Item => ({ ...piece, spanId: span.spanId, timeMs })

  const asConversation = spans.filter((span) => isRoot(span) && span.type !== 'TOOL' && span.type !== 'RETRIEVER')
  for (const span of asConversation) {
    conversation.say(readValue(spanInputs(span), 'in', names).map(at(span, span.startMs)))
    conversation.say(readValue(spanOutputs(span), 'out', names).map(at(span, Infinity)))
  }
  const others = spans.filter((span) => !asConversation.includes(span))
  const times = new Map<string, number>()
  const tools: Span[] = []
  const isAsked = conversation.hasUser
  for (const span of others) {
    if (span.type === 'TOOL') {
      tools.push(span)
      continue
    }
    const inputs = readValue(spanInputs(span), 'in', names)
    const isModel = modelTypes.has(span.type)
    if (isModel) for (const piece of inputs) heard(times, piece, span.startMs)
    // Once people have spoken for themselves, a prompt that quotes them is not a second person.
    const asked = inputs.map((piece) =>
      isAsked && piece.kind === 'user' ? { ...piece, kind: 'data' as const, name: `${span.name} input` } : piece,
    )
    if (span.type === 'RETRIEVER' || span.type === 'RERANKER') {
      for (const piece of inputs)
        conversation.addUnlessKnown(at(span, span.startMs)({ ...piece, kind: 'retrieval', name: `${span.name} query` }))
      const found = readDocuments(spanOutputs(span), names)
      for (const piece of found)
        conversation.addUnlessKnown(at(span, span.endMs ?? span.startMs)({ name: span.name, ...piece }))
      continue
    }
    if (isModel && !isAsked) conversation.add(inputs.map(at(span, span.startMs)))
    else
      for (const [index, piece] of asked.entries()) {
        const item = at(span, span.startMs)(piece)
        if (inputs[index]?.kind === 'user' && isAsked) conversation.addUnlessKnown(item)
        else conversation.add([item])
      }
    if (span.type === 'EMBEDDING') continue
    const outputs = readValue(spanOutputs(span), 'out', names)
    const endMs = span.endMs ?? span.startMs
    if (isModel) for (const piece of outputs) heard(times, piece, endMs)
    if (isModel) conversation.add(outputs.map(at(span, endMs)))
    else
      for (const piece of outputs)
        conversation.addUnlessKnown(
          at(span, endMs)(piece.kind === 'assistant' ? { ...piece, kind: 'data', name: span.name } : piece),
        )
  }
  placeTools(conversation, tools)
  for (const span of spans)
    for (const piece of errorsOf(span)) conversation.addUnlessKnown(at(span, span.endMs ?? span.startMs)(piece))
  return conversation.inOrder(times)
}

function heard(times: Map<string, number>, piece: Piece, timeMs: number): void {
  const key = keyOf(piece)
  if (!times.has(key)) times.set(key, timeMs)
}

/**
 * A TOOL span is the same event as the message that called the tool: matched by name and arguments, or, where they were
 * rewritten on the way, by order. What the messages do not know (a result, an error, the whole call) is added.
 */
function placeTools(conversation: Conversation, tools: readonly Span[]): void {
  const known = conversation.toolItems()
  const calls = known.filter((item) => item.kind === 'tool_call')
  const results = new Set(known.filter((item) => item.kind !== 'tool_call'))
  const callsOf = Map.groupBy(calls, (call) => call.name ?? '')
  const spansOf = Map.groupBy(tools, (span) => span.name)
  for (const [name, spans] of spansOf) {
    const free = new Set(callsOf.get(name) ?? [])
    const matched = new Map<Span, Item>()
    const byArguments = Map.groupBy(free, (call) => canonicalJson(call.text))
    for (const span of spans) {
      const call = byArguments.get(canonicalJson(spanInputs(span)))?.shift()
      if (call === undefined) continue
      matched.set(span, call)
      free.delete(call)
    }
    const open = spans.filter((span) => !matched.has(span))
    if (open.length === free.size) {
      for (const span of open) {
        const [call] = free
        if (call === undefined) break
        matched.set(span, call)
        free.delete(call)
      }
    }
    for (const span of spans) placeTool(conversation, span, matched.get(span), results)
  }
}

function placeTool(conversation: Conversation, span: Span, call: Item | undefined, results: Set<Item>): void {
  const output = spanOutputs(span)
  const text = output == null ? '' : typeof output === 'string' ? onlyText(output) : toJsonText(output)
  // A failed tool often says why in its output and nowhere else.
  const isFailure = span.status === 'ERROR' && span.statusMessage.trim() === '' && span.events.length === 0
  const kind = isFailure ? 'error' : 'tool_result'
  const result: Item | undefined =
    text.trim() === '' ? undefined : { kind, name: span.name, text, spanId: span.spanId, timeMs: span.startMs }
  if (call === undefined) {
    const input = spanInputs(span)
    const own: Item = {
      kind: 'tool_call',
      name: span.name,
      text: typeof input === 'string' ? onlyText(input) : toJsonText(input ?? {}),
      spanId: span.spanId,
      timeMs: span.startMs,
    }
    conversation.addAfter(own, own)
    if (result !== undefined && ![...results].some((item) => sameResult(item, result, results)))
      conversation.addAfter(own, result)
    return
  }
  const answer =
    [...results].find((item) => call.callId !== undefined && item.callId === call.callId) ??
    (result && [...results].find((item) => sameText(item, result)))
  if (answer !== undefined) {
    results.delete(answer)
    if (isFailure) answer.kind = 'error'
    if (typeof output === 'string' && foldWhitespace(output).includes(foldWhitespace(answer.text)))
      answer.spanId = span.spanId
  } else if (result !== undefined) conversation.addAfter(call, result)
}

function sameResult(item: Item, result: Item, results: Set<Item>): boolean {
  if (item.name !== result.name || !sameText(item, result)) return false
  results.delete(item)
  return true
}

function sameText(a: Item, b: Item): boolean {
  return a.text === b.text || canonicalOf(a) === canonicalOf(b)
}

const canonicalTexts = new WeakMap<Item, string>()

/** Remembered per item: every result of a trace is compared with many others. */
function canonicalOf(item: Item): string {
  const known = canonicalTexts.get(item)
  if (known !== undefined) return known
  const text = canonicalJson(item.text)
  canonicalTexts.set(item, text)
  return text
}

function onlyText(text: string): string {
  return readValue({ text }, 'out')
    .map((piece) => piece.text)
    .join('\n')
}

function errorsOf(span: Span): Piece[] {
  const pieces: Piece[] = []
  const stacks: Piece[] = []
  for (const event of span.events) {
    const message = event.attributes['exception.message']
    const type = event.attributes['exception.type']
    const stack = event.attributes['exception.stacktrace']
    if (typeof message === 'string' && message.trim() !== '')
      pieces.push({ kind: 'error', name: typeof type === 'string' ? type : span.name, text: message })
    else if (typeof type === 'string') pieces.push({ kind: 'error', name: span.name, text: type })
    if (typeof stack === 'string' && stack.trim() !== '')
      stacks.push({ kind: 'error', name: 'stack trace', text: stack })
    const {
      'exception.message': _m,
      'exception.type': _t,
      'exception.stacktrace': _s,
      'exception.escaped': _e,
      ...rest
    } = event.attributes
    if (Object.keys(rest).length > 0)
      pieces.push({ kind: event.name === 'exception' ? 'error' : 'data', name: event.name, text: toJsonText(rest) })
  }
  if (
    span.statusMessage.trim() !== '' &&
    !pieces.some((piece) => span.statusMessage.includes(piece.text) && piece.text.length > 20)
  ) {
    pieces.unshift({ kind: span.status === 'ERROR' ? 'error' : 'data', name: span.name, text: span.statusMessage })
  }
  const isSilent = span.type !== 'TOOL' || spanOutputs(span) == null
  if (span.status === 'ERROR' && pieces.length === 0 && isSilent)
    pieces.push({ kind: 'error', name: span.name, text: `${span.name} failed without a message` })
  return [...pieces, ...stacks]
}

function previews({ info, spans }: Trace): Item[] {
  const spanId = spans[0]?.spanId ?? ''
  const items: Item[] = []
  for (const piece of readValue(info.requestPreview, 'in')) items.push({ ...piece, spanId, timeMs: 0 })
  for (const piece of readValue(info.responsePreview, 'out')) items.push({ ...piece, spanId, timeMs: 1 })
  return items
}
