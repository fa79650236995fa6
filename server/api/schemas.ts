// The API's words: every body that comes in is parsed by these, every answer is described by them in openapi.json.
import { z } from 'zod'
import { errorCodes } from '#/pipeline/errors.ts'
import { outcomes, runStatuses, sampleMethods, stages } from '#/pipeline/insight.ts'
import { traceStates } from '#/pipeline/trace.ts'

const id = z.string().min(1).max(300)
const time = z.iso.datetime()
const count = z.number().int().nonnegative()

// ---- requests --------------------------------------------------------------------------------------------------

export const maxInstructionChars = 4_000

export const ScopeBody = z.union([
  z.strictObject({ trace_ids: z.array(id).min(1, 'Name at least one trace.') }),
  z.strictObject({
    filter: z.string().max(8_000).describe("MLflow's filter string; empty for every trace of the experiment"),
    max_traces: z.number().int().positive().optional(),
    sample: z.enum(sampleMethods).optional().describe('how to choose when more match than max_traces'),
    stratify_by: z.string().max(250).optional().describe('tag, metadata key, `state` or `day`'),
  }),
])

export const InsightOptions = z.strictObject({
  seed: z.number().int().nonnegative().max(0xffff_ffff).optional(),
  levels: z.number().int().min(1).max(4).optional(),
  max_leaves: z.number().int().min(1).max(2_000).optional(),
  min_cluster_size: z.number().int().min(1).optional(),
  min_success_share: z.number().min(0).max(1).optional(),
  analyst: z.enum(['builtin', 'model']).optional().describe('default: the model where one is configured'),
  model: z.string().max(200).optional(),
  summary_model: z.string().max(200).optional(),
  reasoning_effort: z.enum(['minimal', 'low', 'medium', 'high']).optional(),
  concurrency: z.number().int().min(1).max(256).optional(),
})

export const CreateInsightBody = z.strictObject({
  experiment_id: id,
  instruction: z
    .string()
    .trim()
    .min(3, 'Ask a question about the traces.')
    .max(maxInstructionChars, `Keep the instruction under ${maxInstructionChars} characters.`),
  name: z.string().trim().max(250).optional(),
  description: z.string().max(2_000).optional(),
  scope: ScopeBody,
  options: InsightOptions.optional(),
})
export type CreateInsightBody = z.infer<typeof CreateInsightBody>

export const CountBody = z.strictObject({ filter: z.string().max(8_000).default('') })

export const PageQuery = z.object({
  page_token: z.string().max(500).optional(),
  page_size: z.coerce.number().int().min(1).max(500).default(50),
})

export const InsightsQuery = PageQuery.extend({
  experiment_id: id.optional(),
  status: z.enum(runStatuses).optional(),
  search: z.string().max(200).optional(),
  sort: z.enum(['created_at', 'name', 'status', 'traces', 'updated_at']).default('created_at'),
  order: z.enum(['asc', 'desc']).default('desc'),
})

export const ExperimentTracesQuery = PageQuery.extend({
  filter: z.string().max(8_000).default(''),
  sort: z.enum(['request_time', 'execution_time']).default('request_time'),
  order: z.enum(['asc', 'desc']).default('desc'),
})

/** `cluster` is a path such as `2.1` (with everything below it), or `unassigned`, or `failed`. */
export const InsightTracesQuery = PageQuery.extend({
  cluster: z.string().max(100).optional(),
  search: z.string().max(200).optional(),
  state: z.enum(traceStates).optional(),
  outcome: z.enum(outcomes).optional(),
  sort: z.enum(['typical', 'request_time', 'execution_time', 'tokens']).default('typical'),
  order: z.enum(['asc', 'desc']).default('asc'),
})

export const ExportQuery = z.object({ format: z.enum(['json', 'csv']).default('json') })

// ---- answers ---------------------------------------------------------------------------------------------------

const listOf = <T extends z.ZodType>(item: T) =>
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

export const ExperimentAnswer = z.object({
  id: z.string(),
  name: z.string(),
  insights: count.describe('Insights of this service on the experiment'),
  updated_at: time.optional(),
  links: z.object({ mlflow: z.string() }),
})
export const ExperimentList = listOf(ExperimentAnswer)
export type ExperimentAnswer = z.infer<typeof ExperimentAnswer>

