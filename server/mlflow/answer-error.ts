// Turns what a tracking server answers when it says no (JSON, HTML or bare text) into our errors, with the setting to change.
import { AppError, type ErrorCode } from '#/pipeline/errors.ts'

/** The answer as it came, kept as the cause of an AppError: for decisions and logs, never for a user. */
export class MlflowAnswer extends Error {
  override readonly name = 'MlflowAnswer'
  readonly status: number
  /** MLflow's own `error_code`; empty for answers that are not its JSON. */
  readonly errorCode: string
  readonly serverMessage: string
  readonly kind: 'json' | 'html' | 'text'
  /** False where asking again gives the same answer whatever the status says. */
  readonly retryable: boolean

  constructor(fields: { status: number; errorCode: string; serverMessage: string; kind: 'json' | 'html' | 'text' }) {
    super(`HTTP ${fields.status} ${fields.errorCode}`.trim())
    this.status = fields.status
    this.errorCode = fields.errorCode
    this.serverMessage = fields.serverMessage
    this.kind = fields.kind
    this.retryable = isOverload(fields) || (retryableStatuses.has(fields.status) && !isPermanent(fields))
  }
}

/** As MLflow's own client (mlflow/utils/request_utils.py). */
const retryableStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])

/** The database under MLflow had no connection or lock to give, which MLflow reports as the caller's mistake (400). */
function isOverload({ status, serverMessage }: { status: number; serverMessage: string }): boolean {
  return status === 400 && /QueuePool limit|database is locked|deadlock (detected|found)/i.test(serverMessage)
}

/** 5xx answers that describe how the server was started, or what the trace is, and so never change by asking again. */
function isPermanent({
  status,
  errorCode,
  serverMessage,
}: {
  status: number
  errorCode: string
  serverMessage: string
}) {
  if (errorCode === 'FEATURE_DISABLED' || errorCode === 'INVALID_STATE' || errorCode === 'NOT_IMPLEMENTED') return true
  if (status === 500 && isConstraintViolation(serverMessage)) return true
  if (status === 500) return /not stored in (the )?tracking store/i.test(serverMessage)
  return (
    status === 503 &&
    /disabled (due|because)|serving is (disabled|not configured)|--serve-artifacts/i.test(serverMessage)
  )
}

/** A key that is taken already, in the words of MLflow 3.17 or of the databases that older servers quote. */
function isConstraintViolation(serverMessage: string): boolean {
  return /constraint|duplicate (key|entry)/i.test(serverMessage)
}

export type AnswerToTranslate = {
  status: number
  contentType: string
  /** The first bytes of the body; 64 KiB are enough. */
  text: string
  retryAfterMs?: number
  /** The address asked, without query: it stands in messages. */
  base: string
  path: string
  sentCredentials: boolean
}

/** The error a person and a program can act on, for an answer outside 2xx. Never holds SQL, HTML or a stack trace. */
export function toAnswerError(answer: AnswerToTranslate): AppError {
  const cause = parseAnswer(answer)
  const { code, message } = explain(answer, cause)
  return new AppError(code, message, {
    cause,
    ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
  })
}

/** MLflow's answer behind an error, where there was one. */
export function answerOf(error: unknown): MlflowAnswer | undefined {
  return error instanceof AppError && error.cause instanceof MlflowAnswer ? error.cause : undefined
}

function parseAnswer({ status, contentType, text }: AnswerToTranslate): MlflowAnswer {
  const trimmed = text.trim()
  if (trimmed.startsWith('{')) {
    try {
      return new MlflowAnswer({ status, kind: 'json', ...readErrorBody(JSON.parse(trimmed)) })
    } catch {
      // Text that only begins like JSON, or was cut: below, as text.
    }
  }
  const isHtml = contentType.includes('html') || /^<(!doctype|html|head|body)/i.test(trimmed)
  return new MlflowAnswer({
    status,
    errorCode: '',
    serverMessage: trimmed.slice(0, 2000),
    kind: isHtml ? 'html' : 'text',
  })
}

