// From records to answers: the API's spelling of what the database and MLflow hold.
import type { Evidence, Failure, KeyPoint, Usage } from '#/pipeline/insight.ts'
import { toMetricsRecord } from '#/pipeline/artifact.ts'
import { noMetrics } from '#/pipeline/metrics.ts'
import { clusterTagValue, ownClusterTag } from '#/pipeline/names.ts'
import type { Assessment, TraceInfo } from '#/pipeline/trace.ts'
import type { InsightTrace } from '#/server/db/insight-traces.ts'
import type { InsightListed, InsightRecord } from '#/server/db/insights.ts'
import type { Progress, StoredCluster } from '#/server/db/records.ts'
import { findClusterLink, type MlflowUi, toRunLink, toTraceLink } from '#/server/mlflow/links.ts'
import type { z } from 'zod'
import type {
  AssessmentAnswer,
  ClusterAnswer,
  EvidenceAnswer,
  FailureAnswer,
  InsightAnswer,
  InsightRow,
  InsightTraceRow,
  KeyPointAnswer,
  ProgressAnswer,
  TraceAnswer,
  UsageAnswer,
} from './schemas.ts'

/** A row of the table of Insights. */
export function toInsightRow(record: InsightListed, ui: MlflowUi, nowMs: number): InsightRow {
  const run = { experimentId: record.experimentId, runId: record.id }
  const endMs = record.finishedAt?.getTime() ?? nowMs
  return {
    id: record.id,
    name: record.name,
    description: record.description,
    instruction: record.instruction,
    experiment_id: record.experimentId,
    experiment_name: record.experimentName,
    status: record.status,
    stage: record.stage,
    overview: record.overview,
    counts: record.counts,
    clusters: { total: record.clusterCount, leaves: record.leafCount, depth: record.depth },
    usage: toUsageAnswer(record.usage),
    ...(record.progress === null || record.status !== 'RUNNING' ? {} : { progress: toProgressAnswer(record.progress) }),
    created_at: record.createdAt.toISOString(),
    updated_at: record.updatedAt.toISOString(),
    ...(record.finishedAt === null ? {} : { finished_at: record.finishedAt.toISOString() }),
    duration_s: Math.max(0, endMs - (record.startedAt ?? record.createdAt).getTime()) / 1000,
    links: { mlflow_run: toRunLink(ui, run), mlflow_traces: toRunLink(ui, { ...run, tab: 'traces' }) },
  }
}

/** One Insight, whole but for its tree. */
export function toInsightAnswer(record: InsightRecord, ui: MlflowUi, nowMs: number): InsightAnswer {
  const { scope } = record.spec
  return {
    ...toInsightRow(record, ui, nowMs),
    scope:
      'traceIds' in scope
        ? { trace_count: scope.traceIds.length }
        : {
            filter: scope.filter,
            ...(scope.maxTraces === undefined ? {} : { max_traces: scope.maxTraces }),
            ...(scope.sample === undefined ? {} : { sample: scope.sample }),
            ...(scope.stratifyBy === undefined ? {} : { stratify_by: scope.stratifyBy }),
          },
    seed: record.spec.seed,
    models: {
      thinking: record.models?.thinking ?? '',
      summary: record.models?.summary ?? '',
      embedding: record.models?.embedding ?? '',
      reasoning_effort: record.models?.reasoningEffort ?? '',
    },
    prompts: record.prompts,
    key_points: record.keyPoints.map(toKeyPointAnswer),
    quality: {
      silhouette: record.quality?.silhouette ?? null,
      stability: record.quality?.stability ?? null,
      coverage: record.quality?.coverage ?? null,
    },
    stage_seconds: record.stageSeconds,
    ...(record.error === null ? {} : { error: record.error }),
  }
}

/** Rate and time left follow from what this attempt did since it entered the stage. */
export function toProgressAnswer(progress: Progress): z.infer<typeof ProgressAnswer> {
  const seconds = (progress.atMs - progress.startedAtMs) / 1000
  const here = progress.done - progress.doneAtStart
  const rate = seconds > 0.5 && here > 0 ? here / seconds : undefined
  return {
    stage: progress.stage,
    done: progress.done,
    total: progress.total,
    ...(rate === undefined ? {} : { rate_per_s: rate, eta_s: Math.max(0, (progress.total - progress.done) / rate) }),
  }
}

export function toUsageAnswer(usage: Usage): z.infer<typeof UsageAnswer> {
  return {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    cached_tokens: usage.cachedTokens,
    calls: usage.calls,
    cost_usd: usage.costUsd,
  }
}

export function toEvidenceAnswer(item: Evidence): z.infer<typeof EvidenceAnswer> {
  return { trace_id: item.traceId, span_id: item.spanId, quote: item.quote, verified: item.verified }
}

