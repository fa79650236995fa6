// What several answers of the API are made of.
import { z } from 'zod'
import { errorCodes } from '#/pipeline/errors.ts'

export const id = z.string().min(1).max(300)

export const time = z.iso.datetime()

export const count = z.number().int().nonnegative()

export const listOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next_page_token: z.string().optional(), total: count.optional() })

export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.enum([...errorCodes, 'internal']),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
})
export type Problem = z.infer<typeof Problem>

export const EvidenceAnswer = z.object({
  trace_id: z.string(),
  span_id: z.string(),
  quote: z.string(),
  verified: z.boolean(),
})

export const CountAnswer = z.object({ total: count })

export const Counts = z.object({
  selected: count,
  summarized: count,
  skipped: count,
  failed: count,
  clustered: count,
  unassigned: count,
})

export const UsageAnswer = z.object({
  input_tokens: count,
  output_tokens: count,
  cached_tokens: count,
  calls: count,
  cost_usd: z.number(),
})

export const QualityAnswer = z.object({
  silhouette: z.number().nullable(),
  stability: z.number().nullable(),
  coverage: z.number().nullable(),
})

/** What the lens asked of a trace; null where the trace does not tell. */
export const FacetsAnswer = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