export const AssessmentAnswer = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(['feedback', 'expectation', 'issue']),
  value: z.unknown(),
  rationale: z.string().optional(),
  source_type: z.string(),
  source_id: z.string(),
  run_id: z.string().optional().describe('the run (an Insight, an evaluation) that wrote it'),
})

export const TraceAnswer = z.object({
  id: z.string(),
  name: z.string().optional(),
  experiment_id: z.string(),
  state: z.enum(traceStates),
  request_time: time,
  execution_ms: z.number().optional(),
  request_preview: z.string(),
  response_preview: z.string(),
  session: z.string().optional(),
  user: z.string().optional(),
  tokens: count.optional(),
  cost_usd: z.number().optional(),
  tags: z.record(z.string(), z.string()),
  assessments: z.array(AssessmentAnswer),
  links: z.object({ mlflow: z.string() }),
})
export const TraceList = listOf(TraceAnswer)
export type TraceAnswer = z.infer<typeof TraceAnswer>

export const SpanAnswer = z.object({
  span_id: z.string(),
  parent_id: z.string().nullable(),
  name: z.string(),
  type: z.string(),
  start_ms: z.number().describe('since the start of the trace'),
  duration_ms: z.number().optional(),
  status: z.enum(['OK', 'ERROR', 'UNSET']),
  status_message: z.string(),
  inputs: z.unknown(),
  outputs: z.unknown(),
  attributes: z.record(z.string(), z.unknown()),
  events: z.array(z.object({ name: z.string(), attributes: z.record(z.string(), z.unknown()) })),
})

export const TurnAnswer = z.object({
  kind: z.enum(['user', 'assistant', 'system', 'tool_call', 'tool_result', 'retrieval', 'error', 'data']),
  span_id: z.string(),
  name: z.string().optional(),
  text: z.string(),
})

export const EvidenceAnswer = z.object({
  trace_id: z.string(),
  span_id: z.string(),
  quote: z.string(),
  verified: z.boolean(),
})

export const MembershipAnswer = z.object({
  insight_id: z.string(),
  insight_name: z.string(),
  instruction: z.string(),
  cluster_id: z.string().nullable().describe('null when unassigned'),
  cluster_path: z.array(z.string()).describe('titles from the top'),
  summary_title: z.string(),
  summary: z.string(),
  outcome: z.enum(outcomes),
  reason: z.string().describe('why it is in its cluster'),
  evidence: z.array(EvidenceAnswer),
  read_share: z.number(),
})

export const TraceDetail = TraceAnswer.extend({
  spans: z.array(SpanAnswer),
  conversation: z.array(TurnAnswer),
  read_share: z.number(),
  insights: z.array(MembershipAnswer),
})
export type TraceDetail = z.infer<typeof TraceDetail>

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

export const ProgressAnswer = z.object({
  stage: z.enum(stages),
  done: count,
  total: count,
  rate_per_s: z.number().optional(),
  eta_s: z.number().optional(),
})

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
  created_at: time,
  updated_at: time,
  finished_at: time.optional(),
  duration_s: z.number(),
  links: z.object({ mlflow_run: z.string(), mlflow_traces: z.string() }),
})
export const InsightList = listOf(InsightRow)
export type InsightRow = z.infer<typeof InsightRow>

/** The whole state of one Insight, its tree aside. */
export const InsightAnswer = InsightRow.extend({
  scope: z.union([
    z.object({ trace_count: count }).describe('named one by one; they are the traces of the Insight'),
    z.object({
      filter: z.string(),
      max_traces: count.optional(),
      sample: z.enum(sampleMethods).optional(),
      stratify_by: z.string().optional(),
    }),
  ]),
  seed: count,
  models: z.object({ thinking: z.string(), summary: z.string(), embedding: z.string(), reasoning_effort: z.string() }),
  prompts: z.array(z.object({ name: z.string(), version: z.string(), sha256: z.string() })),
  key_points: z.array(KeyPointAnswer),
  quality: z.object({
    silhouette: z.number().nullable(),
    stability: z.number().nullable(),
    coverage: z.number().nullable(),
  }),
  stage_seconds: z.partialRecord(z.enum(stages), z.number()),
  error: z.object({ code: z.string(), detail: z.string() }).optional(),
})
export type InsightAnswer = z.infer<typeof InsightAnswer>

