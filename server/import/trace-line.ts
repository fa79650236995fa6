// One line of a file of traces, checked. Labels are not part of what is read: the service must never see them.
import { z } from 'zod'
import { AppError } from '#/pipeline/errors.ts'

/** Nanoseconds since the epoch as decimal text: they pass 2^53, where numbers lose their last digits. */
const nanos = z.string().regex(/^\d{1,20}$/, 'must be nanoseconds since the epoch')
const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`), `must be ${digits} hex digits`)
const json = z
  .unknown()
  .optional()
  .transform((value) => value ?? null)

const spanLine = z.object({
  span_id: hex(16),
  parent_id: hex(16)
    .nullish()
    .transform((id) => id ?? null),
  name: z.string(),
  span_type: z.string().default('UNKNOWN'),
  start_time_unix_nano: nanos,
  end_time_unix_nano: nanos,
  status: z.enum(['OK', 'ERROR', 'UNSET']).default('UNSET'),
  status_message: z.string().optional(),
  inputs: json,
  outputs: json,
  attributes: z.record(z.string(), z.unknown()).default({}),
  events: z
    .array(
      z.object({
        name: z.string(),
        time_unix_nano: nanos.optional(),
        attributes: z.record(z.string(), z.unknown()).default({}),
      }),
    )
    .default([]),
})

const assessmentLine = z.object({
  name: z.string().min(1),
  source_type: z.enum(['HUMAN', 'LLM_JUDGE', 'CODE']).default('CODE'),
  source_id: z.string().min(1).default('import'),
  value: json,
  rationale: z.string().optional(),
})

const traceLine = z.object({
  trace_id: z.string().regex(/^tr-[0-9a-f]{32}$/, 'must be tr- and 32 hex digits'),
  request_time: z.iso.datetime({ offset: true }),
  execution_duration_ms: z.number().nonnegative().optional(),
  state: z.enum(['OK', 'ERROR', 'IN_PROGRESS']).default('OK'),
  request_preview: z
    .string()
    .nullish()
    .transform((text) => text ?? ''),
  response_preview: z
    .string()
    .nullish()
    .transform((text) => text ?? ''),
  tags: z.record(z.string(), z.string()).default({}),
  trace_metadata: z.record(z.string(), z.string()).default({}),
  spans: z.array(spanLine).default([]),
  expectations: z.record(z.string(), z.unknown()).default({}),
  assessments: z.array(assessmentLine).default([]),
})

export type SpanLine = z.output<typeof spanLine>
export type TraceLine = z.output<typeof traceLine>

/** The trace of a line. Throws `import.invalid` naming the line and the field, and never quoting the text. */
export function parseTraceLine({ number, text }: { number: number; text: string }): TraceLine {
  let raw: unknown
  try {
    raw = JSON.parse(text, keepNanos)
  } catch (error) {
    throw new AppError('import.invalid', `Line ${number} is not valid JSON.`, { cause: error })
  }
  const parsed = traceLine.safeParse(raw)
  if (parsed.success) return parsed.data
  const fields = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
  const first = fields[0]
  throw new AppError(
    'import.invalid',
    `Line ${number}: ${first?.path || 'the line'}: ${first?.message ?? 'is invalid'}`,
    {
      fields,
      cause: parsed.error,
    },
  )
}

/** Keeps the digits of nanosecond fields as they stand in the file (JSON.parse with source text, ES2026). */
function keepNanos(key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || !key.endsWith('_unix_nano')) return value
  return context?.source ?? String(value)
}
