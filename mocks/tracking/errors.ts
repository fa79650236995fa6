// MLflow's error answers: the JSON body, and the HTML pages it answers outside its own handlers.

/** HTTP status per error code, as MLflow's `exceptions.py` maps them. */
const statusOf = {
  BAD_REQUEST: 400,
  INVALID_PARAMETER_VALUE: 400,
  RESOURCE_ALREADY_EXISTS: 400,
  RESOURCE_DOES_NOT_EXIST: 404,
  NOT_FOUND: 404,
  INTERNAL_ERROR: 500,
  FEATURE_DISABLED: 500,
} as const
export type TrackingErrorCode = keyof typeof statusOf

/** A failure that is answered as MLflow's JSON error body. */
export class TrackingError extends Error {
  override readonly name = 'TrackingError'
  readonly code: TrackingErrorCode

  constructor(code: TrackingErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** A failure that MLflow does not handle itself: its web framework answers an HTML page with this status. */
export class PageError extends Error {
  override readonly name = 'PageError'
  readonly status: keyof typeof pages

  constructor(status: keyof typeof pages) {
    super(`HTML ${status}`)
    this.status = status
  }
}

/** Shorthand for the most frequent failure. */
export function invalid(message: string): TrackingError {
  return new TrackingError('INVALID_PARAMETER_VALUE', message)
}

export function missing(message: string): TrackingError {
  return new TrackingError('RESOURCE_DOES_NOT_EXIST', message)
}

/** The JSON body and status of an error; `error_class` differs from `error_code` where MLflow's does. */
export function toErrorAnswer(error: TrackingError): { status: 400 | 404 | 500; body: string } {
  const body = {
    error_code: error.code,
    message: error.message,
    sqlstate: error.code === 'INTERNAL_ERROR' ? 'XXM00' : 'KAM00',
    error_class: error.code === 'RESOURCE_DOES_NOT_EXIST' ? 'RESOURCE_NOT_FOUND' : error.code,
  }
  return { status: statusOf[error.code], body: JSON.stringify(body) }
}

const pages = {
  400: ['Bad Request', 'The browser (or proxy) sent a request that this server could not understand.'],
  404: [
    'Not Found',
    'The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.',
  ],
  405: ['Method Not Allowed', 'The method is not allowed for the requested URL.'],
  500: [
    'Internal Server Error',
    'The server encountered an internal error and was unable to complete your request. Either the server is overloaded or there is an error in the application.',
  ],
} as const

/** The web framework's HTML page for a status. */
export function toErrorPage(status: keyof typeof pages): string {
  const [title, text] = pages[status]
  return `<!doctype html>\n<html lang=en>\n<title>${status} ${title}</title>\n<h1>${title}</h1>\n<p>${text}</p>\n`
}