function readErrorBody(body: unknown): { errorCode: string; serverMessage: string } {
  const fields = isRecord(body) ? body : {}
  // FastAPI's own routes wrap what they say in `detail`: a sentence, a list of findings, or an object like ours.
  const detail = fields['detail']
  if (isRecord(detail)) return readErrorBody(detail)
  const said = fields['message'] ?? detail ?? ''
  return {
    errorCode: typeof fields['error_code'] === 'string' ? fields['error_code'] : '',
    serverMessage: typeof said === 'string' ? said : JSON.stringify(said),
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function explain(asked: AnswerToTranslate, answer: MlflowAnswer): { code: ErrorCode; message: string } {
  const { base, path, status } = asked
  const said = quotable(answer)
  switch (status) {
    case 401:
      return {
        code: 'mlflow.unauthorized',
        message: asked.sentCredentials
          ? `MLflow at ${base} refused the credentials. Check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD (or MLFLOW_TRACKING_TOKEN).`
          : `MLflow at ${base} asks for credentials. Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.`,
      }
    case 403:
      return explainForbidden(base, answer)
    case 404:
      if (answer.kind === 'json' && answer.errorCode !== '' && answer.errorCode !== 'ENDPOINT_NOT_FOUND') {
        return { code: 'mlflow.not_found', message: said ?? 'MLflow does not know what was asked for.' }
      }
      return {
        code: 'mlflow.unsupported',
        message: `The server at ${base} has no ${path}. Either MLFLOW_TRACKING_URI lacks a path prefix, or it is not an MLflow server of version 3.6 or newer.`,
      }
    case 405:
    case 501:
      return {
        code: 'mlflow.unsupported',
        message: `MLflow at ${base} does not support ${path}; a newer MLflow with an SQL store does.`,
      }
    case 409:
      return { code: 'mlflow.already_exists', message: said ?? 'MLflow already has this.' }
    case 413:
      return {
        code: 'mlflow.invalid_request',
        message: `The request to ${path} is larger than MLflow, or a proxy before it, accepts.`,
      }
    case 429:
      return { code: 'mlflow.rate_limited', message: `MLflow at ${base} asks us to slow down.` }
    default:
  }
  if (answer.errorCode === 'FEATURE_DISABLED') {
    return {
      code: 'mlflow.unsupported',
      message: `MLflow at ${base} has this feature switched off. If it has no workspaces, unset MLFLOW_WORKSPACE.`,
    }
  }
  if (isOverload(answer)) {
    return {
      code: 'mlflow.server_error',
      message: `The database of MLflow at ${base} is overloaded: fewer writers at once would help.`,
    }
  }
  if (status >= 500) {
    if (status === 503 && !answer.retryable) {
      return {
        code: 'mlflow.unsupported',
        message: `MLflow at ${base} was started with this part switched off${said === undefined ? '.' : `: ${said}`}`,
      }
    }
    return {
      code: 'mlflow.server_error',
      message: `MLflow at ${base} failed with HTTP ${status} on ${path}; its log says why.`,
    }
  }
  if (answer.errorCode === 'RESOURCE_ALREADY_EXISTS') {
    return { code: 'mlflow.already_exists', message: said ?? 'MLflow already has this.' }
  }
  if (status >= 300 && status < 400) {
    return {
      code: 'mlflow.bad_answer',
      message: `The server at ${base} answers with a redirect. Set MLFLOW_TRACKING_URI to the final address, and credentials if it leads to a login page.`,
    }
  }
  return { code: 'mlflow.invalid_request', message: said ?? `MLflow refused the request to ${path} (HTTP ${status}).` }
}

function explainForbidden(base: string, answer: MlflowAnswer): { code: ErrorCode; message: string } {
  if (/invalid host header/i.test(answer.serverMessage)) {
    return {
      code: 'mlflow.host_refused',
      message: `MLflow refuses the host name ${new URL(base).host}. Start it with --allowed-hosts (or MLFLOW_SERVER_ALLOWED_HOSTS) naming ${new URL(base).host}.`,
    }
  }
  if (/cross-origin/i.test(answer.serverMessage)) {
    return {
      code: 'mlflow.forbidden',
      message: `MLflow at ${base} refuses requests from this origin. A proxy between adds an Origin header: remove it there, or name it in MLFLOW_SERVER_CORS_ALLOWED_ORIGINS.`,
    }
  }
  return {
    code: 'mlflow.forbidden',
    message: `MLflow at ${base} does not permit this with the credentials given. Check the user's permission on the experiment, and MLFLOW_WORKSPACE.`,
  }
}

/** The server's own sentence when it is fit for a person: one short line, and neither SQL nor Python nor HTML. */
function quotable({ kind, serverMessage }: MlflowAnswer): string | undefined {
  if (kind === 'html' || serverMessage === '') return undefined
  if (/sqlite3\.|psycopg|pymysql|sqlalch|\[SQL:|Traceback|IntegrityError|OperationalError/i.test(serverMessage))
    return undefined
  const line = serverMessage.replaceAll(/\s+/g, ' ').trim()
  return line.length > 400 ? `${line.slice(0, 399)}…` : line
}
