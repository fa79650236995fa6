// Every body and query that comes in is parsed by these.
import { z } from 'zod'
import { findInstructionProblem } from '#/pipeline/check-instruction.ts'
import { outcomes, runStatuses, sampleMethods } from '#/pipeline/insight.ts'
import { traceStates } from '#/pipeline/trace.ts'
import { CheckedLens } from './lens.ts'
import { id } from './parts.ts'

export const maxInstructionChars = 4_000

export const Targets = z.union([
  z.strictObject({ each: z.number().int().positive() }).describe('that many of every kind'),
  z
    .strictObject({ shares: z.record(z.string().max(500), z.number().gt(0).max(1)) })
    .describe('that part of max_traces of each kind named; the rest from the others')
    .refine(({ shares }) => Object.values(shares).reduce((sum, share) => sum + share, 0) < 1.001, {
      message: 'The shares come to more than 1.',
      path: ['shares'],
    }),
])

export const ScopeBody = z.union([
  z.strictObject({ trace_ids: z.array(id).min(1, 'Name at least one trace.') }),
  z
    .strictObject({
      filter: z.string().max(8_000).describe("MLflow's filter string; empty for every trace of the experiment"),
      max_traces: z.number().int().positive().optional(),
      sample: z.enum(sampleMethods).optional().describe('how to choose when more match than max_traces'),
      stratify_by: z
        .string()
        .max(250)
        .optional()
        .describe('a tag, metadata key or feedback, or `state`, `session`, `user`, `hour`, `day`, `month`'),
      targets: Targets.optional().describe('how many of each kind, instead of equally many'),
    })
    .refine(({ targets, stratify_by }) => targets === undefined || stratify_by !== undefined, {
      message: 'Say by stratify_by of what the targets are.',
      path: ['stratify_by'],
    })
    .refine(({ targets, max_traces }) => targets === undefined || 'each' in targets || max_traces !== undefined, {
      message: 'Shares need max_traces: they are shares of that.',
      path: ['max_traces'],
    }),
])

export const InsightOptions = z.strictObject({
  lens: CheckedLens.optional().describe('how the question is meant; see POST /insights/lens'),
  seed: z.number().int().nonnegative().max(0xffff_ffff).optional(),
  levels: z.number().int().min(1).max(4).optional(),
  max_leaves: z.number().int().min(1).max(2_000).optional(),
  min_cluster_size: z.number().int().min(1).optional().describe('smaller groups are not made'),
  min_shown_size: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe(
      'groups of fewer traces are shown as a count, with a neutral title and nothing of what they say; default 1',
    ),
  min_success_share: z.number().min(0).max(1).optional(),
  max_duration_s: z
    .number()
    .int()
    .min(1)
    .max(30 * 86_400)
    .optional()
    .describe('seconds until the job is stopped, whatever it waits for; what it finished is kept'),
  analyst: z.enum(['builtin', 'model']).optional().describe('default: the model where one is configured'),
  model: z.string().max(200).optional(),
  summary_model: z.string().max(200).optional(),
  easy_to_builtin: z
    .boolean()
    .optional()
    .describe('traces of one short sentence are summarized by the built-in analyst, for nothing'),
  reasoning_effort: z.enum(['minimal', 'low', 'medium', 'high']).optional(),
  concurrency: z.number().int().min(1).max(256).optional(),
  provisional_at: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe(
      'summaries after which a provisional hierarchy is shown; 0 for none; default 200 or 20 %, whichever is less',
    ),
})

const Instruction = z
  .string()
  .trim()
  .min(3, 'Ask a question about the traces.')
  .max(maxInstructionChars, `Keep the instruction under ${maxInstructionChars} characters.`)
  .superRefine((text, context) => {
    const message = findInstructionProblem(text)
    if (text !== '' && message !== undefined) context.addIssue({ code: 'custom', message })
  })

