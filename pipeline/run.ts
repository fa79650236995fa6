// What happens: load → summarize → embed → cluster → name → overview → publish. Start reading here.
import type { ClusterDetails } from './artifact.ts'
import { toCallUsage } from './call-usage.ts'
import { doOnce } from './do-once.ts'
import { AppError } from './errors.ts'
import { clusterSummaries, embedSummaries, nodesToName, titlePaths, toGrouping } from './group.ts'
import { sha256 } from './ids.ts'
import {
  addUsage,
  type Counts,
  type Evidence,
  type InsightSpec,
  type KeyPoint,
  noUsage,
  type Stage,
  type SummaryRecord,
} from './insight.ts'
import { loadSelection } from './load.ts'
import { toMetrics } from './metrics.ts'
import { createMirror } from './mirror.ts'
import { nameGroups } from './name.ts'
import { shorten } from './names.ts'
import type { Cancellable, ClusterAssignment, InsightResult, PipelineInput, PipelinePorts } from './ports.ts'
import { createPreview } from './preview.ts'
import { publishArtifacts, publishAssignments, toEstimateMetrics, toRunMetrics } from './publish.ts'
import { shownClusters, withoutWords } from './small-groups.ts'
import { summarizePending } from './summarize.ts'

/**
 * Runs an Insight to its end, or goes on with one that was interrupted: whatever the checkpoints hold is not done (or
 * paid for) again. The run is FINISHED in MLflow when this resolves.
 *
 * Throws `insight.no_traces`, `insight.too_many_failures`, any `mlflow.*`, `model.*` or `database.*` error that stops
 * every trace alike, and the signal's reason when it aborts; everything finished until then is kept.
 */
