// Names for the parts of answers that the schemas export only as values.
import type { ClusterAnswer, InsightTraceRow } from '#/server/api/schemas/clusters.ts'
import type { InsightEvent } from '#/server/api/schemas/events.ts'
import type { InsightRow } from '#/server/api/schemas/insights.ts'
import type { TraceDetail } from '#/server/api/schemas/traces.ts'

export type Evidence = InsightTraceRow['evidence'][number]
export type Progress = NonNullable<InsightRow['progress']>
export type ClusterMetrics = ClusterAnswer['metrics']
export type Outcome = InsightTraceRow['outcome']
export type Status = InsightRow['status']
export type Stage = InsightRow['stage']
export type FailureAnswer = Extract<InsightEvent, { type: 'failure' }>['failure']
export type Span = TraceDetail['spans'][number]
export type Turn = TraceDetail['conversation'][number]
export type Membership = TraceDetail['insights'][number]
export type Assessment = TraceDetail['assessments'][number]
export type TraceState = TraceDetail['state']
