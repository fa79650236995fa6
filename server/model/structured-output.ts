// A typed answer from a model's text, whether its server enforces a schema or not.
import type { ResponseFormatJSONObject, ResponseFormatJSONSchema } from 'openai/resources/shared'
import { z } from 'zod'
import type { Format } from './dialect.ts'

/** What strict mode takes no keyword of; zod checks these after the answer has come. */
const uncheckedKeywords = [
  'pattern',
  'format',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minItems',
  'maxItems',
]

const strictSchemas = new WeakMap<z.ZodType, Record<string, unknown>>()

/** The JSON Schema of an answer in the subset that strict structured output takes. Made once of a schema: it takes half a millisecond. */
export function toStrictJsonSchema(schema: z.ZodType): Record<string, unknown> {
  const strict = strictSchemas.get(schema) ?? makeStrict(schema)
  strictSchemas.set(schema, strict)
  return strict
}

function makeStrict(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _dialect, ...strict } = z.toJSONSchema(schema, {
    io: 'output',
    override: ({ jsonSchema }) => {
      for (const keyword of uncheckedKeywords) delete (jsonSchema as Record<string, unknown>)[keyword]
    },
  })
  return strict
}

/** `response_format` for each way to ask; plain text has none. */
export function toResponseFormat(
  format: Format,
  name: string,
  schema: Record<string, unknown>,
): ResponseFormatJSONSchema | ResponseFormatJSONObject | undefined {
  if (format === 'json_schema') return { type: 'json_schema', json_schema: { name, strict: true, schema } }
  return format === 'json_object' ? { type: 'json_object' } : undefined
}

/** What the system prompt must say when the server does not enforce the schema. */
export function toSchemaInstruction(jsonSchema: Record<string, unknown>): string {
  return `Answer with one JSON object and nothing else: no Markdown, no comment. It must fit this JSON Schema:\n${JSON.stringify(jsonSchema)}`
}

export type Parsed<T> = { ok: true; value: T } | { ok: false; problem: string }

/** The first JSON object in the text (there may be a fence, or thoughts before it) that fits the schema. */
export function parseAnswer<T>(text: string, schema: z.ZodType<T>): Parsed<T> {
  let problem = 'The answer holds no JSON object.'
  for (const candidate of findJsonObjects(text)) {
    const parsed = schema.safeParse(candidate)
    if (parsed.success) return { ok: true, value: parsed.data }
    problem = parsed.error.issues
      .slice(0, 8)
      .map(({ path, message }) => `${path.join('.') || 'the object'}: ${message}`)
      .join('\n')
  }
  return { ok: false, problem }
}

/** Asks for the same answer again, with what was wrong about it. */
export function toRepairMessage(problem: string, jsonSchema: Record<string, unknown>): string {
  return `That answer cannot be used:\n${problem}\n\nGive the same answer again, corrected. ${toSchemaInstruction(jsonSchema)}`
}

/** The whole text when it is JSON, else every outermost balanced pair of braces that is. */
function* findJsonObjects(text: string): Generator {
  const answer = text.replace(/<think(ing)?>[\s\S]*?<\/think(ing)?>/gi, '').trim()
  const whole = tryParse(answer)
  if (whole !== undefined) {
    yield whole
    return
  }
  for (let start = answer.indexOf('{'), tries = 0; start !== -1 && tries < 20; tries++) {
    const end = findClosingBrace(answer, start)
    const value = end === -1 ? undefined : tryParse(answer.slice(start, end + 1))
    if (value !== undefined) yield value
    start = answer.indexOf('{', value === undefined ? start + 1 : end + 1)
  }
}

function findClosingBrace(text: string, start: number): number {
  let depth = 0
  let isInString = false
  for (let at = start; at < text.length; at++) {
    const char = text[at]
    if (isInString) {
      if (char === '\\') at++
      else if (char === '"') isInString = false
    } else if (char === '"') isInString = true
    else if (char === '{') depth++
    else if (char === '}' && --depth === 0) return at
  }
  return -1
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