export const CreateInsightBody = z.strictObject({
  experiment_id: id,
  instruction: Instruction,
  name: z.string().trim().max(250).optional(),
  description: z.string().max(2_000).optional(),
  scope: ScopeBody,
  options: InsightOptions.optional(),
})
export type CreateInsightBody = z.infer<typeof CreateInsightBody>

export const ResumeInsightBody = z.strictObject({
  min_success_share: z.number().min(0).max(1).optional().describe('accept this share of successes from now on'),
})

export const RecomputeInsightBody = z.strictObject({
  name: z.string().trim().max(250).optional(),
  description: z.string().max(2_000).optional(),
  options: InsightOptions.optional(),
})
export type RecomputeInsightBody = z.infer<typeof RecomputeInsightBody>

export const CountBody = z.strictObject({ filter: z.string().max(8_000).default('') })

export const PageQuery = z.object({
  // It holds the sort value of the page's last row, such as a name of 250 letters of any alphabet.
  page_token: z.string().max(4_000).optional(),
  page_size: z.coerce.number().int().min(1).max(500).default(50),
})

export const InsightsQuery = PageQuery.extend({
  experiment_id: id.optional(),
  status: z.enum(runStatuses).optional(),
  deleted: z.stringbool().default(false).describe('the deleted ones instead'),
  search: z.string().max(200).optional(),
  sort: z.enum(['created_at', 'name', 'status', 'traces', 'updated_at']).default('created_at'),
  order: z.enum(['asc', 'desc']).default('desc'),
})

export const ExperimentTracesQuery = PageQuery.extend({
  filter: z.string().max(8_000).default(''),
  sort: z.enum(['request_time', 'execution_time']).default('request_time'),
  order: z.enum(['asc', 'desc']).default('desc'),
})

const coordinate = /^-?\d{1,9}(\.\d{1,9})?,-?\d{1,9}(\.\d{1,9})?$/

/** Facets by value: `refund:true`, several one after another. */
const FacetQuery = z
  .union([z.string(), z.array(z.string())])
  .transform((asked) => (typeof asked === 'string' ? [asked] : asked))
  .pipe(z.array(z.string().regex(/^[a-z][a-z0-9_]*:./s, 'must be a facet and its value, such as refund:true')).max(20))
  .describe('a facet of the lens and its value, such as `refund:true`; may be given several times')

/** Which traces of an Insight: `cluster` is a path such as `2.1` (with all below it), `unassigned`, `failed` or `skipped`. */
const TracesMatch = z.object({
  cluster: z.string().max(100).optional(),
  search: z.string().max(200).optional(),
  state: z.enum(traceStates).optional(),
  outcome: z.enum(outcomes).optional(),
  facet: FacetQuery.optional(),
  language: z.string().max(35).optional(),
  trace_ids: z
    .string()
    .max(10_000)
    .transform((text) => text.split(','))
    .optional()
    .describe('only these, separated by commas'),
  area: z
    .string()
    .max(4_000)
    .transform((text) => text.split(';'))
    .pipe(z.array(z.string().regex(coordinate, 'Corners are written `x,y;x,y;x,y`.')).min(3))
    .transform((corners) => corners.map((corner) => corner.split(',').map(Number) as [number, number]))
    .optional()
    .describe("what lies inside a polygon on the map: its corners in the map's coordinates, `x,y;x,y;x,y`"),
})

export const InsightTracesQuery = PageQuery.extend({
  ...TracesMatch.shape,
  offset: z.coerce.number().int().min(0).optional().describe('start at this row instead of at a page token'),
  sort: z.enum(['typical', 'request_time', 'execution_time', 'tokens']).default('typical'),
  order: z.enum(['asc', 'desc']).default('asc'),
})

export const FailuresQuery = PageQuery.extend({ kind: z.enum(['failed', 'skipped']).default('failed') })

export const ExportQuery = TracesMatch.extend({ format: z.enum(['json', 'csv']).default('json') })

export const LensRequest = z.strictObject({
  instruction: Instruction,
  options: InsightOptions.pick({ analyst: true, model: true, reasoning_effort: true }).optional(),
})
export type LensRequest = z.infer<typeof LensRequest>
