// The artifact that other programs read. Its schema is published as JSON Schema; nothing is written that does not fit it.
import { z } from 'zod'
import { type SpentOn, spentOn } from './call-usage.ts'
import type { Estimate } from './estimate/estimate.ts'
import type {
  Cluster,
  ClusterExample,
  ClusterQuality,
  Counts,
  Failure,
  InsightSpec,
  Overview,
  SummaryRecord,
  Usage,
} from './insight.ts'
import { exampleRoles, outcomes, overviewSources, stages } from './insight.ts'
import { facetTypes } from './lens.ts'
import type { Grouping } from './group.ts'
import type { Analyst, PromptRecord } from './ports.ts'

const count = z.number().int().nonnegative()
const share = z.number().min(0).max(1)

const EvidenceSchema = z.strictObject({
  trace_id: z.string(),
  span_id: z.string(),
  quote: z.string(),
  verified: z.boolean(),
})

const MetricsSchema = z.strictObject({
  error_rate: share,
  latency_ms_p50: z.number().optional(),
  latency_ms_p95: z.number().optional(),
  mean_tokens: z.number().optional(),
  cost_usd: z.number().optional(),
  feedback_positive: share.optional(),
  outcomes: z.partialRecord(z.enum(outcomes), count),
  languages: z.record(z.string(), count),
  facets: z
    .record(
      z.string(),
      z.strictObject({
        known: count.describe('traces that tell'),
        counts: z.record(z.string(), count).optional(),
        mean: z.number().optional(),
        min: z.number().optional(),
        max: z.number().optional(),
      }),
    )
    .optional()
    .describe('what the facets of the lens come to'),
})

const QualitySchema = z.strictObject({
  silhouette: z
    .number()
    .nullable()
    .describe('how much nearer members are to their own cluster than to the next, -1 to 1'),
  stability: z.number().nullable().describe('share that comes back when a part of the traces is clustered anew'),
  coverage: z.number().nullable().describe('share of the traces that found a place, the rest being unassigned'),
})

const ExampleSchema = z.strictObject({
  trace_id: z.string(),
  role: z.enum(exampleRoles),
  reason: z.string(),
})

const ClusterSchema = z.strictObject({
  id: z.string().regex(/^\d+(\.\d+)*$/),
  title: z.string().min(1),
  summary: z.string(),
  size: count,
  share,
  trace_ids: z.array(z.string()).describe('leaf clusters only'),
  representative_trace_ids: z.array(z.string()),
  evidence: z.array(EvidenceSchema),
  keywords: z.array(z.string()),
  metrics: MetricsSchema,
  quality: QualitySchema.optional(),
  examples: z.array(ExampleSchema).optional().describe('members worth opening, and why'),
  hidden: z.literal(true).optional().describe('too small to be shown as more than a count'),
  get children() {
    return z.array(ClusterSchema)
  },
})

