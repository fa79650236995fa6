// What is inside an Insight: its hierarchy, its traces, its failures and its map.
import { z } from 'zod'
import { exampleRoles, outcomes, stages } from '#/pipeline/insight.ts'
import { EvidenceAnswer, FacetsAnswer, QualityAnswer, count, listOf, time } from './parts.ts'

export const ClusterMetricsAnswer = z.object({
  error_rate: z.number(),
  latency_ms_p50: z.number().optional(),
  latency_ms_p95: z.number().optional(),
  mean_tokens: z.number().optional(),
  cost_usd: z.number().optional(),
  feedback_positive: z.number().optional().describe('share of true among boolean feedback'),
  outcomes: z.partialRecord(z.enum(outcomes), count),
  languages: z.record(z.string(), count),
  facets: z
    .record(
      z.string(),
      z.object({
        known: count.describe('traces that tell'),
        counts: z.record(z.string(), count).optional(),
        mean: z.number().optional(),
        min: z.number().optional(),
        max: z.number().optional(),
      }),
    )
    .optional(),
})

const ExampleAnswer = z.object({
  trace_id: z.string(),
  role: z.enum(exampleRoles),
  reason: z.string(),
})

export type ClusterAnswer = {
  id: string
  title: string
  summary: string
  size: number
  share: number
  keywords: string[]
  metrics: z.infer<typeof ClusterMetricsAnswer>
  quality?: z.infer<typeof QualityAnswer> | undefined
  examples: z.infer<typeof ExampleAnswer>[]
  hidden?: true | undefined
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
  quality: QualityAnswer.optional(),
  examples: z.array(ExampleAnswer),
  hidden: z.literal(true).optional().describe('smaller than `min_shown_size`: all that is told is its size'),
  evidence: z.array(EvidenceAnswer),
  representative_trace_ids: z.array(z.string()),
  links: z.object({ mlflow_traces: z.string() }),
  get children() {
    return z.array(ClusterAnswer)
  },
})

export const ClustersAnswer = z.object({
  provisional: z.boolean().describe('made while summaries still arrive; the final hierarchy replaces it'),
  provisional_of: count.optional().describe('summaries a provisional hierarchy is made of'),
  clusters: z.array(ClusterAnswer),
  whole: ClusterMetricsAnswer,
  unassigned: z.object({ size: count, share: z.number(), reasons: z.record(z.string(), count) }),
  failed: z.object({ size: count }),
  skipped: z.object({ size: count }),
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
  facets: FacetsAnswer.optional(),
  reason: z.string(),
  distance: z.number().optional().describe('from the centre of its cluster, 0 (typical) to 2'),
  evidence: z.array(EvidenceAnswer),
  request_preview: z.string(),
  request_time: time.optional().describe('absent for a trace that MLflow does not know'),
  execution_ms: z.number().optional(),
  state: z.string(),
  tokens: count.optional(),
  session: z.string().optional(),
  user: z.string().optional(),
  feedback: z.object({ positive: count, negative: count }),
  read_share: z.number(),
  links: z.object({ mlflow: z.string() }),
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
