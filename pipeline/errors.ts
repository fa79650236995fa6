/** Every code a program may meet; stable, dotted, and listed in the API's documentation. */
export const errorCodes = [
  'request.invalid',
  'request.not_found',
  'request.too_large',
  'auth.required',
  'auth.forbidden',
  'experiment.not_found',
  'trace.not_found',
  'trace.unreadable',
  'trace.empty',
  'trace.left_out',
  'insight.not_found',
  'insight.no_traces',
  'insight.conflict',
  'insight.too_many_failures',
  'insight.deadline_passed',
  'mlflow.unreachable',
  'mlflow.unauthorized',
  'mlflow.forbidden',
  'mlflow.host_refused',
  'mlflow.invalid_request',
  'mlflow.not_found',
  'mlflow.already_exists',
  'mlflow.unsupported',
  'mlflow.rate_limited',
  'mlflow.server_error',
  'mlflow.bad_answer',
  'prompt.invalid',
  'model.unreachable',
  'model.unauthorized',
  'model.not_found',
  'model.invalid_request',
  'model.rate_limited',
  'model.server_error',
  'model.bad_answer',
  'model.refused',
  'model.too_long',
  'model.timeout',
  'database.unavailable',
  'data_dir.locked',
  'config.invalid',
  'import.invalid',
  'cancelled',
] as const
export type ErrorCode = (typeof errorCodes)[number]

/** Anything expected to go wrong: a code for programs, a sentence for a person that says what to do, and the cause. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  /** Milliseconds the other side asked us to wait, where it did. */
  readonly retryAfterMs: number | undefined
  readonly fields: readonly { path: string; message: string }[]

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number; fields?: readonly { path: string; message: string }[] } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryAfterMs = options.retryAfterMs
    this.fields = options.fields ?? []
  }
}

/** Whether doing the same again later can help. Exhaustive, so that a new code must decide. */
export const isRetryable: Record<ErrorCode, boolean> = {
  'request.invalid': false,
  'request.not_found': false,
  'request.too_large': false,
  'auth.required': false,
  'auth.forbidden': false,
  'experiment.not_found': false,
  'trace.not_found': false,
  'trace.unreadable': false,
  'trace.empty': false,
  'trace.left_out': false,
  'insight.not_found': false,
  'insight.no_traces': false,
  'insight.conflict': false,
  'insight.too_many_failures': false,
  'insight.deadline_passed': false,
  'mlflow.unreachable': true,
  'mlflow.unauthorized': false,
  'mlflow.forbidden': false,
  'mlflow.host_refused': false,
  'mlflow.invalid_request': false,
  'mlflow.not_found': false,
  'mlflow.already_exists': false,
  'mlflow.unsupported': false,
  'mlflow.rate_limited': true,
  'mlflow.server_error': true,
  'mlflow.bad_answer': false,
  'prompt.invalid': false,
  'model.unreachable': true,
  'model.unauthorized': false,
  'model.not_found': false,
  'model.invalid_request': false,
  'model.rate_limited': true,
  'model.server_error': true,
  'model.bad_answer': true,
  'model.refused': false,
  'model.too_long': false,
  'model.timeout': true,
  'database.unavailable': true,
  'data_dir.locked': false,
  'config.invalid': false,
  'import.invalid': false,
  cancelled: false,
}
