// Names for the parts of answers that the schemas export only as values.
import type { ClusterAnswer, InsightEvent, InsightRow, InsightTraceRow, TraceDetail } from '#/server/api/schemas.ts'

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
