// From records to answers: the API's spelling of what the database and MLflow hold.
import { toEstimateAnswer } from './estimate-answer.ts'
import type { Evidence, Failure, KeyPoint, Selection, Usage } from '#/pipeline/insight.ts'
import { toExampleRecord, toMetricsRecord, toQualityRecord } from '#/pipeline/artifact.ts'
import type { Lens } from '#/pipeline/lens.ts'
import { noMetrics } from '#/pipeline/metrics.ts'
import { clusterTagValue, ownClusterTag } from '#/pipeline/names.ts'
import { describeShortfall } from '#/pipeline/sample.ts'
import type { Assessment, TraceInfo } from '#/pipeline/trace.ts'
import type { InsightTrace } from '#/server/db/insight-traces.ts'
import type { InsightListed, InsightRecord } from '#/server/db/insights.ts'
import type { Progress, StoredCluster } from '#/server/db/records.ts'
import { findClusterLink, type MlflowUi, toRunLink, toTraceLink } from '#/server/mlflow/links.ts'
import type { z } from 'zod'
import type { ClusterAnswer, FailureAnswer, InsightTraceRow } from './schemas/clusters.ts'
import type {
  InsightAnswer,
  InsightRow,
  KeyPointAnswer,
  ProgressAnswer,
  SelectionAnswer,
  WaitingAnswer,
} from './schemas/insights.ts'
import type { LensBody } from './schemas/lens.ts'
import type { EvidenceAnswer, UsageAnswer } from './schemas/parts.ts'
import type { AssessmentAnswer, TraceAnswer } from './schemas/traces.ts'

/** A row of the table of Insights. */
export function toInsightRow(record: InsightListed, ui: MlflowUi, nowMs: number): InsightRow {
  const run = { experimentId: record.experimentId, runId: record.id }
  const endMs = record.finishedAt?.getTime() ?? nowMs
  const waitingFor = toWaiting(record)
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
    ...(waitingFor === undefined ? {} : { waiting_for: waitingFor }),
    created_at: record.createdAt.toISOString(),
    updated_at: record.updatedAt.toISOString(),
    ...(record.finishedAt === null ? {} : { finished_at: record.finishedAt.toISOString() }),
    ...(record.deletedAt === null ? {} : { deleted_at: record.deletedAt.toISOString() }),
    duration_s: Math.max(0, endMs - (record.startedAt ?? record.createdAt).getTime()) / 1000,
    links: { mlflow_run: toRunLink(ui, run), mlflow_traces: toRunLink(ui, { ...run, tab: 'traces' }) },
  }
}

/** One Insight, whole but for its tree. */
export function toInsightAnswer(record: InsightRecord, ui: MlflowUi, nowMs: number): InsightAnswer {
  const { scope } = record.spec
  return {
    ...toInsightRow(record, ui, nowMs),
    ...(record.parentId === null ? {} : { parent_id: record.parentId }),
    scope:
      'traceIds' in scope
        ? { trace_count: scope.traceIds.length }
        : {
            filter: scope.filter,
            ...(scope.maxTraces === undefined ? {} : { max_traces: scope.maxTraces }),
            ...(scope.sample === undefined ? {} : { sample: scope.sample }),
            ...(scope.stratifyBy === undefined ? {} : { stratify_by: scope.stratifyBy }),
            ...(scope.targets === undefined ? {} : { targets: scope.targets }),
          },
    ...(record.selection === null ? {} : { selection: toSelectionAnswer(record.selection) }),
    ...(record.spec.lens === undefined ? {} : { lens: toLensAnswer(record.spec.lens) }),
    seed: record.spec.seed,
    ...(record.spec.minShownSize === undefined ? {} : { min_shown_size: record.spec.minShownSize }),
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
    ...(record.estimate === null ? {} : { estimate: toEstimateAnswer(record.estimate, toPastRun(record)) }),
    stage_seconds: record.stageSeconds,
    ...(record.error === null ? {} : { error: record.error }),
  }
}