/** `mlflow_insights_cluster_details.json`, schema version 1. */
export const ClusterDetailsSchema = z.strictObject({
  schema_version: z.literal(1),
  run_id: z.string(),
  experiment_id: z.string(),
  name: z.string(),
  instruction: z.string(),
  description: z.string(),
  lens: z
    .strictObject({
      extract: z.string(),
      alike: z.string(),
      ignore: z.string(),
      facets: z.array(
        z.strictObject({
          name: z.string(),
          type: z.enum(facetTypes),
          description: z.string(),
          values: z.array(z.string()).optional(),
        }),
      ),
      only: z.string().optional(),
    })
    .optional()
    .describe('how the question was meant, where somebody said'),
  overview: z.string(),
  overview_source: z
    .enum(overviewSources)
    .optional()
    .describe('the draft as it was, the draft without what a check did not find supported, or counted without a model'),
  key_points: z.array(
    z.strictObject({ text: z.string(), share, cluster_ids: z.array(z.string()), evidence: z.array(EvidenceSchema) }),
  ),
  created_at: z.iso.datetime(),
  finished_at: z.iso.datetime(),
  models: z.strictObject({
    thinking: z.string(),
    summary: z.string(),
    embedding: z.string(),
    reasoning_effort: z.string(),
    overview_by: z.string().describe('which model, or `builtin`, wrote the overview'),
  }),
  prompts: z.array(
    z.strictObject({
      name: z.string(),
      version: z.string(),
      sha256: z.string(),
      source: z
        .string()
        .optional()
        .describe(
          '`file` for one that comes with the program, else `prompts:/<name>/<version>` in the Prompt Registry',
        ),
    }),
  ),
  seed: count,
  counts: z.strictObject({
    selected: count,
    summarized: count,
    skipped: count,
    failed: count,
    clustered: count,
    unassigned: count,
  }),
  usage: z.strictObject({
    input_tokens: count,
    output_tokens: count,
    cached_tokens: count,
    calls: count,
    cost_usd: z.number().nonnegative(),
    estimated_cost_usd: z.number().nonnegative().nullable(),
    by_call: z
      .partialRecord(
        z.enum(spentOn),
        z.strictObject({
          input_tokens: count,
          output_tokens: count,
          cached_tokens: count,
          calls: count,
          cost_usd: z.number().nonnegative(),
        }),
      )
      .optional()
      .describe('the same by kind of call; `check` is the second look at the overview'),
  }),
  quality: QualitySchema,
  clusters: z.array(ClusterSchema),
  unassigned: z.strictObject({ trace_ids: z.array(z.string()), reasons: z.record(z.string(), count) }),
  failures: z.array(
    z.strictObject({ trace_id: z.string(), stage: z.enum(stages), code: z.string(), message: z.string() }),
  ),
  map: z.array(z.strictObject({ trace_id: z.string(), x: z.number(), y: z.number() })),
})
export type ClusterDetails = z.infer<typeof ClusterDetailsSchema>

/** Above this many traces the map goes to an artifact of its own. */
export const maxMapPoints = 10_000

export type ArtifactInput = {
  runId: string
  spec: InsightSpec
  analyst: Pick<Analyst, 'models' | 'prompts'>
  grouping: Grouping
  overview: Overview
  counts: Counts
  usage: Usage
  callUsage: Partial<Record<SpentOn, Usage>>
  failures: readonly Failure[]
  finishedAtMs: number
  estimate?: Estimate | undefined
}

/** The artifact, checked against its schema. Throws a ZodError when we built something we must not publish. */
export function toClusterDetails(input: ArtifactInput): ClusterDetails {
  const { spec, grouping, overview } = input
  return ClusterDetailsSchema.parse({
    schema_version: 1,
    run_id: input.runId,
    experiment_id: spec.experimentId,
    name: spec.name,
    instruction: spec.instruction,
    description: spec.description,
    ...(spec.lens === undefined ? {} : { lens: spec.lens as ClusterDetails['lens'] }),
    overview: overview.text,
    overview_source: overview.source,
    key_points: overview.keyPoints.map((point) => ({
      text: point.text,
      share: point.share,
      cluster_ids: point.clusterIds,
      evidence: point.evidence.map(toEvidence),
    })),
    created_at: new Date(spec.pinnedAtMs).toISOString(),
    finished_at: new Date(input.finishedAtMs).toISOString(),
    models: {
      thinking: input.analyst.models.thinking,
      summary: input.analyst.models.summary,
      embedding: input.analyst.models.embedding,
      reasoning_effort: input.analyst.models.reasoningEffort,
      overview_by: overview.by,
    },
    prompts: promptRecords(input.analyst),
    seed: spec.seed,
    counts: input.counts,
    usage: {
      ...toUsageRecord(input.usage),
      estimated_cost_usd: input.estimate?.total.costUsd.expected ?? null,
      by_call: Object.fromEntries(Object.entries(input.callUsage).map(([kind, usage]) => [kind, toUsageRecord(usage)])),
    },
    quality: toQualityRecord(grouping.quality),
    clusters: grouping.clusters.map(toClusterRecord),
    unassigned: { trace_ids: grouping.unassigned.traceIds, reasons: grouping.unassigned.reasons },
    failures: input.failures.map(({ traceId, stage, code, message }) => ({ trace_id: traceId, stage, code, message })),
    map: grouping.assignments.length > maxMapPoints ? [] : toMapRecords(grouping),
  } satisfies ClusterDetails)
}