export async function runInsight(
  input: PipelineInput,
  given: PipelinePorts,
  options: Cancellable,
): Promise<InsightResult> {
  const { runId, spec } = input
  const { tracking, checkpoints, analyst } = given
  const mirror = createMirror({ runId, tracking, emit: given.emit, now: given.now }, options)
  const ports = { ...given, emit: mirror.emit }
  const clock = createStageClock(ports.now)
  const enter = async (stage: Stage, total: number): Promise<void> => {
    options.signal.throwIfAborted()
    clock.enter(stage)
    ports.emit({ type: 'stage', stage, total })
    await tracking.logBatch(runId, { tags: { 'mlflow.insights.stage': stage } }, options)
  }

  const finish = async (result: InsightResult): Promise<InsightResult> => {
    await tracking.updateRun({ runId, status: 'FINISHED', endTimeMs: result.finishedAtMs }, options)
    return result
  }
  // Killed between its last record and saying so: what is left is to say so.
  const published = await checkpoints.findStep('publish', await hashCounts(ports))
  if (published !== undefined) return await finish(published)

  await tracking.updateRun({ runId, status: 'RUNNING' }, options)

  // Not again where it was done: whoever is killed while it says so would take it for not done.
  if (input.isLoaded !== true) await enter('load', 0)
  const selected =
    input.isLoaded === true
      ? await checkpoints.countSelected()
      : await loadSelection({ runId, spec }, ports, {
          ...options,
          onProgress: (found) =>
            ports.emit({ type: 'progress', stage: 'load', done: found, total: found, failed: 0, usage: noUsage }),
        })
  await tracking.logBatch(runId, { tags: { 'mlflow.insights.trace_count': String(selected) } }, options)

  await enter('summarize', selected)
  await summarizeAll(input, ports, options)
  const records = await readAll(checkpoints.summaries())

  await enter('embed', records.length)
  const report = (stage: Stage, total: number) => (done: number) =>
    ports.emit({ type: 'progress', stage, done, total, failed: 0, usage: noUsage })
  const vectors = await embedSummaries(records, spec, ports, {
    ...options,
    onProgress: report('embed', records.length),
  })

  await enter('cluster', records.length)
  const drafted = await clusterSummaries(records, vectors, spec, ports, options)

  const nodes = nodesToName(drafted.tree, records, drafted.hidden)
  await enter('name', nodes.length)
  const { grouped, names } = await nameGroups({ drafted, nodes, records, vectors, spec }, ports, {
    ...options,
    onProgress: report('name', nodes.length),
  })
  const grouping = toGrouping(grouped, names, records)
  await checkpoints.saveClusters(grouping.clusters, grouping.assignments)
  ports.emit({ type: 'clusters', clusters: grouping.nodeCount, leaves: grouping.leafCount })

  await enter('overview', 1)
  const counts = await countAll(ports, grouping.assignments)
  const told = records.map((record, row) => (grouped.hiddenRows.has(row) ? withoutWords(record) : record))
  const written = await doOnce('overview', [spec.instruction, spec.lens, analyst.models, counts, names], ports, () =>
    analyst.writeOverview(
      {
        instruction: spec.instruction,
        lens: spec.lens,
        counts,
        clusters: shownClusters(grouping.clusters),
        unassigned: counts.unassigned,
        examples: new Map(told.map((record) => [record.traceId, record])),
      },
      options,
    ),
  )

  await enter('publish', records.length)
  const { usage } = await checkpoints.counts()
  const stageUsage = await checkpoints.stageUsage()
  const callUsage = toCallUsage(stageUsage, written.checkUsage)
  const overview = { ...written, keyPoints: keepKnownEvidence(written.keyPoints, told) }
  let done = records.length - (await countItems(checkpoints.unpublished('cluster')))
  await publishAssignments(
    { runId, records, assignments: grouping.assignments, paths: titlePaths(grouping.clusters) },
    ports,
    {
      ...options,
      onDone: () =>
        ports.emit({
          type: 'progress',
          stage: 'publish',
          done: ++done,
          total: records.length,
          failed: counts.failed,
          usage,
        }),
    },
  )
  const [failures, skipped, selection] = await Promise.all([
    checkpoints.failures(),
    checkpoints.skipped(),
    checkpoints.selection(),
  ])
  const finishedAtMs = ports.now()
  const { estimate } = input
  const details = await publishArtifacts(
    {
      runId,
      spec,
      analyst,
      grouping,
      overview,
      counts,
      usage,
      callUsage,
      failures,
      skipped,
      selection,
      finishedAtMs,
      records,
      estimate,
    },
    ports,
    options,
  )
  clock.leave()
  await mirror.close()
  await tracking.logBatch(
    runId,
    {
      metrics: {
        ...toRunMetrics({ counts, usage, callUsage, grouping, stageSeconds: clock.seconds, records }),
        ...(estimate === undefined ? {} : toEstimateMetrics(estimate, { usage: stageUsage, seconds: clock.seconds })),
      },
      tags: {
        'mlflow.insights.overview': shorten(overview.text, 4_000),
        'mlflow.insights.progress': `done ${counts.summarized}/${counts.selected}`,
        'mlflow.note.content': toNote(spec, details),
      },
    },
    options,
  )
  const result = {
    counts,
    usage,
    stageUsage,
    overview,
    quality: grouping.quality,
    whole: toMetrics(records),
    stageSeconds: clock.seconds,
    finishedAtMs,
  }
  await checkpoints.saveStep('publish', { inputHash: await hashCounts(ports), result, usage: noUsage })
  return await finish(result)
}

/** What was published is the end only as long as no trace was done anew since. */
async function hashCounts({ checkpoints }: Pick<PipelinePorts, 'checkpoints'>): Promise<string> {
  const { selected, summarized, skipped, failed } = await checkpoints.counts()
  return sha256(JSON.stringify([selected, summarized, skipped, failed]))
}

async function summarizeAll(input: PipelineInput, ports: PipelinePorts, options: Cancellable): Promise<void> {
  const start = await ports.checkpoints.counts()
  let { usage, failed } = start
  let done = start.summarized + start.skipped + start.failed
  let summarized = start.summarized
  const { preview: by } = ports
  const preview =
    by === undefined ? undefined : createPreview({ ...start, spec: input.spec }, { ...ports, preview: by }, options)
  try {
    await summarizePending(input, ports, {
      ...options,
      onDone: (outcome) => {
        done++
        if (outcome.kind === 'summary') {
          preview?.observe(++summarized)
          const { traceId, summary } = outcome.record
          usage = addUsage(usage, summary.usage)
          ports.emit({ type: 'summary', traceId, title: summary.title, text: summary.text })
        } else if (outcome.kind === 'failure') {
          failed++
          ports.emit({ type: 'failure', failure: outcome.failure })
        }
        ports.emit({ type: 'progress', stage: 'summarize', done, total: start.selected, failed, usage })
      },
    })
  } finally {
    await preview?.stop()
  }
  await requireEnoughSummaries(input.spec, ports)
}

