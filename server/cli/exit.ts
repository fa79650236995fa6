// Exit codes, and the one translator from errors to them.
import { AppError, type ErrorCode } from '#/pipeline/errors.ts'

export const exitCodes = {
  ok: 0,
  /** The job failed, or what was asked for does not exist. */
  failed: 1,
  /** Wrong usage, or something that must answer does not. */
  unusable: 2,
  /** Ctrl-C, as shells count it: 128 and the number of the signal. */
  interrupted: 130,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Ends the command with a sentence for a person and an exit code for a script. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: ExitCode

  constructor(message: string, exitCode: ExitCode, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.exitCode = exitCode
  }
}

/** Codes that say that the command, its file, or the settings must change, or that nobody answers. */
const unusable: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'request.invalid',
  'request.too_large',
  'auth.required',
  'auth.forbidden',
  'mlflow.unreachable',
  'mlflow.unauthorized',
  'mlflow.forbidden',
  'mlflow.host_refused',
  'mlflow.unsupported',
  'model.unreachable',
  'model.unauthorized',
  'database.unavailable',
  'data_dir.locked',
  'config.invalid',
  'import.invalid',
])

/** What to say and how to leave for an error that is expected; `undefined` for a mistake in this program. */
export function findExit(error: unknown): { message: string; exitCode: ExitCode } | undefined {
  if (error instanceof CliError) return { message: error.message, exitCode: error.exitCode }
  if (!(error instanceof AppError)) return undefined
  return { message: error.message, exitCode: unusable.has(error.code) ? exitCodes.unusable : exitCodes.failed }
}