function toSelectionAnswer(selection: Selection): z.infer<typeof SelectionAnswer> {
  const { matched, strata, strataCount, shortCount } = selection
  const shortfall = describeShortfall(selection)
  return {
    ...(matched === undefined ? {} : { matched }),
    strata,
    strata_count: strataCount,
    short_count: shortCount,
    ...(shortfall === undefined ? {} : { shortfall }),
  }
}

export function toLensAnswer({ facets, ...lens }: Lens): z.infer<typeof LensBody> {
  return {
    ...lens,
    facets: facets.map(({ values, ...facet }) => ({
      ...facet,
      ...(values === undefined ? {} : { values: [...values] }),
    })),
  }
}

/** What an Insight took, once that is known. */
function toPastRun(record: InsightRecord): Parameters<typeof toEstimateAnswer>[1] {
  return record.stageUsage === null ? undefined : { usage: record.stageUsage, seconds: record.stageSeconds }
}

export function toProgressAnswer(
  progress: Pick<Progress, 'stage' | 'done' | 'total' | 'pace'>,
): z.infer<typeof ProgressAnswer> {
  const { stage, done, total, pace } = progress
  return {
    stage,
    done,
    total,
    ...(pace?.ratePerS === undefined ? {} : { rate_per_s: pace.ratePerS }),
    ...(pace?.stageS === undefined ? {} : { eta_s: pace.stageS }),
    ...(pace?.job === undefined ? {} : { eta: { low_s: pace.job.lowS, high_s: pace.job.highS } }),
  }
}

/** A job that is queued waits for a worker where it waits for nothing else. */
function toWaiting(record: InsightListed): z.infer<typeof WaitingAnswer> | undefined {
  if (record.status !== 'SCHEDULED' && record.status !== 'RUNNING') return undefined
  if (record.waiting !== null) {
    const { code, message, sinceMs } = record.waiting
    return { code, message, since: new Date(sinceMs).toISOString() }
  }
  if (record.status === 'RUNNING') return undefined
  return { code: 'queue', message: 'It starts when a worker is free.', since: record.updatedAt.toISOString() }
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
    ...(cluster.quality === undefined ? {} : { quality: toQualityRecord(cluster.quality) }),
    examples: (cluster.examples ?? []).map(toExampleRecord),
    ...(cluster.isHidden === undefined ? {} : { hidden: cluster.isHidden }),
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
export function toInsightTraceRow(trace: InsightTrace, experimentId: string, ui: MlflowUi): InsightTraceRow {
  return {
    trace_id: trace.traceId,
    cluster_id: trace.clusterId,
    summary_title: trace.title ?? '',
    summary: trace.text ?? '',
    outcome: trace.outcome ?? 'unclear',
    language: trace.language ?? 'und',
    ...(trace.facets === null ? {} : { facets: trace.facets }),
    reason: trace.reason ?? trace.failure?.message ?? '',
    ...(trace.distance === null ? {} : { distance: trace.distance }),
    evidence: (trace.evidence ?? []).map((item) => toEvidenceAnswer({ traceId: trace.traceId, ...item })),
    request_preview: trace.requestPreview ?? '',
    ...(trace.requestTimeMs === null ? {} : { request_time: new Date(trace.requestTimeMs).toISOString() }),
    ...(trace.executionMs === null ? {} : { execution_ms: trace.executionMs }),
    state: trace.state ?? 'STATE_UNSPECIFIED',
    ...(trace.tokens === null ? {} : { tokens: trace.tokens }),
    ...(trace.session === null ? {} : { session: trace.session }),
    ...(trace.user === null ? {} : { user: trace.user }),
    feedback: { positive: trace.positive ?? 0, negative: trace.negative ?? 0 },
    read_share: trace.readShare ?? 0,
    links: { mlflow: toTraceLink(ui, { experimentId, traceId: trace.traceId }) },
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
