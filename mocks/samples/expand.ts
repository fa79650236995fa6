// An authored conversation as a whole trace: root agent span, model calls, tools, look-ups, timing, tokens, feedback.
// Nothing is random: the same line gives the same trace, ids included.
import { createHash } from 'node:crypto'
import type { Conversation, Turn } from './authored.ts'
import { padText } from './meter-log.ts'
import { systemPrompt } from './system-prompt.ts'

export type Message = { role: 'system' | 'user' | 'assistant' | 'tool'; content: string | null } & Record<
  string,
  unknown
>

export type SpanLine = {
  span_id: string
  parent_id: string | null
  name: string
  span_type: 'AGENT' | 'CHAT_MODEL' | 'TOOL' | 'RETRIEVER'
  /** Nanoseconds since the epoch as decimal text: they pass 2^53. */
  start_time_unix_nano: string
  end_time_unix_nano: string
  status: 'OK' | 'ERROR'
  status_message?: string
  inputs: unknown
  outputs: unknown
  attributes?: Record<string, unknown>
  events?: { name: string; time_unix_nano: string; attributes: Record<string, string> }[]
}

/** A trace in the shape that the `import` command reads. `labels` are the answer key: never sent to a tracking store. */
export type TraceLine = {
  trace_id: string
  request_time: string
  execution_duration_ms: number
  state: 'OK' | 'ERROR'
  request_preview: string
  response_preview: string
  tags: Record<string, string>
  trace_metadata: Record<string, string>
  spans: SpanLine[]
  expectations: Record<string, unknown>
  labels: { theme: string; subtheme: string }
  assessments: { name: string; source_type: 'HUMAN' | 'CODE'; source_id: string; value: boolean; rationale?: string }[]
}

const hash = (text: string, digits: number) => createHash('sha256').update(text).digest('hex').slice(0, digits)

const agentName = 'nora'
const defaultModel = 'gpt-4.1-mini'
const previewChars = 1000
const charsPerToken = 4

/** The trace of a conversation. */
export function expandConversation(conversation: Conversation): TraceLine {
  const builder = new TraceBuilder(conversation)
  const turns = withPad(conversation)
  for (const turn of turns) builder.add(turn)
  const firstUser = turns.find((turn) => 'user' in turn)
  const lastAssistant = turns.findLast((turn) => 'assistant' in turn)
  const spans = builder.finish()
  return {
    trace_id: builder.traceId,
    request_time: new Date(conversation.at).toISOString(),
    execution_duration_ms: builder.elapsedMs,
    state: conversation.state ?? 'OK',
    request_preview: firstUser !== undefined && 'user' in firstUser ? cut(firstUser.user) : '',
    response_preview: lastAssistant !== undefined && 'assistant' in lastAssistant ? cut(lastAssistant.assistant) : '',
    tags: {
      'mlflow.traceName': agentName,
      agent: 'nordlys-support',
      language: conversation.lang,
      model: conversation.model ?? defaultModel,
    },
    trace_metadata: {
      'mlflow.trace.session': `sess-${hash(`session:${conversation.session ?? conversation.id}`, 16)}`,
      'mlflow.trace.user': conversation.user,
    },
    spans,
    expectations: {},
    labels: { theme: conversation.theme, subtheme: conversation.subtheme },
    assessments: (conversation.feedback ?? []).map(({ name, value, by, comment }) => ({
      name,
      source_type: by === 'human' ? 'HUMAN' : 'CODE',
      source_id: by === 'human' ? conversation.user : 'resolution-check',
      value,
      ...(comment !== undefined && { rationale: comment }),
    })),
  }
}

function cut(text: string): string {
  return text.slice(0, previewChars)
}

function withPad({ turns, pad }: Conversation): Turn[] {
  return turns.map((turn, index) => {
    if (pad?.turn !== index) return turn
    const more = `\n${padText(pad.lines)}`
    if ('user' in turn) return { ...turn, user: turn.user + more }
    return 'assistant' in turn ? { ...turn, assistant: turn.assistant + more } : turn
  })
}

const charsOf = (message: Message) =>
  (message.content ?? '').length + ('tool_calls' in message ? JSON.stringify(message['tool_calls']).length : 0)
const tokensOf = (chars: number) => Math.ceil(chars / charsPerToken)

/** Walks the turns, keeping the clock and the message history of the agent. */
class TraceBuilder {
  readonly traceId: string
  elapsedMs = 0
  private readonly conversation: Conversation
  private readonly rootId: string
  private readonly history: Message[] = [{ role: 'system', content: systemPrompt }]
  private readonly spans: SpanLine[] = []
  /** How many messages the model has seen, and how many characters they hold. */
  private seen = 0
  private seenChars = 0

  constructor(conversation: Conversation) {
    this.conversation = conversation
    this.traceId = `tr-${hash(`nordlys:${conversation.id}`, 32)}`
    this.rootId = this.spanId('root')
  }

  add(turn: Turn): void {
    if ('user' in turn) this.history.push({ role: 'user', content: turn.user })
    else if ('assistant' in turn)
      this.callModel({ role: 'assistant', content: turn.assistant }, turn.ms ?? this.writingMs(turn.assistant))
    else if ('tool' in turn) this.callTool(turn.tool, turn.args, turn)
    else this.search(turn)
  }

