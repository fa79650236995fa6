// One job: the pipeline plugged into this service's database, tracking server and analysts.
import { AppError, isRetryable } from '#/pipeline/errors.ts'
import type { RunStatus, Stage } from '#/pipeline/insight.ts'
import { shorten } from '#/pipeline/names.ts'
import type { Emit, InsightResult } from '#/pipeline/ports.ts'
import type { Redact } from '#/pipeline/redact/redactor.ts'
import { createPrediction } from '#/pipeline/pace.ts'
import { runInsight } from '#/pipeline/run.ts'
import { groupInThread, rearrangeInThread } from '#/server/compute/compute.ts'
import { createCheckpoints } from '#/server/db/checkpoints.ts'
import type { Database } from '#/server/db/database.ts'
import { isStillTurn, takeTurn } from '#/server/db/in-turn.ts'
import { findInsight, type InsightPatch, readPastRuns, updateInsight } from '#/server/db/insights.ts'
import type { Events } from '#/server/jobs/events.ts'
import { Interrupted } from '#/server/jobs/interrupted.ts'
import { type JobsOptions, longTraces, type RunInsight } from '#/server/jobs/jobs.ts'
import type { Log } from '#/server/log.ts'
import { type MlflowClient, toTracking } from '#/server/mlflow/client.ts'
import type { Meters } from '#/server/meters.ts'
import { type ChooseAnalyst, createThreadedAnalyst } from './analysts.ts'
import { createStallDetector, stallLimitsMs } from './stall-detector.ts'

export type RunnerDeps = {
  database: Database
  events: Events
  /** The service's own account: jobs outlive the request that started them. */
  client: MlflowClient
  chooseAnalyst: ChooseAnalyst
  redact: Redact
  meters: Pick<Meters, 'observe'>
  stallLimitsMs?: Readonly<Record<Stage, number>>
  codeVersion: string
  now: () => number
  log: Log
}

/** How long what is stuck has to end when it is told to. */
const stuckMs = 5_000

/** Computes an Insight, or goes on with one that was interrupted; one that has ended is left as it is. */
export function createInsightRunner(deps: RunnerDeps): RunInsight {
  const { database, events, client, chooseAnalyst, now } = deps
  // What it makes will be replaced: nothing is paid for it, and nobody waits for it.
  const preview = createThreadedAnalyst({ isPatient: true })
  return async (insightId, { signal: given, lane }) => {
    const record = await findInsight(database.db, insightId)
    if (record === undefined || record.deletedAt !== null) return
    // Killed while it was being given up: what is left is to say so.
    if (record.status === 'FAILED') return void (await endInsight(insightId, 'FAILED', deps))
    if (record.status === 'FINISHED' || record.status === 'KILLED') return
    const turn = await takeTurn(database.db, insightId)
    if (turn === undefined) return
    const analyst = chooseAnalyst(record.choices, insightId)
    const { summary } = analyst.models
    const predict = createPrediction(
      await readPastRuns(database.db, summary),
      summary === 'builtin' ? 'builtin' : 'model',
    )
    const writer = events.writer(insightId, turn, predict)
    const own = new AbortController()
    const signal = AbortSignal.any([given, own.signal])
    using _deadline = atDeadline(record.deadlineAt, () => own.abort(deadlinePassed()))
    const stuck = Promise.withResolvers<never>()
    using stall = createStallDetector({
      limitsMs: deps.stallLimitsMs ?? stallLimitsMs,
      onStall: (stage, silentMs) => {
        const minutes = Math.round(silentMs / 60_000)
        const message = `Nothing was heard of the stage ${stage} for ${minutes} minutes; it is started again.`
        writer.emit({ type: 'log', level: 'warn', message })
        own.abort(new Interrupted('stalled'))
        // What does not even end when told to is left behind: it may write nothing once the next run has started.
        setTimeout(() => stuck.reject(own.signal.reason), stuckMs)
      },
    })
    const emit: Emit = (event) => {
      writer.emit(event)
      stall.heard('stage' in event ? event.stage : undefined)
      const isLong = event.type === 'stage' && event.stage === 'summarize' && event.total > longTraces
      if (lane === 'short' && isLong) own.abort(new Interrupted('long'))
    }
    try {
      const running = runInsight(
        {
          runId: insightId,
          spec: record.spec,
          isLoaded: record.stage !== 'load',
          ...(record.estimate === null ? {} : { estimate: record.estimate }),
        },
        {
          tracking: toTracking(client),
          analyst,
          preview,
          redact: deps.redact,
          group: groupInThread,
          rearrange: rearrangeInThread,
          checkpoints: createCheckpoints(database.db, insightId, { turn }),
          emit,
          now,
          codeVersion: deps.codeVersion,
        },
        { signal },
      )
      const result = await Promise.race([running, stuck.promise])
      await writer.close()
      const isMine = await updateInsight(database.db, insightId, toPatch(result), {
        ifStatus: ['SCHEDULED', 'RUNNING'],
        ifTurn: turn,
      })
      for (const [stage, seconds] of Object.entries(result.stageSeconds))
        deps.meters.observe('trace_insights_stage_seconds', { stage }, seconds)
      // As whoever asked for it counts: from then until now, waiting and interruptions included.
      const jobSeconds = (now() - record.createdAt.getTime()) / 1_000
      deps.meters.observe(
        'trace_insights_job_seconds',
        { analyst: summary === 'builtin' ? 'builtin' : 'model' },
        jobSeconds,
      )
      if (isMine) await events.append(insightId, { type: 'end', status: 'FINISHED' })
      else await undoFinish(insightId, deps)
    } catch (error) {
      await writer.close()
      const reason: unknown = signal.aborted ? signal.reason : error
      // Cancelled and resumed elsewhere meanwhile: whatever happened here is no concern of the run that goes on there.
      if (!(await isStillTurn(database.db, { insightId, number: turn }).catch(() => true)))
        throw new Interrupted('lost')
      if (reason instanceof AppError && reason.code === 'cancelled')
        await endInsight(insightId, 'KILLED', deps, { turn })
      // The queue tries again; whoever watches is told what it waits for.
      else if (reason instanceof AppError && isRetryable[reason.code]) {
        const { code, message } = reason
        await updateInsight(
          database.db,
          insightId,
          { waiting: { code, message, sinceMs: now() } },
          { ifStatus: ['SCHEDULED', 'RUNNING'], ifTurn: turn },
        )
        await events.append(insightId, { type: 'waiting', code, message })
      }
      throw reason
    }
  }
}

