// What went visibly wrong in a trace.
import type { Turn } from '../transcript/transcript.ts'
import { asks } from './cues.ts'
import type { FailureKind } from './frames.ts'
import type { Ending } from './outcome.ts'
import { sentencesOf } from './plain-text.ts'
import type { Reading, Said } from './reading.ts'
import { contentCount } from './request.ts'

export type FoundFailure = {
  kind: FailureKind
  /** The words that show it: error message, refusal, complaint. */
  reason?: { raw: string; plain: string; turn: Turn }
  tool?: string
}

/** The worst that can be seen: the run broke off, a tool failed, the user complained, the assistant could not help, a human took over. */
export function failureOf(reading: Reading, ending: Ending): FoundFailure {
  const { transcript, errors, complaint, refusal, actions } = reading
  if (transcript.state === 'ERROR') {
    const last = errors.at(-1)
    return last === undefined ? { kind: 'broke' } : { kind: 'broke', reason: firstLine(last) }
  }
  const isGood = ending.outcome === 'resolved'
  const ended = ending.sign === 'complaint' && ending.proof !== undefined ? ending.proof : undefined
  const complained = ended ?? complaint
  const toolError = errors.at(-1)
  if (toolError !== undefined && (!isGood || complained !== undefined)) {
    return {
      kind: 'tool',
      reason: firstLine(toolError),
      ...(toolError.name === undefined ? {} : { tool: toolError.name }),
    }
  }
  if (complained !== undefined && isTelling(complained)) return { kind: 'complaint', reason: complained }
  if (ending.sign === 'refusal' && ending.proof !== undefined) return { kind: 'refusal', reason: ending.proof }
  if (actions.some((action) => action.isHandover) || ending.sign === 'handover') {
    const why =
      refusal ??
      reading.user.findLast((said) => said.order > 0 && asks.test(said.plain) && contentCount(said.plain) >= 3)
    return why === undefined ? { kind: 'handover' } : { kind: 'handover', reason: why }
  }
  if (ending.outcome === 'unresolved') {
    if (refusal !== undefined) return { kind: 'refusal', reason: refusal }
    return { kind: 'feedback' }
  }
  if (toolError !== undefined)
    return {
      kind: 'tool',
      reason: firstLine(toolError),
      ...(toolError.name === undefined ? {} : { tool: toolError.name }),
    }
  return { kind: 'none' }
}

function isTelling(said: Said): boolean {
  return contentCount(said.plain) >= 2
}

function firstLine(turn: Turn): { raw: string; plain: string; turn: Turn } {
  const first = sentencesOf(turn.text.slice(0, 2_000))[0] ?? {
    raw: turn.text.slice(0, 200),
    plain: turn.text.slice(0, 200),
  }
  return { ...first, turn }
}