export const ClusterMetricsAnswer = z.object({
  error_rate: z.number(),
  latency_ms_p50: z.number().optional(),
  latency_ms_p95: z.number().optional(),
  mean_tokens: z.number().optional(),
  cost_usd: z.number().optional(),
  feedback_positive: z.number().optional().describe('share of true among boolean feedback'),
  outcomes: z.partialRecord(z.enum(outcomes), count),
  languages: z.record(z.string(), count),
})

export type ClusterAnswer = {
  id: string
  title: string
  summary: string
  size: number
  share: number
  keywords: string[]
  metrics: z.infer<typeof ClusterMetricsAnswer>
  evidence: z.infer<typeof EvidenceAnswer>[]
  representative_trace_ids: string[]
  links: { mlflow_traces: string }
  children: ClusterAnswer[]
}
export const ClusterAnswer: z.ZodType<ClusterAnswer> = z.object({
  id: z.string(),
  title: z.string(),
  summary: z.string(),
  size: count,
  share: z.number(),
  keywords: z.array(z.string()),
  metrics: ClusterMetricsAnswer,
  evidence: z.array(EvidenceAnswer),
  representative_trace_ids: z.array(z.string()),
  links: z.object({ mlflow_traces: z.string() }),
  get children() {
    return z.array(ClusterAnswer)
  },
})

export const ClustersAnswer = z.object({
  clusters: z.array(ClusterAnswer),
  whole: ClusterMetricsAnswer,
  unassigned: z.object({ size: count, share: z.number(), reasons: z.record(z.string(), count) }),
  failed: z.object({ size: count }),
})
export type ClustersAnswer = z.infer<typeof ClustersAnswer>

/** One trace as its Insight sees it: a row of the cluster's table. */
export const InsightTraceRow = z.object({
  trace_id: z.string(),
  cluster_id: z.string().nullable(),
  summary_title: z.string(),
  summary: z.string(),
  outcome: z.enum(outcomes),
  language: z.string(),
  reason: z.string(),
  distance: z.number().optional().describe('from the centre of its cluster, 0 (typical) to 2'),
  evidence: z.array(EvidenceAnswer),
  request_preview: z.string(),
  request_time: time,
  execution_ms: z.number().optional(),
  state: z.string(),
  tokens: count.optional(),
  session: z.string().optional(),
  user: z.string().optional(),
  feedback: z.object({ positive: count, negative: count }),
  read_share: z.number(),
})
export const InsightTraceList = listOf(InsightTraceRow)
export type InsightTraceRow = z.infer<typeof InsightTraceRow>

export const FailureAnswer = z.object({
  trace_id: z.string(),
  stage: z.enum(stages),
  code: z.string(),
  message: z.string(),
  attempts: count,
  next: z.enum(['retry', 'settings', 'none']),
})
export const FailureList = listOf(FailureAnswer)

export const MapAnswer = z.object({
  /** Column arrays, one entry a trace: small on the wire and quick to draw. */
  trace_ids: z.array(z.string()),
  x: z.array(z.number()),
  y: z.array(z.number()),
  cluster_ids: z.array(z.string().nullable()),
})
export type MapAnswer = z.infer<typeof MapAnswer>

export const CreatedAnswer = z.object({ id: z.string() })

/** The `data` of one server-sent event; the event's name is its `type`. */
export const InsightEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('state'), insight: InsightAnswer }),
  z.object({ type: z.literal('stage'), stage: z.enum(stages), total: count }),
  z.object({
    type: z.literal('progress'),
    ...ProgressAnswer.shape,
    failed: count,
    usage: UsageAnswer,
  }),
  z.object({ type: z.literal('summary'), trace_id: z.string(), title: z.string(), text: z.string() }),
  z.object({ type: z.literal('failure'), failure: FailureAnswer }),
  z.object({ type: z.literal('clusters'), clusters: count, leaves: count }),
  z.object({ type: z.literal('log'), level: z.enum(['info', 'warn']), message: z.string() }),
  z.object({ type: z.literal('end'), status: z.enum(runStatuses) }),
])
export type InsightEvent = z.infer<typeof InsightEvent>

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
