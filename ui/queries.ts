// Every question the screens ask the server, with its cache key and how long its answer stays fresh.
import { infiniteQueryOptions, keepPreviousData, queryOptions, skipToken } from '@tanstack/react-query'
import type { CreateInsightBody } from '#/server/api/schemas/requests.ts'
import { ApiProblem, api, type InsightTracesRequest, type InsightsRequest, type TracesRequest } from './api.ts'
import { isUnderWay } from './words.ts'

const whileRunningMs = 2_000

/** What a request would take; nothing is asked while the form cannot be sent yet. */
export const estimateQuery = (body: CreateInsightBody | undefined) =>
  queryOptions({
    queryKey: ['estimate', body],
    queryFn: body === undefined ? skipToken : ({ signal }) => api.estimate(body, signal),
    staleTime: 60_000,
  })

/** A refusal is final; only a service that did not answer, or broke, is asked again. */
export function shouldRetry(failures: number, error: Error): boolean {
  return failures < 2 && error instanceof ApiProblem && (error.status === 0 || error.status >= 502)
}

const nextPage = {
  initialPageParam: '',
  getNextPageParam: (last: { next_page_token?: string }) => last.next_page_token,
}

export const serviceQuery = () =>
  queryOptions({ queryKey: ['service'], queryFn: ({ signal }) => api.service(signal), staleTime: 60_000 })

export const experimentsQuery = () =>
  infiniteQueryOptions({
    queryKey: ['experiments'],
    queryFn: ({ pageParam, signal }) => api.experiments(pageParam, signal),
    staleTime: 30_000,
    ...nextPage,
  })

export const tracesQuery = (experimentId: string, request: TracesRequest) =>
  infiniteQueryOptions({
    queryKey: ['traces', experimentId, request],
    queryFn: ({ pageParam, signal }) => api.traces(experimentId, request, pageParam, signal),
    placeholderData: keepPreviousData,
    ...nextPage,
  })

export const traceCountQuery = (experimentId: string, filter: string) =>
  queryOptions({
    queryKey: ['trace-count', experimentId, filter],
    queryFn: ({ signal }) => api.countTraces(experimentId, filter, signal),
    staleTime: 10_000,
  })

export const traceQuery = (traceId: string) =>
  queryOptions({ queryKey: ['trace', traceId], queryFn: ({ signal }) => api.trace(traceId, signal), staleTime: 30_000 })

export const insightsQuery = (request: InsightsRequest) =>
  infiniteQueryOptions({
    queryKey: ['insights', request],
    queryFn: ({ pageParam, signal }) => api.insights(request, pageParam, signal),
    placeholderData: keepPreviousData,
    refetchInterval: (query) =>
      query.state.data?.pages.some((page) => page.items.some((row) => isUnderWay(row.status))) === true
        ? whileRunningMs
        : false,
    ...nextPage,
  })

export const insightKey = (insightId: string) => ['insight', insightId] as const

/** The events keep it fresh while the Insight runs; the slow refetch is for a browser that cannot hold the stream. */
export const insightQuery = (insightId: string) =>
  queryOptions({
    queryKey: [...insightKey(insightId), 'state'],
    queryFn: ({ signal }) => api.insight(insightId, signal),
    refetchInterval: (query) =>
      query.state.data !== undefined && isUnderWay(query.state.data.status) ? 3 * whileRunningMs : false,
  })

export const clustersQuery = (insightId: string) =>
  queryOptions({
    queryKey: [...insightKey(insightId), 'clusters'],
    queryFn: ({ signal }) => api.clusters(insightId, signal),
    staleTime: 60_000,
  })

/** More than a screen shows, and no more than can be read, sent and parsed while a click is answered. */
export const rowsPerPage = 50

/** One page of an Insight's traces, by its number: a reader may jump into the middle of 100,000. */
export const insightTracesPageQuery = (insightId: string, request: InsightTracesRequest, page: number) =>
  queryOptions({
    queryKey: [...insightKey(insightId), 'traces', request, page],
    queryFn: ({ signal }) =>
      api.insightTraces(insightId, request, { offset: page * rowsPerPage, size: rowsPerPage }, signal),
    staleTime: 60_000,
  })

export type FailureKind = 'failed' | 'skipped'

export const failuresQuery = (insightId: string, kind: FailureKind) =>
  infiniteQueryOptions({
    queryKey: [...insightKey(insightId), 'failures', kind],
    queryFn: ({ pageParam, signal }) => api.failures(insightId, kind, pageParam, signal),
    ...nextPage,
  })

export const mapQuery = (insightId: string) =>
  queryOptions({
    queryKey: [...insightKey(insightId), 'map'],
    queryFn: ({ signal }) => api.map(insightId, signal),
    staleTime: 60_000,
  })
