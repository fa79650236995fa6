// Error answers as OpenAI words them.

export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: 400 | 401 | 404 | 429 | 500 | 503
  readonly type: string
  readonly code: string | null
  readonly param: string | null
  readonly headers: Record<string, string>

  constructor(
    status: ApiError['status'],
    message: string,
    details: { type?: string; code?: string; param?: string; headers?: Record<string, string> } = {},
  ) {
    super(message)
    this.status = status
    this.type = details.type ?? 'invalid_request_error'
    this.code = details.code ?? null
    this.param = details.param ?? null
    this.headers = details.headers ?? {}
  }

  toBody(): { error: { message: string; type: string; param: string | null; code: string | null } } {
    return { error: { message: this.message, type: this.type, param: this.param, code: this.code } }
  }
}

export function unsupported(parameter: string): ApiError {
  const isFormat = parameter === 'json_schema' || parameter === 'json_object'
  return isFormat
    ? new ApiError(
        400,
        `Invalid parameter: 'response_format' of type '${parameter}' is not supported with this model.`,
        {
          param: 'response_format',
        },
      )
    : new ApiError(400, `Unsupported parameter: '${parameter}' is not supported with this model.`, {
        param: parameter,
        code: 'unsupported_parameter',
      })
}

export function tooLong(tokens: number, limit: number): ApiError {
  return new ApiError(
    400,
    `This model's maximum context length is ${limit} tokens. However, your messages resulted in ${tokens} tokens. Please reduce the length of the messages.`,
    { param: 'messages', code: 'context_length_exceeded' },
  )
}