function toKeyPointAnswer(point: KeyPoint): z.infer<typeof KeyPointAnswer> {
  return {
    text: point.text,
    share: point.share,
    cluster_ids: point.clusterIds,
    evidence: point.evidence.map(toEvidenceAnswer),
  }
}

export function toFailureAnswer(failure: Failure): z.infer<typeof FailureAnswer> {
  const { traceId, stage, code, message, attempts, next } = failure
  return { trace_id: traceId, stage, code, message, attempts, next }
}

/** A node with everything below it; a leaf links to MLflow's own table of its traces, an inner node to the run's. */
export function toClusterAnswer(
  cluster: StoredCluster,
  insight: { experimentId: string; runId: string },
  ui: MlflowUi,
): ClusterAnswer {
  const leafLink =
    cluster.children.length > 0
      ? undefined
      : findClusterLink(ui, {
          ...insight,
          tagKey: ownClusterTag(insight.runId),
          tagValue: clusterTagValue(insight.runId, cluster.id),
        })
  return {
    id: cluster.id,
    title: cluster.title,
    summary: cluster.summary,
    size: cluster.size,
    share: cluster.share,
    keywords: cluster.keywords,
    metrics: toMetricsRecord(cluster.metrics),
    evidence: cluster.evidence.map(toEvidenceAnswer),
    representative_trace_ids: cluster.representativeTraceIds,
    links: { mlflow_traces: leafLink ?? toRunLink(ui, { ...insight, tab: 'traces' }) },
    children: cluster.children.map((child) => toClusterAnswer(child, insight, ui)),
  }
}

/** The metrics of all traces together; zeros while there are none. */
export function toWholeAnswer(whole: Parameters<typeof toMetricsRecord>[0] | null): ReturnType<typeof toMetricsRecord> {
  return toMetricsRecord(whole ?? noMetrics)
}

/** A row of the cluster's table; a trace that failed says why where its summary would stand. */
export function toInsightTraceRow(trace: InsightTrace): InsightTraceRow {
  return {
    trace_id: trace.traceId,
    cluster_id: trace.clusterId,
    summary_title: trace.title ?? '',
    summary: trace.text ?? '',
    outcome: trace.outcome ?? 'unclear',
    language: trace.language ?? 'und',
    reason: trace.reason ?? trace.failure?.message ?? '',
    ...(trace.distance === null ? {} : { distance: trace.distance }),
    evidence: (trace.evidence ?? []).map((item) => toEvidenceAnswer({ traceId: trace.traceId, ...item })),
    request_preview: trace.requestPreview ?? '',
    request_time: new Date(trace.requestTimeMs ?? 0).toISOString(),
    ...(trace.executionMs === null ? {} : { execution_ms: trace.executionMs }),
    state: trace.state ?? 'STATE_UNSPECIFIED',
    ...(trace.tokens === null ? {} : { tokens: trace.tokens }),
    ...(trace.session === null ? {} : { session: trace.session }),
    ...(trace.user === null ? {} : { user: trace.user }),
    feedback: { positive: trace.positive ?? 0, negative: trace.negative ?? 0 },
    read_share: trace.readShare ?? 0,
  }
}

export function toTraceAnswer(info: TraceInfo, ui: MlflowUi): TraceAnswer {
  return {
    id: info.traceId,
    ...(info.name === undefined ? {} : { name: info.name }),
    experiment_id: info.experimentId,
    state: info.state,
    request_time: new Date(info.requestTimeMs).toISOString(),
    ...(info.executionMs === undefined ? {} : { execution_ms: info.executionMs }),
    request_preview: info.requestPreview,
    response_preview: info.responsePreview,
    ...(info.session === undefined ? {} : { session: info.session }),
    ...(info.user === undefined ? {} : { user: info.user }),
    ...(info.tokens === undefined ? {} : { tokens: info.tokens.totalTokens }),
    ...(info.costUsd === undefined ? {} : { cost_usd: info.costUsd }),
    tags: info.tags,
    assessments: info.assessments.filter(({ valid }) => valid).map(toAssessmentAnswer),
    links: { mlflow: toTraceLink(ui, info) },
  }
}

function toAssessmentAnswer(assessment: Assessment): z.infer<typeof AssessmentAnswer> {
  const runId = assessment.metadata['mlflow.assessment.sourceRunId']
  return {
    id: assessment.id,
    name: assessment.name,
    kind: assessment.kind,
    value: assessment.value,
    ...(assessment.rationale === undefined ? {} : { rationale: assessment.rationale }),
    source_type: assessment.source.type,
    source_id: assessment.source.id,
    ...(runId === undefined ? {} : { run_id: runId }),
  }
}
