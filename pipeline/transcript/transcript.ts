// What a trace says, as text: the conversation in order, each piece knowing the span it came from.

export const turnKinds = [
  'user',
  'assistant',
  'system',
  'tool_call',
  'tool_result',
  'retrieval',
  'error',
  'data',
] as const
export type TurnKind = (typeof turnKinds)[number]

export type Turn = {
  kind: TurnKind
  /** The span whose inputs or outputs hold this text literally. */
  spanId: string
  /** Tool, retriever or sender name where there is one. */
  name?: string
  text: string
  /** True when the text was seen in other traces of the job (a system prompt, a tool schema): shown once, not read again. */
  repeated?: boolean
}

/**
 * `chars` counts the text kept, `totalChars` what the trace held; `readShare = chars / totalChars` times the share of
 * the stored bytes that could be read at all.
 */
export type Transcript = {
  traceId: string
  turns: Turn[]
  chars: number
  totalChars: number
  readShare: number
  state: string
  errorMessage?: string
  /** What people or checks said about the trace afterwards; not in any span, so never quoted as evidence. */
  feedback?: { name: string; value: unknown; comment?: string }[]
}
