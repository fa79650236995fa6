// Experiments and traces as MLflow has them.
import { z } from 'zod'
import { outcomes } from '#/pipeline/insight.ts'
import { traceStates } from '#/pipeline/trace.ts'
import { EvidenceAnswer, FacetsAnswer, count, listOf, time } from './parts.ts'

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

export const MembershipAnswer = z.object({
  insight_id: z.string(),
  insight_name: z.string(),
  instruction: z.string(),
  cluster_id: z.string().nullable().describe('null when unassigned'),
  cluster_path: z.array(z.string()).describe('titles from the top'),
  summary_title: z.string(),
  summary: z.string(),
  outcome: z.enum(outcomes),
  facets: FacetsAnswer.optional(),
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