const deadlinePassed = (): AppError =>
  new AppError(
    'insight.deadline_passed',
    'The time this Insight was given is over. Everything finished is kept: resume it to give it as much again.',
  )

/** A timer for a moment that may be weeks away, or long past. */
function atDeadline(deadline: Date | null, act: () => void): Disposable {
  if (deadline === null) return { [Symbol.dispose]: () => undefined }
  const longestTimerMs = 2 ** 31 - 1
  let timer: NodeJS.Timeout
  const arm = (): void => {
    const leftMs = deadline.getTime() - Date.now()
    timer = leftMs > longestTimerMs ? setTimeout(arm, longestTimerMs) : setTimeout(act, Math.max(0, leftMs))
  }
  arm()
  return { [Symbol.dispose]: () => clearTimeout(timer) }
}

/** Cancelled in the moment between MLflow's FINISHED and ours: the run says again what the Insight is. */
async function undoFinish(insightId: string, { database, client }: RunnerDeps): Promise<void> {
  const now = await findInsight(database.db, insightId)
  if (now === undefined || now.status === 'FINISHED') return
  await client.updateRun({ runId: insightId, status: now.status }, { signal: AbortSignal.timeout(endPatienceMs) })
}

function toPatch(result: InsightResult): InsightPatch {
  const { quality, counts, usage, stageUsage, overview, whole, stageSeconds, finishedAtMs } = result
  return {
    status: 'FINISHED',
    stage: 'publish',
    counts,
    usage,
    overview: overview.text,
    keyPoints: overview.keyPoints,
    quality,
    stageUsage,
    stageSeconds,
    whole,
    provisionalOf: null,
    waiting: null,
    finishedAt: new Date(finishedAtMs),
  }
}

/** What is left to do when a job is given up: the run must not stay RUNNING for ever, and must say why. */
export function createGivenUp(deps: RunnerDeps): NonNullable<JobsOptions['onGivenUp']> {
  return async (insightId, error) => {
    await endInsight(insightId, 'FAILED', deps, {
      tags: { 'mlflow.note.content': shorten(`**Failed** (${error.code}): ${error.detail}`, 4_000) },
    })
  }
}

/** The job still holds its place in the queue meanwhile, and nobody may wait for minutes on a server that is gone. */
const endPatienceMs = 5_000

/**
 * Ends an Insight that did not finish: here, in MLflow, and for whoever watches; `false` for one that has ended otherwise. MLflow
 * may be the very thing that is down; then the run is mended when the Insight is resumed.
 */
export async function endInsight(
  insightId: string,
  status: Extract<RunStatus, 'FAILED' | 'KILLED'>,
  deps: Pick<RunnerDeps, 'database' | 'events' | 'client' | 'now' | 'log'>,
  { tags = {}, turn }: { tags?: Record<string, string>; turn?: number } = {},
): Promise<boolean> {
  const finishedAt = new Date(deps.now())
  const { selected, summarized, skipped, failed } = await createCheckpoints(deps.database.db, insightId).counts()
  const changed = await updateInsight(
    deps.database.db,
    insightId,
    { status, finishedAt, counts: { selected, summarized, skipped, failed, clustered: 0, unassigned: 0 } },
    { ifStatus: ['SCHEDULED', 'RUNNING', status], ...(turn === undefined ? {} : { ifTurn: turn }) },
  )
  if (!changed) return false
  await deps.events.append(insightId, { type: 'end', status })
  const signal = AbortSignal.timeout(endPatienceMs)
  try {
    await deps.client.updateRun({ runId: insightId, status, endTimeMs: finishedAt.getTime() }, { signal })
    if (Object.keys(tags).length > 0) await deps.client.logBatch(insightId, { tags }, { signal })
  } catch (error) {
    deps.log.warn({ insightId, err: error }, 'run not ended in MLflow')
  }
  return true
}
