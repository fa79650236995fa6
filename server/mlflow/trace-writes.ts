// Small writes onto traces: tags, and links to a run.
import { AppError } from '#/pipeline/errors.ts'
import type { Cancellable } from '#/pipeline/ports.ts'
import { answerOf } from './answer-error.ts'
import { quoteValue } from './filters.ts'
import { isCode } from './probe.ts'
import { emptyAnswer } from './schemas.ts'
import { shorten, valueLimits } from './split-batch.ts'
import type { createTraceSearch } from './search-traces.ts'
import type { Transport } from './transport.ts'

/** More in one call is refused. */
const linksPerCall = 100

export type LinkedRun = { runId: string; experimentId: string }

export function createTraceWrites(transport: Transport, search: ReturnType<typeof createTraceSearch>) {
  const toPath = (traceId: string): string => `/api/3.0/mlflow/traces/${encodeURIComponent(traceId)}/tags`

  /** Sets the tag, over an older value; a value beyond 8,000 characters is shortened. Throws `trace.not_found`. */
  async function setTraceTag(
    tag: { traceId: string; key: string; value: string },
    { signal }: Cancellable,
  ): Promise<void> {
    try {
      await transport.json(emptyAnswer, {
        method: 'PATCH',
        path: toPath(tag.traceId),
        json: { key: tag.key, value: shorten(tag.value, valueLimits.tag) },
        replay: 'safe',
        signal,
      })
    } catch (error) {
      // MLflow 3.6 to 3.9 answer 500 where there is no such trace.
      if (isCode(error, 'mlflow.server_error')) await search.getTraceInfo(tag.traceId, { signal })
      throw toTraceError(error)
    }
  }

  /** Removes the tag; one that is not there is no error. */
  async function deleteTraceTag(tag: { traceId: string; key: string }, { signal }: Cancellable): Promise<void> {
    try {
      await transport.json(emptyAnswer, {
        method: 'DELETE',
        path: toPath(tag.traceId),
        json: { key: tag.key },
        replay: 'safe',
        signal,
      })
    } catch (error) {
      if (!isCode(error, 'mlflow.not_found')) throw error
    }
  }

  /** Links traces to a run, again where they are linked already. MLflow accepts ids that do not exist: see `findUnlinked`. */
  async function linkTraces(runId: string, traceIds: readonly string[], { signal }: Cancellable): Promise<void> {
    // The same id twice in one call is refused.
    const ids = [...new Set(traceIds)]
    for (let at = 0; at < ids.length; at += linksPerCall) {
      await transport.json(emptyAnswer, {
        method: 'POST',
        path: '/api/2.0/mlflow/traces/link-to-run',
        json: { run_id: runId, trace_ids: ids.slice(at, at + linksPerCall) },
        replay: 'safe',
        signal,
      })
    }
  }

  /** How many traces of the run's experiment the server says are linked to it. */
  async function countLinked({ runId, experimentId }: LinkedRun, options: Cancellable): Promise<number> {
    const { count } = await search.countTraces(
      { experimentId, filter: `run_id = ${quoteValue(runId)}`, until: Number.MAX_SAFE_INTEGER },
      options,
    )
    return count
  }

  /** Those of the ids that the server does not say are linked to the run. */
  async function findUnlinked(run: LinkedRun, traceIds: readonly string[], options: Cancellable): Promise<string[]> {
    const missing = new Set(traceIds)
    const filter = `run_id = ${quoteValue(run.runId)}`
    const query = { experimentId: run.experimentId, filter, until: Number.MAX_SAFE_INTEGER }
    for await (const page of search.searchTraces(query, options)) {
      for (const { traceId } of page) missing.delete(traceId)
    }
    return [...missing]
  }

  return { setTraceTag, deleteTraceTag, linkTraces, countLinked, findUnlinked }
}

/** A write to a trace that does not exist is a broken foreign key for the server, told in SQL with a 400. */
export function toTraceError(error: unknown): unknown {
  const answer = answerOf(error)
  const isForeignKey = answer?.status === 400 && /foreign key/i.test(answer.serverMessage)
  if (!isForeignKey && !isCode(error, 'mlflow.not_found')) return error
  return new AppError('trace.not_found', 'MLflow has no such trace, or not in this workspace.', { cause: error })
}