  /** All spans, the root first. A run that broke off ends with the failed model call where it was the model's fault. */
  finish(): SpanLine[] {
    const { error } = this.conversation
    if (error !== undefined && isModelError(error)) this.callModel(undefined, 1_000 + (this.seenChars % 900), error)
    // The conversation is cut in two at the assistant's last text; together the halves are all of it.
    const last = this.history.findLastIndex((message) => message.role === 'assistant' && message.content !== null)
    const split = last === -1 ? this.history.length : last
    const root: SpanLine = {
      span_id: this.rootId,
      parent_id: null,
      name: agentName,
      span_type: 'AGENT',
      ...this.timed(0, this.elapsedMs),
      ...outcomeOf(error, this.nanosAt(this.elapsedMs)),
      inputs: { messages: this.history.slice(0, split) },
      outputs: split < this.history.length ? { messages: this.history.slice(split) } : null,
    }
    return [root, ...this.spans]
  }

  private callModel(reply: Message | undefined, ms: number, error?: string): void {
    const fresh = this.history.slice(this.seen)
    this.seenChars += fresh.reduce((sum, message) => sum + charsOf(message), 0)
    const input = tokensOf(this.seenChars)
    const output = reply === undefined ? 0 : tokensOf(charsOf(reply))
    this.addSpan('chat', 'CHAT_MODEL', ms, {
      inputs: { messages: fresh },
      outputs: reply ?? null,
      error,
      attributes: {
        model: this.conversation.model ?? defaultModel,
        messages_before: this.seen,
        ...(reply !== undefined && {
          token_usage: { input_tokens: input, output_tokens: output, total_tokens: input + output },
        }),
      },
    })
    this.seen = this.history.length
    if (reply === undefined) return
    this.history.push(reply)
    this.seen++
    this.seenChars += charsOf(reply)
  }

  /** The model asks for a call; gives the call's id. */
  private decide(name: string, args: Record<string, unknown>): string {
    const id = `call_${hash(`${this.conversation.id}:call:${this.history.length}`, 12)}`
    const call = { id, type: 'function', function: { name, arguments: JSON.stringify(args) } }
    this.callModel(
      { role: 'assistant', content: null, tool_calls: [call] },
      380 + ((this.history.length * 137 + name.length * 31) % 420),
    )
    return id
  }

  private callTool(
    name: string,
    args: Record<string, unknown>,
    turn: { result?: unknown; error?: string | undefined; ms?: number | undefined },
  ): void {
    const id = this.decide(name, args)
    const text = turn.error === undefined ? JSON.stringify(turn.result) : JSON.stringify({ error: turn.error })
    const ms =
      turn.ms ?? Math.min(10_000, 40 + Math.ceil(JSON.stringify(args).length / 5) + Math.ceil(text.length / 20))
    this.addSpan(name, 'TOOL', ms, {
      inputs: args,
      outputs: turn.error === undefined ? turn.result : null,
      error: turn.error,
    })
    this.history.push({ role: 'tool', tool_call_id: id, name, content: text })
  }

  private search(turn: { search: string; docs: { title: string; text: string }[]; ms?: number | undefined }): void {
    const name = 'search_help_centre'
    const id = this.decide(name, { query: turn.search })
    const documents = turn.docs.map(({ title, text }) => ({
      page_content: text,
      metadata: { title, doc_uri: `help-centre/${hash(title, 8)}` },
    }))
    this.addSpan(name, 'RETRIEVER', turn.ms ?? 180, { inputs: { query: turn.search }, outputs: documents })
    this.history.push({ role: 'tool', tool_call_id: id, name, content: JSON.stringify(turn.docs) })
  }

  private addSpan(
    name: string,
    type: SpanLine['span_type'],
    ms: number,
    span: { inputs: unknown; outputs: unknown; error?: string | undefined; attributes?: Record<string, unknown> },
  ): void {
    const { error, ...rest } = span
    // A millisecond of the agent's own work between two spans.
    const start = this.elapsedMs + 1
    this.elapsedMs = start + ms
    this.spans.push({
      span_id: this.spanId(this.spans.length),
      parent_id: this.rootId,
      name,
      span_type: type,
      ...this.timed(start, this.elapsedMs),
      ...outcomeOf(error, this.nanosAt(this.elapsedMs)),
      ...rest,
    })
  }

  /** As the real traces count it: 300 ms, 8 ms a character, and a little for the context. */
  private writingMs(text: string): number {
    return Math.min(60_000, 300 + 8 * text.length + Math.ceil(this.seenChars / 100))
  }

  private spanId(key: string | number): string {
    return hash(`nordlys:${this.conversation.id}:span:${key}`, 16)
  }

  private nanosAt(ms: number): string {
    return (BigInt(Date.parse(this.conversation.at) + ms) * 1_000_000n).toString()
  }

  private timed(startMs: number, endMs: number): Pick<SpanLine, 'start_time_unix_nano' | 'end_time_unix_nano'> {
    return { start_time_unix_nano: this.nanosAt(startMs), end_time_unix_nano: this.nanosAt(endMs) }
  }
}

/** Whether the run broke off in the model call, so that the last span is one that failed. */
function isModelError(error: string): boolean {
  return /model|^(RateLimit|APIConnection|InternalServer|ContextLength)/i.test(error)
}

function outcomeOf(error: string | undefined, at: string): Pick<SpanLine, 'status' | 'status_message' | 'events'> {
  if (error === undefined) return { status: 'OK' }
  const type = /^(\w+):/.exec(error)?.[1] ?? 'ToolError'
  return {
    status: 'ERROR',
    status_message: error,
    events: [
      { name: 'exception', time_unix_nano: at, attributes: { 'exception.type': type, 'exception.message': error } },
    ],
  }
}
