// An Insight: its row, its whole state, and what the browser may know of the service.
import { z } from 'zod'
import { runStatuses, sampleMethods, stages } from '#/pipeline/insight.ts'
import { EstimateAnswer } from './estimate.ts'
import { LensBody } from './lens.ts'
import { Counts, EvidenceAnswer, QualityAnswer, UsageAnswer, count, listOf, time } from './parts.ts'
import { Targets } from './requests.ts'

export const ProgressAnswer = z.object({
  stage: z.enum(stages),
  done: count,
  total: count,
  rate_per_s: z.number().optional(),
  eta_s: z.number().optional().describe('seconds left in this stage'),
  eta: z
    .object({ low_s: z.number(), high_s: z.number() })
    .optional()
    .describe('seconds until the Insight is finished: a range, absent while nothing is known'),
})

export const WaitingAnswer = z.object({ code: z.string(), message: z.string(), since: time })

export const KeyPointAnswer = z.object({
  text: z.string(),
  share: z.number(),
  cluster_ids: z.array(z.string()),
  evidence: z.array(EvidenceAnswer),
})

/** One row of the table of Insights. */
export const InsightRow = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  instruction: z.string(),
  experiment_id: z.string(),
  experiment_name: z.string(),
  status: z.enum(runStatuses),
  stage: z.enum(stages),
  overview: z.string(),
  counts: Counts,
  clusters: z.object({ total: count, leaves: count, depth: count }),
  usage: UsageAnswer,
  progress: ProgressAnswer.optional(),
  waiting_for: WaitingAnswer.optional().describe('why nothing goes on right now; `queue` for a worker that is free'),
  created_at: time,
  updated_at: time,
  finished_at: time.optional(),
  deleted_at: time.optional(),
  duration_s: z.number(),
  links: z.object({ mlflow_run: z.string(), mlflow_traces: z.string() }),
})

export const InsightList = listOf(InsightRow)
export type InsightRow = z.infer<typeof InsightRow>

export const SelectionAnswer = z.object({
  matched: count.optional().describe('absent where the newest were enough and nobody counted the rest'),
  strata: z
    .array(z.object({ value: z.string(), available: count, wanted: count, selected: count }))
    .describe('at most 200, those that fell short first'),
  strata_count: count,
  short_count: count.describe('strata with fewer traces than were wanted'),
  shortfall: z.string().optional().describe('the same in a sentence'),
})

/** The whole state of one Insight, its tree aside. */
export const InsightAnswer = InsightRow.extend({
  parent_id: z.string().optional().describe('the Insight this one recomputes'),
  scope: z.union([
    z.object({ trace_count: count }).describe('named one by one; they are the traces of the Insight'),
    z.object({
      filter: z.string(),
      max_traces: count.optional(),
      sample: z.enum(sampleMethods).optional(),
      stratify_by: z.string().optional(),
      targets: Targets.optional(),
    }),
  ]),
  selection: SelectionAnswer.optional().describe('what the scope came to'),
  lens: LensBody.optional(),
  seed: count,
  min_shown_size: count.optional().describe('groups of fewer traces are shown as a count'),
  models: z.object({ thinking: z.string(), summary: z.string(), embedding: z.string(), reasoning_effort: z.string() }),
  prompts: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      sha256: z.string(),
      source: z
        .string()
        .optional()
        .describe("`file` for one that comes with the program, else `prompts:/<name>/<version>` in MLflow's registry"),
    }),
  ),
  key_points: z.array(KeyPointAnswer),
  quality: QualityAnswer,
  estimate: EstimateAnswer.optional().describe('made before it ran; with the actual figures once it is FINISHED'),
  stage_seconds: z.partialRecord(z.enum(stages), z.number()),
  error: z.object({ code: z.string(), detail: z.string() }).optional(),
})
export type InsightAnswer = z.infer<typeof InsightAnswer>

export const CreatedAnswer = z.object({ id: z.string() })

/** What the browser may know of the configuration. */
export const ServiceAnswer = z.object({
  version: z.string(),
  tracking_uri: z.string(),
  tracking: z.enum(['embedded', 'mlflow']),
  database: z.enum(['embedded', 'postgresql']),
  analyst: z.enum(['builtin', 'model']),
  models: z.object({ thinking: z.string(), summary: z.string(), embedding: z.string() }),
  default_experiment_id: z.string().optional(),
  /** The experiment with the sample conversations; only the embedded store has one. */
  samples_experiment_id: z.string().optional(),
})
export type ServiceAnswer = z.infer<typeof ServiceAnswer>
