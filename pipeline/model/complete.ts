// What the model analyst asks of a model: one structured answer, or vectors for some texts.
import type { z } from 'zod'
import { AppError, type ErrorCode } from '../errors.ts'
import type { Usage } from '../insight.ts'
import type { Cancellable } from '../ports.ts'
import type { CallKind } from './call-kind.ts'
import type { Folded } from './fold-identifiers.ts'

/** `thinking` names and concludes, `summary` reads single traces. */
export type ModelRole = 'thinking' | 'summary'

export type CompleteRequest<T> = {
  kind: CallKind
  prompt: { system: string; user: string }
  schema: z.ZodType<T>
  /** Letters, digits, `_` and `-`; tells the server (and a reader of its log) what is being asked for. */
  schemaName: string
  /** Room for the answer itself; whoever calls a model that thinks first adds room for that. */
  maxOutputTokens: number
  model: ModelRole
  /** The prompt's data without what is told apart only by machines: prompts with one text here may share an answer. */
  alike?: Folded
  /** For one attempt, not for all of them. */
  timeoutMs: number
}

/**
 * One answer that fits the schema, however many attempts it took; `usage` counts all of them. Throws a `model.*` error
 * (a `ModelCallError` where something was spent on the failed attempts), or the signal's reason.
 */
export type Complete = <T>(request: CompleteRequest<T>, options: Cancellable) => Promise<{ value: T; usage: Usage }>

/** One vector a text, in order; no text is empty. Throws a `model.*` error, or the signal's reason. */
export type EmbedTexts = (
  texts: readonly string[],
  options: Cancellable & { timeoutMs: number },
) => Promise<{ vectors: (readonly number[])[]; usage: Usage }>

/** A call that failed for good after it had cost something. */
export class ModelCallError extends AppError {
  readonly usage: Usage

  constructor(code: ErrorCode, message: string, options: { cause: unknown; retryAfterMs?: number; usage: Usage }) {
    super(code, message, options)
    this.usage = options.usage
  }
}

/** The error with all that was spent until it came: what failed attempts cost is not lost with them. */
export function withUsage(error: unknown, usage: Usage): unknown {
  if (!(error instanceof AppError) || usage.calls === 0) return error
  const { retryAfterMs } = error
  return new ModelCallError(error.code, error.message, {
    cause: error.cause ?? error,
    usage,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}
