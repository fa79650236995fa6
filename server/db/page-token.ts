import { z } from 'zod'
import { AppError } from '#/pipeline/errors.ts'

/** Where a page ended: the sort value of its last row and what tells rows of equal value apart. */
export type Place = { value: string | number; key: string | number }

const place = z.strictObject({
  s: z.string(),
  v: z.union([z.string(), z.number()]),
  k: z.union([z.string(), z.number()]),
})

/** An opaque token; `sort` names the order, since a place means nothing in another one. */
export function toPageToken(sort: string, { value, key }: Place): string {
  return Buffer.from(JSON.stringify({ s: sort, v: value, k: key })).toString('base64url')
}

/** The place a token stands for. Throws `request.invalid` for a token that is no token of ours, or of another order. */
export function parsePageToken(sort: string, token: string, kind: 'text' | 'number'): Place {
  try {
    const parsed = place.parse(JSON.parse(Buffer.from(token, 'base64url').toString('utf8')))
    const isComparable = kind === 'text' || (parsed.v !== '' && Number.isFinite(Number(parsed.v)))
    if (parsed.s === sort && isComparable) return { value: parsed.v, key: parsed.k }
  } catch (error) {
    throw invalid(error)
  }
  throw invalid(undefined)
}

function invalid(cause: unknown): AppError {
  const message = 'This page token belongs to another list or order. Start again without it.'
  return new AppError('request.invalid', message, { cause, fields: [{ path: 'page_token', message }] })
}
