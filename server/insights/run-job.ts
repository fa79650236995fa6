// One job: the pipeline plugged into this service's database, tracking server and analysts.
import { AppError, isRetryable } from '#/pipeline/errors.ts'
import type { RunStatus } from '#/pipeline/insight.ts'
import { shorten } from '#/pipeline/names.ts'
import { type InsightResult, runInsight } from '#/pipeline/run.ts'
import { groupInThread } from '#/server/compute/compute.ts'
import { createCheckpoints } from '#/server/db/checkpoints.ts'
import type { Database } from '#/server/db/database.ts'
import { findInsight, type InsightPatch, updateInsight } from '#/server/db/insights.ts'
import type { Events } from '#/server/jobs/events.ts'
import type { JobsOptions, RunInsight } from '#/server/jobs/jobs.ts'
import type { Log } from '#/server/log.ts'
import { type MlflowClient, toTracking } from '#/server/mlflow/client.ts'
import type { ChooseAnalyst } from './analysts.ts'

export type RunnerDeps = {
  database: Database
  events: Events
  /** The service's own account: jobs outlive the request that started them. */
  client: MlflowClient
  chooseAnalyst: ChooseAnalyst
  codeVersion: string
  now: () => number
  log: Log
}

/** Computes an Insight, or goes on with one that was interrupted; one that has ended is left as it is. */
export function createInsightRunner(deps: RunnerDeps): RunInsight {
  const { database, events, client, chooseAnalyst, now } = deps
  return async (insightId, { signal }) => {
    const record = await findInsight(database.db, insightId)
    if (record === undefined || record.deletedAt !== null) return
    // Killed while it was being given up: what is left is to say so.
    if (record.status === 'FAILED') return await endInsight(insightId, 'FAILED', deps)
    if (record.status === 'FINISHED' || record.status === 'KILLED') return
    await updateInsight(database.db, insightId, {
      status: 'RUNNING',
      startedAt: record.startedAt ?? new Date(now()),
      error: null,
    })
    const writer = events.writer(insightId)
    try {
      const result = await runInsight(
        { runId: insightId, spec: record.spec, isLoaded: record.stage !== 'load' },
        {
          tracking: toTracking(client),
          analyst: chooseAnalyst(record.choices),
          group: groupInThread,
          checkpoints: createCheckpoints(database.db, insightId),
          emit: writer.emit,
          now,
          codeVersion: deps.codeVersion,
        },
        { signal },
      )
      await writer.close()
      await updateInsight(database.db, insightId, toPatch(result), { ifStatus: ['SCHEDULED', 'RUNNING'] })
      await events.append(insightId, { type: 'end', status: 'FINISHED' })
    } catch (error) {
      await writer.close()
      const reason: unknown = signal.aborted ? signal.reason : error
      if (reason instanceof AppError && reason.code === 'cancelled') await endInsight(insightId, 'KILLED', deps)
      // The queue tries again; whoever watches is told what it waits for.
      else if (reason instanceof AppError && isRetryable[reason.code]) {
        await events.append(insightId, { type: 'log', level: 'warn', message: reason.message })
      }
      throw error
    }
  }
}

function toPatch(result: InsightResult): InsightPatch {
  const { details, counts, usage, overview, whole, stageSeconds } = result
  return {
    status: 'FINISHED',
    stage: 'publish',
    counts,
    usage,
    overview: overview.text,
    keyPoints: overview.keyPoints,
    quality: details.quality,
    stageSeconds,
    whole,
    finishedAt: new Date(details.finished_at),
  }
}

/** What is left to do when a job is given up: the run must not stay RUNNING for ever, and must say why. */
export function createGivenUp(deps: RunnerDeps): NonNullable<JobsOptions['onGivenUp']> {
  return async (insightId, error) => {
    await endInsight(insightId, 'FAILED', deps, {
      'mlflow.note.content': shorten(`**Failed** (${error.code}): ${error.detail}`, 4_000),
    })
  }
}

/** The job still holds its place in the queue meanwhile, and nobody may wait for minutes on a server that is gone. */
const endPatienceMs = 5_000

/**
 * Ends an Insight that did not finish: here, in MLflow, and for whoever watches. MLflow may be the very thing that is down;
 * then the run is mended when the Insight is resumed.
 */
export async function endInsight(
  insightId: string,
  status: Extract<RunStatus, 'FAILED' | 'KILLED'>,
  deps: Pick<RunnerDeps, 'database' | 'events' | 'client' | 'now' | 'log'>,
  tags: Record<string, string> = {},
): Promise<void> {
  const finishedAt = new Date(deps.now())
  const { selected, summarized, skipped, failed } = await createCheckpoints(deps.database.db, insightId).counts()
  const changed = await updateInsight(
    deps.database.db,
    insightId,
    { status, finishedAt, counts: { selected, summarized, skipped, failed, clustered: 0, unassigned: 0 } },
    { ifStatus: ['SCHEDULED', 'RUNNING', status] },
  )
  if (!changed) return
  await deps.events.append(insightId, { type: 'end', status })
  const signal = AbortSignal.timeout(endPatienceMs)
  try {
    await deps.client.updateRun({ runId: insightId, status, endTimeMs: finishedAt.getTime() }, { signal })
    if (Object.keys(tags).length > 0) await deps.client.logBatch(insightId, { tags }, { signal })
  } catch (error) {
    deps.log.warn({ insightId, err: error }, 'run not ended in MLflow')
  }
}
