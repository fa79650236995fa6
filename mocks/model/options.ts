// What the stand-in can be told to be like, at its start or while it runs.
import { z } from 'zod'
import { faultKinds } from './faults.ts'

const rate = z.number().min(0).max(1)

/** Request parameters (or response formats) that an endpoint may not know; a request with one is refused with 400. */
export const refusable = [
  'json_schema',
  'json_object',
  'reasoning_effort',
  'temperature',
  'seed',
  'max_completion_tokens',
  'max_tokens',
  'encoding_format',
] as const

export const OptionsSchema = z.strictObject({
  /** Milliseconds before an answer begins. */
  latencyMs: z.number().min(0),
  /** How fast it writes; 0 is at once. */
  tokensPerSecond: z.number().min(0),
  seed: z.number().int(),
  faults: z
    .partialRecord(z.enum(faultKinds), rate)
    .refine(
      (rates) => Object.values(rates).reduce((sum, value) => sum + (value ?? 0), 0) <= 1 + 1e-9,
      'must not be more than 1 together',
    ),
  /** What a 429 or 503 with `Retry-After` asks for; below a second it is said in milliseconds as well. */
  retryAfterMs: z.number().min(0),
  refuses: z.array(z.enum(refusable)),
  /** Takes a schema and then answers with JSON in a Markdown fence, as servers do that ignore it. */
  isChatty: z.boolean(),
  /** Prompts longer than this are refused, as by a model with a small window. */
  maxInputTokens: z.number().int().positive(),
  /** The key that must be given; empty lets everybody in. */
  apiKey: z.string(),
  /** The models there are; empty knows every name. */
  models: z.array(z.string()),
  dims: z.number().int().positive().max(4096),
})
export type ModelServerOptions = z.infer<typeof OptionsSchema>

export const defaultOptions: ModelServerOptions = {
  latencyMs: 0,
  tokensPerSecond: 0,
  seed: 1,
  faults: {},
  retryAfterMs: 1_000,
  refuses: [],
  isChatty: false,
  maxInputTokens: 400_000,
  apiKey: '',
  models: [],
  dims: 256,
}
