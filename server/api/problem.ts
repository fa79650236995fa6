// The only translator from errors to answers: RFC 9457 problem JSON, never a stack trace, SQL or HTML.
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { AppError, type ErrorCode } from '#/pipeline/errors.ts'
import { isDatabaseGone } from '#/server/db/is-gone.ts'
import type { Log } from '#/server/log.ts'
import type { Problem } from './schemas/parts.ts'

/** Exhaustive by type: a new code must decide its status. */
const statusOf: Record<ErrorCode, ContentfulStatusCode> = {
  'request.invalid': 400,
  'request.not_found': 404,
  'request.too_large': 413,
  'auth.required': 401,
  'auth.forbidden': 403,
  'experiment.not_found': 404,
  'trace.not_found': 404,
  'trace.unreadable': 502,
  'trace.empty': 422,
  'trace.left_out': 422,
  'insight.not_found': 404,
  'insight.no_traces': 422,
  'insight.conflict': 409,
  'insight.too_many_failures': 422,
  'insight.deadline_passed': 422,
  'mlflow.unreachable': 502,
  'mlflow.unauthorized': 502,
  'mlflow.forbidden': 403,
  'mlflow.host_refused': 502,
  'mlflow.invalid_request': 400,
  'mlflow.not_found': 404,
  'mlflow.already_exists': 409,
  'mlflow.unsupported': 502,
  'mlflow.rate_limited': 503,
  'mlflow.server_error': 502,
  'mlflow.bad_answer': 502,
  'prompt.invalid': 422,
  'model.unreachable': 502,
  'model.unauthorized': 502,
  'model.not_found': 502,
  'model.invalid_request': 502,
  'model.rate_limited': 503,
  'model.server_error': 502,
  'model.bad_answer': 502,
  'model.refused': 502,
  'model.too_long': 422,
  'model.timeout': 504,
  'database.unavailable': 503,
  'data_dir.locked': 503,
  'config.invalid': 500,
  'import.invalid': 400,
  cancelled: 409,
}

const titles: Partial<Record<number, string>> = {
  400: 'The request cannot be used',
  401: 'Credentials are needed',
  403: 'Not allowed',
  404: 'Not found',
  409: 'In conflict with what is there',
  413: 'Too large',
  422: 'Nothing can be done with this',
  500: 'Something went wrong here',
  502: 'Another service failed',
  503: 'Not available right now',
  504: 'Another service took too long',
}

/** The problem an error becomes. Anything that is not expected is a bug: its details stay in the log. */
export function toProblem(error: unknown): Problem {
  if (error instanceof AppError) {
    return {
      ...describe(statusOf[error.code], error.code, error.message),
      ...(error.fields.length === 0 ? {} : { errors: [...error.fields] }),
    }
  }
  if (error instanceof HTTPException && error.status < 500) {
    const code =
      error.status === 404 ? 'request.not_found' : error.status === 413 ? 'request.too_large' : 'request.invalid'
    return describe(error.status, code, error.message === '' ? 'The request cannot be read.' : `${error.message}.`)
  }
  return describe(500, 'internal', 'An unexpected error; the service’s log has the details.')
}

function describe(status: number, code: Problem['code'], detail: string): Problem {
  return {
    type: `urn:trace-insights:problem:${code}`,
    title: titles[status] ?? 'The request failed',
    status,
    code,
    detail,
  }
}

const databaseGone = (cause: Error): AppError =>
  new AppError('database.unavailable', 'The database does not answer right now. Ask again in a moment.', {
    cause,
    retryAfterMs: 1_000,
  })

/** Hono's `onError`: answers the problem, and logs what is our own fault. */
export function answerProblem(log: Log) {
  return (thrown: Error, c: Context): Response => {
    const error = !(thrown instanceof AppError) && isDatabaseGone(thrown) ? databaseGone(thrown) : thrown
    const problem = toProblem(error)
    if (problem.code === 'internal') log.error({ err: error, path: c.req.path }, 'request failed')
    return c.body(JSON.stringify(problem), problem.status as ContentfulStatusCode, {
      'content-type': 'application/problem+json',
      ...(problem.status === 401 ? { 'www-authenticate': 'Basic realm="MLflow", charset="UTF-8"' } : {}),
      ...(error instanceof AppError && error.retryAfterMs !== undefined
        ? { 'retry-after': String(Math.ceil(error.retryAfterMs / 1000)) }
        : {}),
    })
  }
}
