// Everything an Insight leaves in MLflow. Each write may be repeated, and each trace is ticked off when it is done, so a
// job that was killed goes on with the rest. FINISHED comes last: whoever sees it finds everything else in place.
import { type ClusterDetails, maxMapPoints, toClusterDetails, toMapRecords, toSummaryLine } from './artifact.ts'
import type { ArtifactInput } from './artifact.ts'
import { createBatcher, forEachConcurrent } from './concurrency.ts'
import { AppError } from './errors.ts'
import { assessmentId } from './ids.ts'
import type { Counts, InsightSpec, SummaryRecord, Usage } from './insight.ts'
import { clusterDetailsPath, clusterTag, clusterTagValue, ownClusterTag, shorten } from './names.ts'
import type { Analyst, Cancellable, ClusterAssignment, PipelinePorts } from './ports.ts'
import { summaryPromptVersion, toAssessment, writeConcurrency } from './summarize.ts'

type Ports = Pick<PipelinePorts, 'tracking' | 'analyst' | 'checkpoints' | 'emit'>

/** Writes what each trace's place in the hierarchy is: rationale and metadata of its assessment, and both cluster tags. */
export async function publishAssignments(
  input: {
    runId: string
    records: readonly SummaryRecord[]
    assignments: readonly ClusterAssignment[]
    paths: ReadonlyMap<string, string[]>
  },
  ports: Ports,
  options: Cancellable & { onDone: () => void },
): Promise<void> {
  const { runId, paths } = input
  const recordOf = new Map(input.records.map((record) => [record.traceId, record]))
  const assignmentOf = new Map(input.assignments.map((assignment) => [assignment.traceId, assignment]))
  const promptVersion = summaryPromptVersion(ports.analyst)
  const concurrency = { concurrency: writeConcurrency, signal: options.signal }

  // Assessments that could not be written while summarizing.
  await forEachConcurrent(pagesToItems(ports.checkpoints.unpublished('assessment')), concurrency, async (traceId) => {
    const record = recordOf.get(traceId)
    if (record === undefined) return
    await onExistingTrace(traceId, ports, () =>
      ports.tracking.createAssessment(toAssessment(runId, record, promptVersion), options),
    )
    await ports.checkpoints.markPublished('assessment', [traceId])
  })

  const mark = createBatcher<string>((ids) => ports.checkpoints.markPublished('cluster', ids), 50)
  await forEachConcurrent(pagesToItems(ports.checkpoints.unpublished('cluster')), concurrency, async (traceId) => {
    const assignment = assignmentOf.get(traceId)
    if (assignment === undefined) return
    const value = clusterTagValue(runId, assignment.clusterId)
    await onExistingTrace(traceId, ports, async () => {
      await ports.tracking.updateAssessment(
        {
          traceId,
          assessmentId: assessmentId(runId, traceId),
          rationale: assignment.reason,
          metadata: {
            'mlflow.insights.cluster_id': value,
            'mlflow.insights.cluster_path': shorten(
              (paths.get(assignment.clusterId ?? '') ?? ['Unassigned']).join(' › '),
              1_000,
            ),
          },
        },
        options,
      )
      await ports.tracking.setTraceTag({ traceId, key: clusterTag, value }, options)
      await ports.tracking.setTraceTag({ traceId, key: ownClusterTag(runId), value }, options)
    })
    await mark.add(traceId)
    options.onDone()
  })
}

/** A trace that was deleted meanwhile cannot be written to; that is its own affair and stops nobody else. */
async function onExistingTrace(traceId: string, ports: Ports, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (!(error instanceof AppError) || (error.code !== 'mlflow.not_found' && error.code !== 'trace.not_found'))
      throw error
    ports.emit({
      type: 'log',
      level: 'warn',
      message: `Trace ${traceId} no longer exists; its summary is kept in the artifact only.`,
    })
  }
}

async function* pagesToItems<T>(pages: AsyncIterable<T[]>): AsyncGenerator<T> {
  for await (const page of pages) yield* page
}

