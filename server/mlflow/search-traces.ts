// Finding traces: paging that neither skips nor repeats while others write, counting, and infos by id.
import { AppError } from '#/pipeline/errors.ts'
import type { Cancellable, GetTraceInfos, SearchTraces } from '#/pipeline/ports.ts'
import type { TraceInfo } from '#/pipeline/trace.ts'
import { type Count, countByOffset } from './count-traces.ts'
import { toTraceInfo } from './decode-info.ts'
import { allOf, inList, isQuotable } from './filters.ts'
import { isCode } from './probe.ts'
import { sampleEvenly } from './sample-traces.ts'
import { traceAnswer, traceInfosAnswer, tracesAnswer } from './schemas.ts'
import type { TracePage, TracePageQuery } from './trace-page.ts'
import type { Transport } from './transport.ts'

/** The most MLflow gives a page; 501 is refused. */
const maxPage = 500
/** Ids asked for in one call: the body is short, and a page of infos with assessments is not. */
const idsPerCall = 100

export function createTraceSearch(transport: Transport, { now }: { now: () => number }) {
  /** One page as the server gives it, newest first unless ordered otherwise. An unknown experiment is an empty page. */
  async function findTracePage(query: TracePageQuery, { signal }: Cancellable): Promise<TracePage> {
    const filter = allOf(query.filter ?? '')
    const answer = await transport.json(tracesAnswer, {
      method: 'POST',
      path: '/api/3.0/mlflow/traces/search',
      json: {
        locations: query.experimentIds.map((id) => ({
          type: 'MLFLOW_EXPERIMENT',
          mlflow_experiment: { experiment_id: id },
        })),
        max_results: query.maxResults ?? maxPage,
        ...(filter === '' ? {} : { filter }),
        ...(query.orderBy === undefined ? {} : { order_by: query.orderBy }),
        ...(query.pageToken === undefined ? {} : { page_token: query.pageToken }),
      },
      replay: 'safe',
      signal,
    })
    return {
      traces: answer.traces.map(toTraceInfo),
      ...(answer.next_page_token === undefined ? {} : { nextPageToken: answer.next_page_token }),
    }
  }

  /**
   * Every match once. MLflow's page tokens are offsets, so a trace that is written or deleted between two pages shifts
   * all later ones. In the default order (newest first) each page is therefore asked by time, from where the last one
   * ended, and only within one millisecond by token; in any other order, by token below a fixed time.
   */
  const searchTraces: SearchTraces = async function* ({ experimentId, filter, until, orderBy }, options) {
    const query = { experimentIds: [experimentId], ...(orderBy === undefined ? {} : { orderBy }) }
    const seen = new Set<string>()
    let byTime = orderBy === undefined || orderBy.length === 0
    let bound = until ?? now()
    let pageToken: string | undefined
    for (;;) {
      const page = await findTracePage(
        {
          ...query,
          filter: allOf(filter, `timestamp_ms <= ${bound}`),
          ...(pageToken === undefined ? {} : { pageToken }),
        },
        options,
      )
      const fresh = page.traces.filter(({ traceId }) => !seen.has(traceId))
      for (const { traceId } of fresh) seen.add(traceId)
      if (fresh.length > 0) yield fresh
      if (page.nextPageToken === undefined) return
      pageToken = page.nextPageToken
      byTime &&= isNewestFirst(page.traces)
      const last = page.traces.at(-1)
      if (byTime && last !== undefined && last.requestTimeMs < bound) {
        bound = last.requestTimeMs
        pageToken = undefined
        // Below the new bound nothing from before can come again, save what shares its millisecond.
        seen.clear()
        for (const { traceId, requestTimeMs } of page.traces) if (requestTimeMs === bound) seen.add(traceId)
      }
    }
  }

  /** How many traces match; counting stops at `atMost`, and `isExact` says whether that cut it short. */
  async function countTraces(
    query: { experimentId: string; filter: string; until?: number; atMost?: number },
    options: Cancellable,
  ): Promise<Count> {
    const until = query.until ?? now()
    const atMost = query.atMost ?? Number.MAX_SAFE_INTEGER
    const filter = allOf(query.filter, `timestamp_ms <= ${until}`)
    const quick = await countByOffset(findTracePage, { experimentIds: [query.experimentId], filter, atMost }, options)
    if (quick !== undefined) return quick
    let count = 0
    for await (const page of searchTraces({ ...query, until }, options)) {
      count += page.length
      if (count > atMost) return { count: atMost, isExact: false, hasOffsets: false }
    }
    return { count, isExact: true, hasOffsets: false }
  }

  /** Some of the newest `atMost` matches, spread over all of them, and how many these are. */
  async function sampleTraces(
    query: { experimentId: string; filter: string; atMost?: number; size: number },
    options: Cancellable,
  ): Promise<{ count: number; traces: TraceInfo[] }> {
    const until = now()
    const { count, hasOffsets } = await countTraces({ ...query, until }, options)
    const filter = allOf(query.filter, `timestamp_ms <= ${until}`)
    const traces = await sampleEvenly(
      findTracePage,
      { experimentIds: [query.experimentId], filter, count, size: query.size, hasOffsets },
      options,
    )
    return { count, traces }
  }

  /** Throws `trace.not_found`. */
  async function getTraceInfo(traceId: string, { signal }: Cancellable): Promise<TraceInfo> {
    try {
      const answer = await transport.json(traceAnswer, {
        method: 'GET',
        path: `/api/3.0/mlflow/traces/${encodeURIComponent(traceId)}`,
        replay: 'safe',
        signal,
      })
      return toTraceInfo(answer.trace.trace_info)
    } catch (error) {
      if (isCode(error, 'mlflow.not_found')) {
        throw new AppError('trace.not_found', 'MLflow has no such trace, or not in this workspace.', { cause: error })
      }
      throw error
    }
  }

  // By search and not by batchGetInfos: every server has it, it is no slower, and with basic authentication the batch is
  // forbidden as a whole as soon as one id does not exist.
  const getTraceInfos: GetTraceInfos = async ({ experimentId, traceIds }, options) => {
    const ids = [...new Set(traceIds)].filter(isQuotable)
    const infos: TraceInfo[] = []
    for (let at = 0; at < ids.length; at += idsPerCall) {
      const filter = inList('request_id', ids.slice(at, at + idsPerCall))
      infos.push(...(await findTracePage({ experimentIds: [experimentId], filter }, options)).traces)
    }
    return infos
  }

  /**
   * Infos wherever the traces are, or undefined where the server cannot say: it is older than 3.11, or it asks for
   * credentials and one of the ids does not exist.
   */
  async function findTraceInfosAnywhere(
    traceIds: readonly string[],
    { signal }: Cancellable,
  ): Promise<TraceInfo[] | undefined> {
    const infos: TraceInfo[] = []
    try {
      for (let at = 0; at < traceIds.length; at += idsPerCall) {
        const answer = await transport.json(traceInfosAnswer, {
          method: 'POST',
          path: '/api/3.0/mlflow/traces/batchGetInfos',
          json: { trace_ids: traceIds.slice(at, at + idsPerCall) },
          replay: 'safe',
          signal,
        })
        infos.push(...answer.trace_infos.map(toTraceInfo))
      }
      return infos
    } catch (error) {
      if (isCode(error, 'mlflow.unsupported') || isCode(error, 'mlflow.forbidden')) return undefined
      throw error
    }
  }

  return { findTracePage, searchTraces, countTraces, sampleTraces, getTraceInfo, getTraceInfos, findTraceInfosAnywhere }
}

function isNewestFirst(traces: readonly TraceInfo[]): boolean {
  return traces.every(
    ({ requestTimeMs }, at) => at === 0 || requestTimeMs <= (traces[at - 1]?.requestTimeMs ?? Infinity),
  )
}
