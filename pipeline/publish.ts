// Everything an Insight leaves in MLflow. Each write may be repeated, and each trace is ticked off when it is done, so a
// job that was killed goes on with the rest. FINISHED comes last: whoever sees it finds everything else in place.
import {
  type ClusterDetails,
  maxMapPoints,
  promptRecords,
  toClusterDetails,
  toMapRecords,
  toSummaryLine,
} from './artifact.ts'
import type { ArtifactInput } from './artifact.ts'
import { attemptsOf } from './attempts.ts'
import { createTicker, forEachConcurrent } from './concurrency.ts'
import { AppError, type ErrorCode, isRetryable } from './errors.ts'
import { type Estimate, type StageUsage, toActual } from './estimate/estimate.ts'
import { errorOf } from './estimate/learn.ts'
import { assessmentId } from './ids.ts'
import type { Counts, InsightSpec, Selection, SkippedTrace, Stage, SummaryRecord, Usage } from './insight.ts'
import { clusterDetailsPath, clusterTag, clusterTagValue, ownClusterTag, shorten } from './names.ts'
import { linePieces, listPieces, objectPieces } from './json-pieces.ts'
import type { Analyst, Cancellable, ClusterAssignment, Pieces, PipelinePorts } from './ports.ts'
import { summaryPromptVersion, toAssessment, writeConcurrency } from './summarize.ts'

type Ports = Pick<PipelinePorts, 'tracking' | 'analyst' | 'checkpoints' | 'emit'>

/** Traces ticked off in one statement: after a kill at most as many are written once more, which changes nothing. */
const markedAtOnce = 50

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
  const written = createTicker<string>((ids) => ports.checkpoints.markPublished('assessment', ids), markedAtOnce)
  try {
    await forEachConcurrent(pagesToItems(ports.checkpoints.unpublished('assessment')), concurrency, async (traceId) => {
      const record = recordOf.get(traceId)
      if (record === undefined) return
      const isWritten = await writeTo(traceId, ports, () =>
        ports.tracking.createAssessment(toAssessment(runId, record, promptVersion), options),
      )
      if (isWritten) written.add(traceId)
    })
  } finally {
    await written.settled()
  }

  const placed = createTicker<string>((ids) => ports.checkpoints.markPublished('cluster', ids), markedAtOnce)
  try {
    await forEachConcurrent(pagesToItems(ports.checkpoints.unpublished('cluster')), concurrency, async (traceId) => {
      const assignment = assignmentOf.get(traceId)
      if (assignment === undefined) return
      const value = clusterTagValue(runId, assignment.clusterId)
      const isWritten = await writeTo(traceId, ports, async () => {
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
      if (isWritten) placed.add(traceId)
      options.onDone()
    })
  } finally {
    await placed.settled()
  }
}

/**
 * Writes to one trace and says whether it worked. What MLflow refuses for good (the trace was deleted meanwhile, a value it
 * does not take) is that trace's own affair: recorded, and the rest goes on. What may pass is thrown: the job tries again.
 */
async function writeTo(traceId: string, ports: Ports, write: () => Promise<void>): Promise<boolean> {
  try {
    await write()
    return true
  } catch (error) {
    if (!(error instanceof AppError) || isRetryable[error.code] || !refusals.has(error.code)) throw error
    const { code, message } = error
    await ports.checkpoints.saveFailures([
      { traceId, stage: 'publish', code, message: shorten(message, 500), attempts: attemptsOf(error), next: 'none' },
    ])
    return false
  }
}

const refusals: ReadonlySet<ErrorCode> = new Set(['trace.not_found', 'mlflow.not_found', 'mlflow.invalid_request'])

async function* pagesToItems<T>(pages: AsyncIterable<T[]>): AsyncGenerator<T> {
  for await (const page of pages) yield* page
}

/** Uploads the artifacts; the cluster details last, since readers take them as the sign that the rest is there. */
export async function publishArtifacts(
  input: ArtifactInput & {
    records: readonly SummaryRecord[]
    skipped: readonly SkippedTrace[]
    selection: Selection | undefined
  },
  ports: Ports,
  options: Cancellable,
): Promise<ClusterDetails> {
  const { runId, grouping, spec, records } = input
  const upload: Upload = (path, body) => ports.tracking.uploadArtifact({ runId, path, body }, options)
  const details = toClusterDetails(input)
  const clusterOf = new Map(grouping.assignments.map(({ traceId, clusterId }) => [traceId, clusterId]))

  await uploadLines(
    'insights/summaries.jsonl',
    function* () {
      for (const record of records) yield toSummaryLine(record, clusterOf.get(record.traceId) ?? null)
    },
    upload,
  )
  const { failures, skipped } = input
  await upload('insights/failures.json', JSON.stringify({ failures, skipped }, null, 2))
  for (const prompt of input.analyst.prompts)
    await upload(`insights/prompts/${prompt.name}@${prompt.version}.txt`, prompt.text)
  await upload(
    'insights/config.json',
    JSON.stringify({ ...toConfig(spec, input.analyst), selection: input.selection }, null, 2),
  )
  if (grouping.assignments.length > maxMapPoints)
    await upload('insights/map.json', () => listPieces(toMapRecords(grouping)))
  await upload(clusterDetailsPath, () => objectPieces(details))
  return details
}

type Upload = (path: string, body: string | Pieces) => Promise<void>

/** Every store takes an artifact of this many characters: a server refuses more than 10 MiB, and UTF-8 needs at most three bytes each. */
const charsPerPart = 3 * 1024 * 1024

/** Uploads lines as one file, or as numbered parts where the server's store takes no large ones. */
async function uploadLines(path: string, lines: Pieces, upload: Upload): Promise<void> {
  try {
    await upload(path, () => linePieces(lines()))
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'mlflow.unsupported' || !isLarge(lines)) throw error
    const [stem = '', extension = ''] = path.split(/\.(?=[^.]*$)/)
    let number = 1
    for (const part of inParts(lines())) await upload(`${stem}-${String(number++).padStart(4, '0')}.${extension}`, part)
  }
}

