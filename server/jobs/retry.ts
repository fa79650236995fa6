import { AppError, isRetryable } from '#/pipeline/errors.ts'

/** With delays that grow to ten seconds, about three minutes: a restart of MLflow or of a model fits in. */
const attemptsOfAppError = 20
/** What is no `AppError` is a bug or a database that went away; a bug does the same thing each time. */
const attemptsOfBug = 5

/** Whether to run a job again after its `attempts`-th error in a row; if not, the error to show for good. */
export function decideRetry(
  error: unknown,
  attempts: number,
): { retry: true } | { retry: false; error: { code: string; detail: string } } {
  if (error instanceof AppError) {
    if (isRetryable[error.code] && attempts < attemptsOfAppError) return { retry: true }
    return { retry: false, error: { code: error.code, detail: error.message } }
  }
  if (attempts < attemptsOfBug) return { retry: true }
  return {
    retry: false,
    error: {
      code: 'internal',
      detail: 'Something in the service is broken; its log says what. Everything finished is kept.',
    },
  }
}
