// Runs: create, update, read, and log in bulk.
import { AppError } from '#/pipeline/errors.ts'
import type { RunStatus } from '#/pipeline/insight.ts'
import type { Cancellable, RunBatch } from '#/pipeline/ports.ts'
import { allOf, quoteKey, quoteValue } from './filters.ts'
import { neverArrived } from './retry.ts'
import { emptyAnswer, type Run, runAnswer, runsAnswer } from './schemas.ts'
import { shorten, splitBatch, valueLimits } from './split-batch.ts'
import type { Transport } from './transport.ts'

const root = '/api/2.0/mlflow/runs'

export type NewRun = {
  experimentId: string
  name: string
  startTimeMs: number
  tags: Readonly<Record<string, string>>
  /**
   * A tag that only this run carries. With it, a creation whose answer was lost is looked up before it is repeated, so
   * that there is one run and not two.
   */
  uniqueTag?: string
}
export type RunQuery = {
  experimentIds: readonly string[]
  filter?: string
  orderBy?: readonly string[]
  maxResults?: number
  pageToken?: string
  deleted?: boolean
}

export function createRuns(transport: Transport, { now }: { now: () => number }) {
  const post = (call: string, json: unknown, signal: AbortSignal) =>
    transport.json(emptyAnswer, { method: 'POST', path: `${root}/${call}`, json, replay: 'safe', signal })

  /** Creates the run, RUNNING. Throws `experiment.not_found`. */
  async function createRun(run: NewRun, options: Cancellable): Promise<Run> {
    try {
      return await create(run, options)
    } catch (error) {
      if (error instanceof AppError && error.code === 'mlflow.not_found') {
        throw new AppError('experiment.not_found', 'MLflow has no such experiment.', { cause: error })
      }
      if (run.uniqueTag === undefined || !mayHaveArrived(error)) throw error
      return (await findByUniqueTag(run, run.uniqueTag, options)) ?? (await create(run, options))
    }
  }

  async function create(run: NewRun, { signal }: Cancellable): Promise<Run> {
    const answer = await transport.json(runAnswer, {
      method: 'POST',
      path: `${root}/create`,
      json: {
        experiment_id: run.experimentId,
        run_name: run.name,
        // Left out, it is stored as 0 and shown as 1970.
        start_time: run.startTimeMs,
        tags: toPairs(run.tags, valueLimits.tag),
      },
      replay: 'unsafe',
      signal,
    })
    return answer.run
  }

  async function findByUniqueTag(run: NewRun, key: string, options: Cancellable): Promise<Run | undefined> {
    const filter = `${quoteKey('tags', key)} = ${quoteValue(run.tags[key] ?? '')}`
    return (await searchRuns({ experimentIds: [run.experimentId], filter, maxResults: 1 }, options)).runs[0]
  }

  /** Throws `mlflow.not_found`. */
  async function getRun(runId: string, { signal }: Cancellable): Promise<Run> {
    const answer = await transport.json(runAnswer, {
      method: 'GET',
      path: `${root}/get`,
      query: { run_id: runId },
      replay: 'safe',
      signal,
    })
    return answer.run
  }

  /** One page; 1,000 runs unless said otherwise, 50,000 at most. */
  async function searchRuns(
    query: RunQuery,
    { signal }: Cancellable,
  ): Promise<{ runs: Run[]; nextPageToken?: string }> {
    const answer = await transport.json(runsAnswer, {
      method: 'POST',
      path: `${root}/search`,
      json: {
        experiment_ids: query.experimentIds,
        filter: allOf(query.filter ?? ''),
        run_view_type: query.deleted === true ? 'DELETED_ONLY' : 'ACTIVE_ONLY',
        max_results: query.maxResults ?? 1000,
        ...(query.orderBy === undefined ? {} : { order_by: query.orderBy }),
        ...(query.pageToken === undefined ? {} : { page_token: query.pageToken }),
      },
      replay: 'safe',
      signal,
    })
    return {
      runs: answer.runs,
      ...(answer.next_page_token === undefined ? {} : { nextPageToken: answer.next_page_token }),
    }
  }

  /** Sets what is given; MLflow itself sets no end time when a run ends. */
  async function updateRun(
    update: { runId: string; status?: RunStatus; endTimeMs?: number; name?: string },
    { signal }: Cancellable,
  ): Promise<void> {
    await post(
      'update',
      {
        run_id: update.runId,
        ...(update.status === undefined ? {} : { status: update.status }),
        ...(update.endTimeMs === undefined ? {} : { end_time: update.endTimeMs }),
        ...(update.name === undefined ? {} : { run_name: update.name }),
      },
      signal,
    )
  }

  async function setRunTag(tag: { runId: string; key: string; value: string }, { signal }: Cancellable): Promise<void> {
    await post('set-tag', { run_id: tag.runId, key: tag.key, value: shorten(tag.value, valueLimits.tag) }, signal)
  }

  /** Logs everything in as few calls as the limits allow. Params are write-once: the same value again is no error. */
  async function logBatch(runId: string, batch: RunBatch, { signal }: Cancellable): Promise<void> {
    const timestamp = now()
    const parts = splitBatch({
      metrics: Object.entries(batch.metrics ?? {}).map(([key, value]) => ({
        key,
        // JSON has no word for these; protobuf's reading of it has.
        value: Number.isFinite(value) ? value : String(value),
        timestamp,
        step: 0,
      })),
      params: toPairs(batch.params ?? {}, valueLimits.param),
      tags: toPairs(batch.tags ?? {}, valueLimits.tag),
    })
    for (const part of parts) await post('log-batch', { run_id: runId, ...part }, signal)
  }

  /** Soft; repeating is fine. Links and trace tags stay. */
  async function deleteRun(runId: string, { signal }: Cancellable): Promise<void> {
    await post('delete', { run_id: runId }, signal)
  }

  async function restoreRun(runId: string, { signal }: Cancellable): Promise<void> {
    await post('restore', { run_id: runId }, signal)
  }

  return { createRun, getRun, searchRuns, updateRun, setRunTag, logBatch, deleteRun, restoreRun }
}

function toPairs(map: Readonly<Record<string, string>>, max: number): { key: string; value: string }[] {
  return Object.entries(map).map(([key, value]) => ({ key, value: shorten(value, max) }))
}

/** Whether a failed request may have been carried out all the same: its answer was lost, or a server failed half-way. */
function mayHaveArrived(error: unknown): boolean {
  if (!(error instanceof AppError)) return false
  return (error.code === 'mlflow.unreachable' && !neverArrived(error.cause)) || error.code === 'mlflow.server_error'
}
