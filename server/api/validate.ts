import type { StandardSchemaV1 } from '@standard-schema/spec'
import { describeRoute, resolver, validator } from 'hono-openapi'
import type { z } from 'zod'
import { AppError } from '#/pipeline/errors.ts'
import { Problem } from './schemas/parts.ts'

/** Parses one part of a request; what does not fit is answered with every field that is wrong. */
export function validate<T extends z.ZodType, Target extends 'json' | 'query' | 'param' | 'header'>(
  target: Target,
  schema: T,
) {
  return validator(target, schema, (result) => {
    if (!result.success) throw toRequestError(target, result.error)
  })
}

function toRequestError(target: string, issues: readonly StandardSchemaV1.Issue[]): AppError {
  const fields = issues.map(({ path, message }) => ({
    path: (path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
    message,
  }))
  const first = fields[0]
  const where = target === 'json' ? 'body' : target
  return new AppError(
    'request.invalid',
    first === undefined
      ? `The ${where} is not valid.`
      : `The ${where} is not valid: ${first.path === '' ? '' : `${first.path}: `}${first.message}`,
    { fields },
  )
}

/** Documents a route: what it is for and what it answers. */
export function route(about: {
  summary: string
  tag: string
  answer?: z.ZodType
  status?: number
  description?: string
  media?: string
}) {
  return describeRoute({
    summary: about.summary,
    tags: [about.tag],
    ...(about.description === undefined ? {} : { description: about.description }),
    responses: {
      [about.status ?? 200]: {
        description: about.summary,
        ...(about.answer === undefined
          ? about.media === undefined
            ? {}
            : { content: { [about.media]: { schema: { type: 'string' } } } }
          : { content: { 'application/json': { schema: resolver(about.answer) } } }),
      },
      default: {
        description: 'A problem (RFC 9457); `code` is stable.',
        content: { 'application/problem+json': { schema: resolver(Problem) } },
      },
    },
  })
}
