// What an Insight says while it runs.
import { z } from 'zod'
import { runStatuses, stages } from '#/pipeline/insight.ts'
import { FailureAnswer } from './clusters.ts'
import { InsightAnswer, ProgressAnswer } from './insights.ts'
import { UsageAnswer, count } from './parts.ts'

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
  z.object({ type: z.literal('waiting'), code: z.string(), message: z.string() }),
  z.object({
    type: z.literal('clusters'),
    clusters: count,
    leaves: count,
    provisional_of: count.optional().describe('summaries it is made of, while others still arrive'),
  }),
  z.object({ type: z.literal('log'), level: z.enum(['info', 'warn']), message: z.string() }),
  z.object({ type: z.literal('end'), status: z.enum(runStatuses) }),
])
export type InsightEvent = z.infer<typeof InsightEvent>
