// The HTTP face: MLflow's routes under /api and /ajax-api, and the few that exist under one path only.
import { Hono } from 'hono'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { addArtifactRoutes } from './artifact-routes.ts'
import { createAssessment, deleteAssessment, getAssessment, updateAssessment } from './assessments.ts'
import { invalid, PageError, toErrorAnswer, toErrorPage, TrackingError } from './errors.ts'
import {
  createExperiment,
  deleteExperimentTag,
  getExperimentById,
  getExperimentByName,
  searchExperiments,
  setExperimentStage,
  setExperimentTag,
  updateExperiment,
} from './experiments.ts'
import { guard } from './guard.ts'
import { addOtlpRoute } from './otlp-route.ts'
import { findBoolean, findStrings, getString, isRecord, missingParameter } from './params.ts'
import type { Params } from './params.ts'
import type { TrackingParts } from './parts.ts'
import {
  createModelVersion,
  createRegisteredModel,
  getModelVersion,
  getRegisteredModel,
  getVersionByAlias,
  setModelAlias,
  setModelTag,
} from './prompts.ts'
import { searchRuns } from './run-search.ts'
import {
  createRun,
  deleteRunTag,
  getMetricHistory,
  getRunById,
  logBatch,
  logMetric,
  logParam,
  setRunStage,
  setRunTag,
  updateRun,
} from './runs.ts'
import { deleteTraces, deleteTraceTag, linkTracesToRun, setTraceTag, startTrace } from './traces.ts'

/** The MLflow release whose behaviour this store imitates. */
export const imitatedVersion = '3.17.2'

type Handler = (params: Params, path: (name: string) => string) => Record<string, unknown> | string | Promise<string>
type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'
type Route = readonly [method: Method, path: string, handler: Handler]

const page = `<!doctype html>
<html lang="en">
<title>Embedded tracking store</title>
<h1>Embedded tracking store</h1>
<p>A stand-in for an MLflow tracking server (REST API of ${imitatedVersion}), kept in one folder on this machine.
It has no pages of its own: point an MLflow client, or the insights service, at this address.</p>
`

export function createTrackingApp(parts: TrackingParts): Hono {
  const app = new Hono()
  app.onError((error, c) => toErrorResponse(error, c))
  app.notFound((c) => c.html(toErrorPage(404), 404))
  app.use(guard)
  if (parts.intercept !== undefined) {
    const { intercept } = parts
    app.use(async (c, next) => {
      const answer = await intercept(c.req.raw)
      if (answer !== undefined) return answer
      return next()
    })
  }
  app.get('/', (c) => c.html(page))
  app.get('/health', (c) => c.text('OK'))
  app.get('/version', (c) => c.html(imitatedVersion))
  const known = new Set<string>()
  for (const [method, path, handler] of [...toV2Routes(parts), ...toV3Routes(parts)]) {
    for (const base of ['/api', '/ajax-api']) {
      known.add(base + path)
      app.on(method, base + path, async (c) => {
        const answer = await handler(await readParams(c), (name) => c.req.param(name) ?? '')
        return c.body(typeof answer === 'string' ? answer : JSON.stringify(answer), 200, {
          'content-type': 'application/json',
        })
      })
    }
  }
  for (const path of addArtifactRoutes(app, parts)) known.add(path)
  addOtlpRoute(app, parts.db)
  for (const path of known) {
    app.all(path, () => {
      throw new PageError(405)
    })
  }
  return app
}

/** Answers an error as MLflow would: its JSON body, a page, or 500 with the message alone. */
function toErrorResponse(error: Error, c: Context): Response {
  if (error instanceof PageError) return c.html(toErrorPage(error.status), error.status)
  const known = error instanceof TrackingError ? error : new TrackingError('INTERNAL_ERROR', error.message)
  const { status, body } = toErrorAnswer(known)
  return c.body(body, status satisfies ContentfulStatusCode, { 'content-type': 'application/json' })
}

const listParams = new Set(['trace_ids', 'experiment_ids', 'order_by'])

