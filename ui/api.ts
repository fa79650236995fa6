// The one place that talks to the server. Answers are trusted as the schemas describe them; every refusal is an ApiProblem.
import type { ClustersAnswer, InsightTraceRow, MapAnswer } from '#/server/api/schemas/clusters.ts'
import type { EstimateAnswer } from '#/server/api/schemas/estimate.ts'
import type { InsightAnswer, InsightRow, ServiceAnswer } from '#/server/api/schemas/insights.ts'
import type { LensAnswer } from '#/server/api/schemas/lens.ts'
import type { Problem } from '#/server/api/schemas/parts.ts'
import type { CreateInsightBody, LensRequest } from '#/server/api/schemas/requests.ts'
import type { ExperimentAnswer, TraceAnswer, TraceDetail } from '#/server/api/schemas/traces.ts'
import type { FailureAnswer } from './answer-parts.ts'

export type Page<T> = { items: T[]; next_page_token?: string; total?: number }

/** A refusal in the server's words (RFC 9457), or our words for an answer that never came. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly status: number
  readonly code: string
  readonly title: string
  readonly errors: readonly { path: string; message: string }[]

  constructor(problem: { status: number; code: string; title: string; detail: string; errors?: Problem['errors'] }) {
    super(problem.detail)
    this.status = problem.status
    this.code = problem.code
    this.title = problem.title
    this.errors = problem.errors ?? []
  }
}

type Ask = Omit<RequestInit, 'headers'> & { headers?: Record<string, string> }

type Parameters = Record<string, string | number | readonly string[] | undefined>

/** The address of a route with its query; parameters that are `undefined` or empty are left out. */
function apiUrl(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(parameters)) {
    if (Array.isArray(value)) for (const one of value) query.append(key, String(one))
    else if (value !== undefined && value !== '') query.set(key, String(value))
  }
  const text = query.toString()
  return `/api/v1${path}${text === '' ? '' : `?${text}`}`
}

async function readProblem(response: Response): Promise<ApiProblem> {
  const fallback = {
    status: response.status,
    code: 'internal',
    title: 'The server could not answer',
    detail: `The server answered ${response.status} without saying why. Its log has the reason.`,
  }
  try {
    const body = (await response.json()) as Partial<Problem>
    return new ApiProblem({ ...fallback, ...body, status: response.status })
  } catch {
    return new ApiProblem(fallback)
  }
}

async function ask<T>(url: string, init: Ask = {}): Promise<T> {
  let response: Response
  try {
    response = await fetch(url, { ...init, headers: { accept: 'application/json', ...init.headers } })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiProblem({
      status: 0,
      code: 'service.unreachable',
      title: 'Trace Insights does not answer',
      detail: 'The service could not be reached. Check that it is running (npm start), then try again.',
    })
  }
  if (!response.ok) throw await readProblem(response)
  return (await response.json()) as T
}

const get = <T>(path: string, parameters: Parameters, signal?: AbortSignal) =>
  ask<T>(apiUrl(path, parameters), signal === undefined ? {} : { signal })

const post = <T>(path: string, body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal) =>
  ask<T>(apiUrl(path), {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
    ...(signal === undefined ? {} : { signal }),
  })

const part = encodeURIComponent

export type TracesRequest = { filter: string; sort?: string; order?: string }
export type InsightsRequest = {
  experiment_id?: string
  search?: string
  status?: string
  deleted?: string
  sort?: string
  order?: string
}
export type InsightTracesRequest = {
  cluster?: string
  search?: string
  outcome?: string
  state?: string
  language?: string
  facet?: readonly string[]
  area?: string
  trace_ids?: string
  sort?: string
  order?: string
}

const pageSize = 100

export const api = {
  service: (signal?: AbortSignal) => get<ServiceAnswer>('/service', {}, signal),
  experiments: (pageToken: string, signal?: AbortSignal) =>
    get<Page<ExperimentAnswer>>('/experiments', { page_token: pageToken, page_size: 200 }, signal),
  traces: (experimentId: string, request: TracesRequest, pageToken: string, signal?: AbortSignal) =>
    get<Page<TraceAnswer>>(
      `/experiments/${part(experimentId)}/traces`,
      { ...request, page_token: pageToken, page_size: pageSize },
      signal,
    ),
  countTraces: (experimentId: string, filter: string, signal?: AbortSignal) =>
    post<{ total: number }>(`/experiments/${part(experimentId)}/traces/count`, { filter }, {}, signal),
  trace: (traceId: string, signal?: AbortSignal) => get<TraceDetail>(`/traces/${part(traceId)}`, {}, signal),
  insights: (request: InsightsRequest, pageToken: string, signal?: AbortSignal) =>
    get<Page<InsightRow>>('/insights', { ...request, page_token: pageToken, page_size: 50 }, signal),
  insight: (insightId: string, signal?: AbortSignal) => get<InsightAnswer>(`/insights/${part(insightId)}`, {}, signal),
  clusters: (insightId: string, signal?: AbortSignal) =>
    get<ClustersAnswer>(`/insights/${part(insightId)}/clusters`, {}, signal),
  insightTraces: (
    insightId: string,
    request: InsightTracesRequest,
    page: { offset: number; size: number },
    signal?: AbortSignal,
  ) =>
    get<Page<InsightTraceRow>>(
      `/insights/${part(insightId)}/traces`,
      { ...request, offset: page.offset, page_size: page.size },
      signal,
    ),
  failures: (insightId: string, kind: string, pageToken: string, signal?: AbortSignal) =>
    get<Page<FailureAnswer>>(
      `/insights/${part(insightId)}/failures`,
      { kind, page_token: pageToken, page_size: pageSize },
      signal,
    ),
  map: (insightId: string, signal?: AbortSignal) => get<MapAnswer>(`/insights/${part(insightId)}/map`, {}, signal),
  estimate: (body: CreateInsightBody, signal?: AbortSignal) =>
    post<EstimateAnswer>('/insights/estimate', body, {}, signal),
  suggestLens: (body: LensRequest) => post<LensAnswer>('/insights/lens', body),
  createInsight: (body: CreateInsightBody, idempotencyKey: string) =>
    post<{ id: string }>('/insights', body, { 'idempotency-key': idempotencyKey }),
  cancelInsight: (insightId: string) => post<InsightAnswer>(`/insights/${part(insightId)}/cancel`, {}),
  resumeInsight: (insightId: string) => post<InsightAnswer>(`/insights/${part(insightId)}/resume`, {}),
  retryFailed: (insightId: string) => post<InsightAnswer>(`/insights/${part(insightId)}/retry-failed`, {}),
  recomputeInsight: (insightId: string, idempotencyKey: string) =>
    post<{ id: string }>(`/insights/${part(insightId)}/recompute`, {}, { 'idempotency-key': idempotencyKey }),
  deleteInsight: (insightId: string) =>
    ask<InsightAnswer>(apiUrl(`/insights/${part(insightId)}`), { method: 'DELETE' }),
  restoreInsight: (insightId: string) => post<InsightAnswer>(`/insights/${part(insightId)}/restore`, {}),
  eventsUrl: (insightId: string) => apiUrl(`/insights/${part(insightId)}/events`),
  artifactUrl: (insightId: string) => apiUrl(`/insights/${part(insightId)}/artifact`),
  exportUrl: (insightId: string, format: 'json' | 'csv', asked: InsightTracesRequest = {}) =>
    apiUrl(`/insights/${part(insightId)}/export`, { format, ...asked }),
}