/** Stops a run of which too little succeeded, with a diagnosis; all that did succeed is kept for a resume. */
async function requireEnoughSummaries(spec: InsightSpec, ports: PipelinePorts): Promise<void> {
  const { selected, summarized, skipped, failed } = await ports.checkpoints.counts()
  if (failed === 0 && summarized === 0) {
    throw new AppError(
      'insight.no_traces',
      `None of the ${skipped} selected traces is left: they are empty, or the lens leaves them out. Choose other traces.`,
    )
  }
  const attempted = selected - skipped
  if (summarized > 0 && summarized / attempted >= spec.minSuccessShare) return
  const byCode = Map.groupBy(await ports.checkpoints.failures(), ({ code }) => code)
  const causes = [...byCode].sort(([, a], [, b]) => b.length - a.length).map(([code, all]) => `${all.length} × ${code}`)
  const example = [...byCode.values()][0]?.[0]?.message ?? ''
  throw new AppError(
    'insight.too_many_failures',
    `Only ${summarized} of ${attempted} traces could be summarized (${causes.join(', ')}; for example: ${example}). ` +
      'What succeeded is kept: mend the cause and resume, or accept a lower share of successes.',
  )
}

async function countAll(ports: PipelinePorts, assignments: readonly ClusterAssignment[]): Promise<Counts> {
  const { selected, summarized, skipped, failed } = await ports.checkpoints.counts()
  const clustered = assignments.filter(({ clusterId }) => clusterId !== null).length
  return { selected, summarized, skipped, failed, clustered, unassigned: summarized - clustered }
}

/** The overview may quote only what was verified when its trace was read. */
function keepKnownEvidence(keyPoints: readonly KeyPoint[], records: readonly SummaryRecord[]): KeyPoint[] {
  const recordOf = new Map(records.map((record) => [record.traceId, record]))
  const isKnown = ({ traceId, spanId, quote }: Evidence): boolean =>
    recordOf.get(traceId)?.summary.evidence.some((item) => item.spanId === spanId && item.quote === quote) ?? false
  return keyPoints.map((point) => ({ ...point, evidence: point.evidence.filter(isKnown) }))
}

async function countItems<T>(pages: AsyncIterable<T[]>): Promise<number> {
  let count = 0
  for await (const page of pages) count += page.length
  return count
}

async function readAll<T>(pages: AsyncIterable<T[]>): Promise<T[]> {
  const all: T[] = []
  for await (const page of pages) for (const item of page) all.push(item)
  return all
}

/** The run's description in MLflow: what a person sees who opens the run there. */
function toNote(spec: InsightSpec, details: ClusterDetails): string {
  const lines = details.clusters.map(
    ({ title, size, share }) => `- **${toPlain(title)}**: ${size} traces (${Math.round(share * 100)} %)`,
  )
  return shorten(
    [
      `**${toPlain(spec.instruction)}**`,
      ...(spec.description === '' ? [] : [spec.description]),
      toPlain(details.overview),
      lines.join('\n'),
    ].join('\n\n'),
    7_000,
  )
}

/** Trace text may stand in titles and overview, and MLflow renders the note as Markdown: no links, images or HTML from it. */
function toPlain(text: string): string {
  return text.replace(/[\\`*_[\]<>!|#]/g, (mark) => `\\${mark}`)
}

/** Seconds spent in each stage, to the millisecond. */
function createStageClock(now: () => number): {
  enter: (stage: Stage) => void
  leave: () => void
  seconds: Partial<Record<Stage, number>>
} {
  const seconds: Partial<Record<Stage, number>> = {}
  let current: { stage: Stage; since: number } | undefined
  const leave = (): void => {
    if (current !== undefined) seconds[current.stage] = (now() - current.since) / 1000
    current = undefined
  }
  return {
    seconds,
    leave,
    enter: (stage) => {
      leave()
      current = { stage, since: now() }
    },
  }
}
