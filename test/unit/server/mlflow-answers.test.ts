import { describe, expect, test } from 'vitest'
import { answerOf, toAnswerError } from '#/server/mlflow/answer-error.ts'

const base = 'http://mlflow:5000'
const translate = (status: number, text: string, contentType = 'application/json', sentCredentials = false) =>
  toAnswerError({ status, text, contentType, base, path: '/api/2.0/mlflow/runs/get', sentCredentials })
const json = (error_code: string, message: string): string => JSON.stringify({ error_code, message })

describe('an answer that says no names what to change', () => {
  test.each([
    [401, '<h1>You are not authenticated</h1>', 'mlflow.unauthorized', /MLFLOW_TRACKING_USERNAME/],
    [
      403,
      'Invalid Host header - possible DNS rebinding attack detected',
      'mlflow.host_refused',
      /--allowed-hosts.* naming mlflow:5000/,
    ],
    [403, 'Cross-origin request blocked', 'mlflow.forbidden', /MLFLOW_SERVER_CORS_ALLOWED_ORIGINS/],
    [403, 'Permission denied', 'mlflow.forbidden', /permission/],
    [404, '<!doctype html><h1>Not Found</h1>', 'mlflow.unsupported', /MLFLOW_TRACKING_URI/],
    [404, json('RESOURCE_DOES_NOT_EXIST', 'Run with id=x not found'), 'mlflow.not_found', /Run with id=x/],
    [405, '<!doctype html>', 'mlflow.unsupported', /newer MLflow/],
    [409, json('ALREADY_EXISTS', 'taken'), 'mlflow.already_exists', /taken/],
    [400, json('RESOURCE_ALREADY_EXISTS', 'Experiment exists'), 'mlflow.already_exists', /Experiment exists/],
    [400, json('INVALID_PARAMETER_VALUE', "Invalid attribute key 'state'"), 'mlflow.invalid_request', /state/],
    [422, '{"detail":[{"msg":"Field required"}]}', 'mlflow.invalid_request', /Field required/],
    [400, '{"detail":{"error_code":"BAD_REQUEST","message":"inside"}}', 'mlflow.invalid_request', /inside/],
    [429, 'slow down', 'mlflow.rate_limited', /slow down/],
    [500, json('FEATURE_DISABLED', 'Workspace APIs are not available'), 'mlflow.unsupported', /MLFLOW_WORKSPACE/],
    [500, '<!doctype html><title>500</title>', 'mlflow.server_error', /HTTP 500/],
    [
      503,
      'Endpoint: /x disabled due to the mlflow server running with `--no-serve-artifacts`.',
      'mlflow.unsupported',
      /--no-serve-artifacts/,
    ],
    [
      503,
      '{"detail":"Artifact serving is disabled. Run `mlflow server` with `--serve-artifacts` to enable."}',
      'mlflow.unsupported',
      /--serve-artifacts/,
    ],
    [503, 'no healthy upstream', 'mlflow.server_error', /503/],
    [302, '', 'mlflow.bad_answer', /redirect/],
  ])('%i %s', (status, text, code, message) => {
    expect(translate(status, text)).toMatchObject({ code, message: expect.stringMatching(message) })
  })

  test('refused credentials are told apart from missing ones', () => {
    expect(translate(401, '', 'text/html', true).message).toMatch(/refused the credentials/)
  })
})

test.each([
  ['SQL', json('BAD_REQUEST', '(sqlite3.IntegrityError) UNIQUE constraint failed [SQL: INSERT INTO assessments]')],
  ['HTML', '<!doctype html><title>Internal</title><script>x</script>'],
  ['a stack trace', json('INTERNAL_ERROR', 'Traceback (most recent call last): File "/srv/secret.py"')],
])('%s never reaches a message', (_what, text) => {
  for (const status of [400, 404, 409, 500, 503]) {
    expect(translate(status, text).message).not.toMatch(/SQL:|sqlite|<|Traceback|secret/)
  }
})

test.each([
  [500, json('INTERNAL_ERROR', 'boom'), true],
  [500, json('FEATURE_DISABLED', ''), false],
  [500, json('INTERNAL_ERROR', 'Trace with ID tr-1 is not stored in tracking store'), false],
  [500, json('INTERNAL_ERROR', 'Failed to create assessment due to a constraint violation.'), false],
  [503, 'Endpoint: /x disabled because the server is running without workspaces support', false],
  [503, 'Service Unavailable', true],
  [400, json('BAD_REQUEST', 'QueuePool limit of size 5 overflow 10 reached, connection timed out'), true],
  [400, json('BAD_REQUEST', 'no'), false],
  [408, '', true],
  [429, '', true],
  [502, '', true],
  [504, '', true],
  [501, '', false],
])('%i %s may be asked again: %s', (status, text, retryable) => {
  expect(answerOf(translate(status, text))?.retryable).toBe(retryable)
})