/** Uploads the artifacts; the cluster details last, since readers take them as the sign that the rest is there. */
export async function publishArtifacts(
  input: ArtifactInput & { records: readonly SummaryRecord[] },
  ports: Ports,
  options: Cancellable,
): Promise<ClusterDetails> {
  const { runId, grouping, spec } = input
  const upload = (path: string, body: string): Promise<void> =>
    ports.tracking.uploadArtifact({ runId, path, body }, options)
  const details = toClusterDetails(input)
  const clusterOf = new Map(grouping.assignments.map(({ traceId, clusterId }) => [traceId, clusterId]))

  await upload(
    'insights/summaries.jsonl',
    `${input.records.map((record) => toSummaryLine(record, clusterOf.get(record.traceId) ?? null)).join('\n')}\n`,
  )
  await upload('insights/failures.json', JSON.stringify({ failures: input.failures }, null, 2))
  for (const prompt of input.analyst.prompts)
    await upload(`insights/prompts/${prompt.name}@${prompt.version}.txt`, prompt.text)
  await upload('insights/config.json', JSON.stringify(toConfig(spec, input.analyst), null, 2))
  if (grouping.assignments.length > maxMapPoints)
    await upload('insights/map.json', JSON.stringify(toMapRecords(grouping)))
  await upload(clusterDetailsPath, JSON.stringify(details))
  return details
}

function toConfig(spec: InsightSpec, analyst: Pick<Analyst, 'models' | 'prompts'>): Record<string, unknown> {
  return {
    spec: 'traceIds' in spec.scope ? { ...spec, scope: { trace_count: spec.scope.traceIds.length } } : spec,
    models: analyst.models,
    prompts: analyst.prompts.map(({ name, version, sha256 }) => ({ name, version, sha256 })),
  }
}

/** Params of the run: what was asked for and with what, written once at the start. */
export function toParams(
  spec: InsightSpec,
  analyst: Pick<Analyst, 'models' | 'prompts'>,
  codeVersion: string,
): Record<string, string> {
  const scope = spec.scope
  return {
    model: analyst.models.thinking,
    summary_model: analyst.models.summary,
    embedding_model: analyst.models.embedding,
    reasoning_effort: analyst.models.reasoningEffort,
    prompt_versions: analyst.prompts.map(({ name, version }) => `${name}@${version}`).join(', ') || 'none',
    seed: String(spec.seed),
    sampling: 'traceIds' in scope ? 'named' : (scope.sample ?? 'all'),
    max_traces: 'traceIds' in scope ? String(scope.traceIds.length) : String(scope.maxTraces ?? 'all'),
    ...('filter' in scope && scope.stratifyBy !== undefined ? { stratify_by: scope.stratifyBy } : {}),
    concurrency: String(spec.concurrency),
    code_version: codeVersion,
  }
}

/** Metrics of the run: every number a screen shows, so that an auditor can reconcile them without us. */
export function toRunMetrics(input: {
  counts: Counts
  usage: Usage
  grouping: ArtifactInput['grouping']
  stageSeconds: Readonly<Record<string, number>>
}): Record<string, number> {
  const { counts, usage, grouping } = input
  const quality = Object.entries(grouping.quality).filter(
    (entry): entry is [string, number] => entry[1] !== null && Number.isFinite(entry[1]),
  )
  return {
    traces_selected: counts.selected,
    traces_summarized: counts.summarized,
    traces_skipped: counts.skipped,
    traces_failed: counts.failed,
    traces_clustered: counts.clustered,
    traces_unassigned: counts.unassigned,
    clusters: grouping.nodeCount,
    leaf_clusters: grouping.leafCount,
    depth: grouping.depth,
    tokens_in: usage.inputTokens,
    tokens_out: usage.outputTokens,
    tokens_cached: usage.cachedTokens,
    model_calls: usage.calls,
    cost_usd: usage.costUsd,
    ...Object.fromEntries(Object.entries(input.stageSeconds).map(([stage, seconds]) => [`seconds_${stage}`, seconds])),
    ...Object.fromEntries(quality.map(([name, value]) => [`quality_${name}`, value])),
  }
}