/** The parameters of a request: the query of a GET, else a JSON body; a body that cannot be parsed counts as empty. */
async function readParams(c: Context): Promise<Params> {
  if (c.req.method === 'GET') {
    const entries = Object.entries(c.req.queries()).map(
      ([key, values]) => [key, listParams.has(key) ? values : values[0]] as const,
    )
    return Object.fromEntries(entries)
  }
  const isBare = c.req.method === 'DELETE' && c.req.header('content-type') === undefined
  if (isBare) return {}
  const mediaType = (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json') throw invalid("Bad Request. Content-Type must be one of ['application/json'].")
  try {
    let body: unknown = JSON.parse(await c.req.text())
    // Some clients send the JSON as a JSON string; MLflow takes that too.
    if (typeof body === 'string') body = JSON.parse(body)
    return isRecord(body) ? body : {}
  } catch {
    return {}
  }
}

function toV2Routes({ db }: TrackingParts): Route[] {
  const at = (method: Method, path: string, handler: Handler): Route => [method, `/2.0/mlflow${path}`, handler]
  return [
    at('POST', '/experiments/create', (params) => createExperiment(db, params)),
    at('GET', '/experiments/get', (params) => getExperimentById(db, params)),
    at('GET', '/experiments/get-by-name', (params) => getExperimentByName(db, params)),
    at('GET', '/experiments/search', (params) => searchExperiments(db, params)),
    at('POST', '/experiments/search', (params) => searchExperiments(db, params)),
    at('POST', '/experiments/update', (params) => updateExperiment(db, params)),
    at('POST', '/experiments/delete', (params) => setExperimentStage(db, params, 'deleted')),
    at('POST', '/experiments/restore', (params) => setExperimentStage(db, params, 'active')),
    at('POST', '/experiments/set-experiment-tag', (params) => setExperimentTag(db, params)),
    at('POST', '/experiments/delete-experiment-tag', (params) => deleteExperimentTag(db, params)),
    at('POST', '/runs/create', (params) => createRun(db, params)),
    at('POST', '/runs/update', (params) => updateRun(db, params)),
    at('GET', '/runs/get', (params) => getRunById(db, params)),
    at('POST', '/runs/search', (params) => searchRuns(db, params)),
    at('POST', '/runs/delete', (params) => setRunStage(db, params, 'deleted')),
    at('POST', '/runs/restore', (params) => setRunStage(db, params, 'active')),
    at('POST', '/runs/set-tag', (params) => setRunTag(db, params)),
    at('POST', '/runs/delete-tag', (params) => deleteRunTag(db, params)),
    at('POST', '/runs/log-batch', (params) => logBatch(db, params)),
    at('POST', '/runs/log-metric', (params) => logMetric(db, params)),
    at('POST', '/runs/log-parameter', (params) => logParam(db, params)),
    at('GET', '/metrics/get-history', (params) => getMetricHistory(db, params)),
    at('POST', '/registered-models/create', (params) => createRegisteredModel(db, params)),
    at('GET', '/registered-models/get', (params) => getRegisteredModel(db, params)),
    at('POST', '/registered-models/set-tag', (params) => setModelTag(db, params)),
    at('POST', '/registered-models/alias', (params) => setModelAlias(db, params)),
    at('GET', '/registered-models/alias', (params) => getVersionByAlias(db, params)),
    at('POST', '/model-versions/create', (params) => createModelVersion(db, params)),
    at('GET', '/model-versions/get', (params) => getModelVersion(db, params)),
    at('POST', '/traces/link-to-run', (params) => linkTracesToRun(db, params)),
    // MLflow's Python client deletes traces here.
    at('POST', '/traces/delete-traces', (params) => deleteTraces(db, params)),
    at('PATCH', '/traces/:traceId/tags', (params, path) => setTraceTag(db, path('traceId'), params)),
    at('DELETE', '/traces/:traceId/tags', (params, path) => deleteTraceTag(db, path('traceId'), params)),
  ]
}

function toV3Routes({ db, reader }: TrackingParts): Route[] {
  const at = (method: Method, path: string, handler: Handler): Route => [method, `/3.0/mlflow${path}`, handler]
  const traceIdsOf = (params: Params) => {
    const ids = findStrings(params, 'trace_ids')
    if (ids === undefined) throw missingParameter('trace_ids')
    return ids
  }
  return [
    at('GET', '/server-info', () => ({
      store_type: 'SqlStore',
      workspaces_enabled: false,
      trace_archival_enabled: false,
      multipart_uploads_enabled: false,
      multipart_downloads_enabled: false,
    })),
    at('POST', '/traces', (params) => startTrace(db, params)),
    at('POST', '/traces/search', (params) => reader.read({ read: 'search', params })),
    at('POST', '/traces/delete-traces', (params) => deleteTraces(db, params)),
    at('POST', '/traces/batchGetInfos', (params) => reader.read({ read: 'infos', traceIds: traceIdsOf(params) })),
    at('GET', '/traces/batchGet', (params) => reader.read({ read: 'traces', traceIds: traceIdsOf(params) })),
    at('GET', '/traces/get', (params) => {
      findBoolean(params, 'allow_partial')
      return reader.read({ read: 'trace', traceId: getString(params, 'trace_id') })
    }),
    at('GET', '/traces/:traceId', (_params, path) => reader.read({ read: 'info', traceId: path('traceId') })),
    at('PATCH', '/traces/:traceId/tags', (params, path) => setTraceTag(db, path('traceId'), params)),
    at('DELETE', '/traces/:traceId/tags', (params, path) => deleteTraceTag(db, path('traceId'), params)),
    at('POST', '/traces/:traceId/assessments', (params, path) => createAssessment(db, path('traceId'), params)),
    at('GET', '/traces/:traceId/assessments/:id', (_params, path) => getAssessment(db, path('traceId'), path('id'))),
    at('PATCH', '/traces/:traceId/assessments/:id', (params, path) =>
      updateAssessment(db, path('traceId'), path('id'), params),
    ),
    at('DELETE', '/traces/:traceId/assessments/:id', (_params, path) =>
      deleteAssessment(db, path('traceId'), path('id')),
    ),
  ]
}