function toUsageRecord(usage: Usage) {
  return {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    cached_tokens: usage.cachedTokens,
    calls: usage.calls,
    cost_usd: usage.costUsd,
  }
}

/** A place on the map for every summarized trace. */
export function toMapRecords(grouping: Grouping): ClusterDetails['map'] {
  return grouping.assignments.map(({ traceId, x, y }) => ({ trace_id: traceId, x: round(x, 4), y: round(y, 4) }))
}

/** One line of `insights/summaries.jsonl`. */
export function toSummaryLine(record: SummaryRecord, clusterId: string | null): string {
  return JSON.stringify({
    trace_id: record.traceId,
    title: record.summary.title,
    summary: record.summary.text,
    outcome: record.summary.outcome,
    language: record.summary.language,
    ...(record.summary.facets === undefined ? {} : { facets: record.summary.facets }),
    cluster_id: clusterId,
    read_share: record.summary.readShare,
    evidence: record.summary.evidence.map((item) => toEvidence({ traceId: record.traceId, ...item })),
    model: record.summary.model,
    input_tokens: record.summary.usage.inputTokens,
    output_tokens: record.summary.usage.outputTokens,
  })
}

function toEvidence(item: {
  traceId: string
  spanId: string
  quote: string
  verified: boolean
}): z.infer<typeof EvidenceSchema> {
  return { trace_id: item.traceId, span_id: item.spanId, quote: item.quote, verified: item.verified }
}

/** Which prompts were used, without their texts. */
export function promptRecords({ prompts }: Pick<Analyst, 'prompts'>): PromptRecord[] {
  return prompts.map(({ name, version, sha256, source }) => ({ name, version, sha256, source }))
}

/** A cluster in the artifact's spelling; the same words are used by the database and the API. */
export function toClusterRecord(cluster: Cluster): ClusterDetails['clusters'][number] {
  const { metrics } = cluster
  return {
    id: cluster.id,
    title: cluster.title,
    summary: cluster.summary,
    size: cluster.size,
    share: cluster.share,
    trace_ids: cluster.traceIds,
    representative_trace_ids: cluster.representativeTraceIds,
    evidence: cluster.evidence.map(toEvidence),
    keywords: cluster.keywords,
    metrics: toMetricsRecord(metrics),
    quality: toQualityRecord(cluster.quality),
    examples: cluster.examples.map(toExampleRecord),
    ...(cluster.isHidden === undefined ? {} : { hidden: cluster.isHidden }),
    children: cluster.children.map(toClusterRecord),
  }
}

/** Metrics in the artifact's spelling. */
export function toMetricsRecord(metrics: Cluster['metrics']): z.infer<typeof MetricsSchema> {
  return {
    error_rate: metrics.errorRate,
    ...(metrics.latencyMsP50 === undefined ? {} : { latency_ms_p50: metrics.latencyMsP50 }),
    ...(metrics.latencyMsP95 === undefined ? {} : { latency_ms_p95: metrics.latencyMsP95 }),
    ...(metrics.meanTokens === undefined ? {} : { mean_tokens: metrics.meanTokens }),
    ...(metrics.costUsd === undefined ? {} : { cost_usd: metrics.costUsd }),
    ...(metrics.feedbackPositive === undefined ? {} : { feedback_positive: metrics.feedbackPositive }),
    outcomes: metrics.outcomes,
    languages: metrics.languages,
    ...(metrics.facets === undefined ? {} : { facets: metrics.facets }),
  }
}

/** Quality in the artifact's spelling: three digits, `null` for what is not known. */
export function toQualityRecord(quality: ClusterQuality): z.infer<typeof QualitySchema> {
  return {
    silhouette: roundOrNull(quality.silhouette),
    stability: roundOrNull(quality.stability),
    coverage: roundOrNull(quality.coverage),
  }
}

/** An example in the artifact's spelling. */
export function toExampleRecord({ traceId, role, reason }: ClusterExample): z.infer<typeof ExampleSchema> {
  return { trace_id: traceId, role, reason }
}

function roundOrNull(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? round(value, 3) : null
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
