// Reading request parameters as MLflow does: unknown fields ignored, wrong types and missing ones named, enums tolerant.
import { invalid } from './errors.ts'

export type Params = Record<string, unknown>

const seeDocs = 'See the API docs for more information about request parameters.'

const pythonType = (value: unknown): string => {
  if (typeof value === 'string') return 'str'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  return Array.isArray(value) ? 'list' : 'dict'
}

export function invalidParameter(name: string, value: unknown): Error {
  const shown = JSON.stringify(value) ?? String(value)
  return invalid(
    `Invalid value ${shown} for parameter '${name}' supplied:  Hint: Value was of type '${pythonType(value)}'. ${seeDocs}`,
  )
}

export function missingParameter(name: string): Error {
  return invalid(`Missing value for required parameter '${name}'. ${seeDocs}`)
}

export function isRecord(value: unknown): value is Params {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A string field; `undefined` when absent. Throws on another type. */
export function findString(params: Params, name: string): string | undefined {
  const value = params[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw invalidParameter(name, value)
  return value
}

export function getString(params: Params, name: string): string {
  const value = findString(params, name)
  if (value === undefined || value === '') throw missingParameter(name)
  return value
}

/** An integer field, given as a number or as its decimal text. */
export function findInteger(params: Params, name: string): number | undefined {
  const value = params[name]
  if (value === undefined || value === null || value === '') return undefined
  const number = typeof value === 'string' && /^[+-]?\d+$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number)) throw invalidParameter(name, value)
  return number
}

export function findArray(params: Params, name: string): unknown[] | undefined {
  const value = params[name]
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) throw invalidParameter(name, value)
  return value
}

export function findStrings(params: Params, name: string): string[] | undefined {
  const values = findArray(params, name)
  for (const value of values ?? []) if (typeof value !== 'string') throw invalidParameter(name, value)
  return values as string[] | undefined
}

/** A list of records such as `tags: [{key, value}]`; anything that is not a record is refused. */
export function findRecords(params: Params, name: string): Params[] {
  const values = findArray(params, name) ?? []
  for (const value of values) if (!isRecord(value)) throw invalidParameter(name, value)
  return values as Params[]
}

/** A map of strings; values of other types are shown as JSON, as the proto parser would refuse them only in part. */
export function findMap(params: Params, name: string): Record<string, string> {
  const value = params[name]
  if (!isRecord(value)) return {}
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, typeof entry === 'string' ? entry : JSON.stringify(entry)]),
  )
}

/** MLflow treats an enum word it does not know as if it were unset. */
export function findEnum<T extends string>(value: unknown, words: readonly T[]): T | undefined {
  return words.find((word) => word === value)
}

/** `true` and `false` as query strings spell them, in any case: MLflow's own client writes `False`. */
export function findBoolean(params: Params, name: string): boolean | undefined {
  const value = params[name]
  if (value === undefined || typeof value === 'boolean') return value
  const word = typeof value === 'string' ? value.toLowerCase() : ''
  if (word === 'true' || word === 'false') return word === 'true'
  throw invalid(
    `Invalid boolean value: ${typeof value === 'string' ? value : JSON.stringify(value)}, must be 'true' or 'false'.`,
  )
}

/** Checks a tag, param or metric key: at most 250 characters, a plain character set, unchanged by path normalisation. */
export function checkKey(key: string, name = 'key'): void {
  // Letters of any script: Python's \w knows them all.
  if (!/^[/\p{L}\p{N}_.\- :]*$/u.test(key)) {
    throw invalid(
      `Invalid value ${JSON.stringify(key)} for parameter '${name}' supplied: Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).`,
    )
  }
  if (key.length > 250) throw invalid(`'${name}' exceeds the maximum length of 250 characters`)
  const segments = key.split('/')
  if (
    segments.some((segment) => segment === '..' || segment === '.') ||
    key.startsWith('/') ||
    key.includes('//') ||
    (key.length > 1 && key.endsWith('/'))
  ) {
    throw invalid(
      `Invalid value ${JSON.stringify(key)} for parameter '${name}' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to another path.`,
    )
  }
}

export const maxTagChars = 8000

/** A stored tag value: cut without a word, as MLflow does by default. */
export function cut(value: string, chars: number): string {
  return value.length > chars ? value.slice(0, chars) : value
}

/** The offset in a page token, which is base64 of `{"offset": n}`; 0 without a token. */
export function parsePageToken(token: string | undefined): number {
  if (token === undefined || token === '') return 0
  const text = Buffer.from(token, 'base64').toString()
  let offset: unknown
  try {
    const parsed: unknown = JSON.parse(text)
    offset = isRecord(parsed) ? Number(parsed['offset']) : undefined
  } catch {
    throw invalid(`Invalid page token, decoded value=${text}`)
  }
  if (typeof offset !== 'number' || !Number.isInteger(offset) || offset <= 0) {
    throw invalid(`Invalid page token, parsed value=${text}`)
  }
  return offset
}

export function toPageToken(offset: number): string {
  return Buffer.from(`{"offset": ${offset}}`).toString('base64')
}