function isLarge(lines: Pieces): boolean {
  let chars = 0
  for (const line of lines()) chars += line.length + 1
  return chars > charsPerPart
}

function* inParts(lines: Iterable<string>): Generator<string> {
  let part = ''
  for (const line of lines) {
    if (part !== '' && part.length + line.length > charsPerPart) {
      yield part
      part = ''
    }
    part += `${line}\n`
  }
  yield part
}

function toConfig(spec: InsightSpec, analyst: Pick<Analyst, 'models' | 'prompts'>): Record<string, unknown> {
  return {
    spec: 'traceIds' in spec.scope ? { ...spec, scope: { trace_count: spec.scope.traceIds.length } } : spec,
    models: analyst.models,
    prompts: promptRecords(analyst),
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
    sampling: 'traceIds' in scope ? 'named' : scope.targets === undefined ? (scope.sample ?? 'all') : 'stratified',
    max_traces: 'traceIds' in scope ? String(scope.traceIds.length) : String(scope.maxTraces ?? 'all'),
    ...('filter' in scope && scope.stratifyBy !== undefined ? { stratify_by: scope.stratifyBy } : {}),
    ...('filter' in scope && scope.targets !== undefined ? { sampling_targets: JSON.stringify(scope.targets) } : {}),
    concurrency: String(spec.concurrency),
    code_version: codeVersion,
  }
}

/** Metrics of the run: every number a screen shows, so that an auditor can reconcile them without us. */
export function toRunMetrics(input: {
  counts: Counts
  usage: Usage
  callUsage: ArtifactInput['callUsage']
  grouping: ArtifactInput['grouping']
  stageSeconds: Readonly<Record<string, number>>
  records: readonly SummaryRecord[]
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
    ...Object.fromEntries(
      Object.entries(input.callUsage).flatMap(([kind, { inputTokens, outputTokens, calls }]) => [
        [`tokens_in_${kind}`, inputTokens],
        [`tokens_out_${kind}`, outputTokens],
        [`model_calls_${kind}`, calls],
      ]),
    ),
    quotes_verified: input.records.reduce((sum, { summary }) => sum + summary.evidence.length, 0),
    quotes_dropped: input.records.reduce((sum, { summary }) => sum + (summary.droppedQuotes ?? 0), 0),
    ...Object.fromEntries(Object.entries(input.stageSeconds).map(([stage, seconds]) => [`seconds_${stage}`, seconds])),
    ...Object.fromEntries(quality.map(([name, value]) => [`quality_${name}`, value])),
  }
}

/** What had been estimated, and how far off it was: the share by which the run took more (or, below zero, less). */
export function toEstimateMetrics(
  estimate: Estimate,
  run: { usage: StageUsage; seconds: Partial<Record<Stage, number>> },
): Record<string, number> {
  const { total } = toActual(estimate, run)
  const tokens = estimate.total.inputTokens.expected + estimate.total.outputTokens.expected
  const errors = {
    tokens: errorOf(tokens, total.inputTokens + total.outputTokens),
    cost: errorOf(estimate.total.costUsd.expected, total.costUsd),
    seconds: errorOf(estimate.total.seconds.expected, total.seconds),
  }
  return {
    estimated_tokens: Math.round(tokens),
    estimated_cost_usd: estimate.total.costUsd.expected,
    estimated_seconds: estimate.total.seconds.expected,
    ...Object.fromEntries(
      Object.entries(errors).flatMap(([name, error]) => (error === null ? [] : [[`estimate_error_${name}`, error]])),
    ),
  }
}
