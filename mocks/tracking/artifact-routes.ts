// Artifact routes: the server-side ones that work for every scheme, and the proxy that MLflow's clients use.
import type { ReadableStream } from 'node:stream/web'
import type { Context, Hono } from 'hono'
import type { TrackingParts } from './parts.ts'
import { checkPath, toDownloadHeaders } from './artifacts.ts'
import { invalid, missing, PageError, TrackingError } from './errors.ts'
import { getString } from './params.ts'
import { getRun } from './runs.ts'
import type { RunRow } from './runs.ts'
import { findTraceRow } from './trace-info.ts'

const maxUploadBytes = 10 * 1024 * 1024
const proxyBase = '2.0/mlflow-artifacts/artifacts'

const folderOf = (run: RunRow) => `${run.experiment_id}/${run.run_id}/artifacts`

/** Adds the routes and names their paths. */
export function addArtifactRoutes(app: Hono, parts: TrackingParts): string[] {
  const { db, artifacts } = parts
  const send = async (c: Context, path: string, name = path) => {
    const file = await artifacts.open(path)
    return c.body(file.body as unknown as globalThis.ReadableStream, 200, {
      ...toDownloadHeaders(name, file.contentType),
      'content-length': String(file.size),
    })
  }

  app.post('/ajax-api/2.0/mlflow/upload-artifact', async (c) => {
    const runId = c.req.query('run_uuid')
    if (!runId) throw invalid('Request must specify run_uuid.')
    const path = c.req.query('path')
    if (!path) throw invalid('Request must specify path.')
    checkPath(path)
    if (Number(c.req.header('content-length') ?? 0) > maxUploadBytes)
      throw invalid('Artifact size is too large. Max size is 10MB.')
    const body = new Uint8Array(await c.req.arrayBuffer())
    if (body.length === 0) throw invalid('Request must specify data.')
    if (body.length > maxUploadBytes) throw invalid('Artifact size is too large. Max size is 10MB.')
    await artifacts.write(`${folderOf(getRun(db, runId))}/${path}`, body)
    return c.body('', 200, { 'content-type': 'application/json' })
  })

  app.get('/get-artifact', async (c) => {
    const runId = c.req.query('run_id') ?? c.req.query('run_uuid')
    const path = c.req.query('path')
    if (!runId || !path) throw new PageError(400)
    checkPath(path)
    return send(c, `${folderOf(getRun(db, runId))}/${path}`)
  })

  app.get('/ajax-api/3.0/mlflow/get-trace-artifact', async (c) => {
    const traceId = c.req.query('request_id')
    if (!traceId) throw new TrackingError('BAD_REQUEST', 'Request must include the "request_id" query parameter.')
    const attachment = c.req.query('path')
    const spans = attachment ? '' : await parts.reader.read({ read: 'artifact', traceId })
    if (spans !== '') return c.body(spans, 200, toDownloadHeaders('traces.json', 'text/plain'))
    const row = findTraceRow(db, traceId)
    if (row === undefined) throw missing(`Trace with ID '${traceId}' not found.`)
    // Spans uploaded as a file by clients that do not send them over OTLP.
    const name = attachment ? `attachments/${checkPath(attachment)}` : 'traces.json'
    try {
      return await send(c, `${row.experiment_id}/traces/${checkPath(traceId)}/artifacts/${name}`, name)
    } catch (error) {
      if (error instanceof TrackingError && error.code === 'RESOURCE_DOES_NOT_EXIST') {
        throw new TrackingError('NOT_FOUND', `Trace data not found for path=${name}`)
      }
      throw error
    }
  })

  const listRun = async (c: Context) => {
    const run = getRun(db, c.req.query('run_id') || getString({ run_id: c.req.query('run_uuid') }, 'run_id'))
    const path = checkPath(c.req.query('path') ?? '')
    const files = await artifacts.list(path === '' ? folderOf(run) : `${folderOf(run)}/${path}`)
    const listed = files.map((file) => ({ ...file, path: path === '' ? file.path : `${path}/${file.path}` }))
    return c.json({ root_uri: run.artifact_uri, ...(listed.length > 0 && { files: listed }) })
  }

  const withProxy = (handler: (c: Context) => Promise<Response>) => async (c: Context) => {
    if (parts.serveArtifacts) return handler(c)
    return c.text(
      `Endpoint: ${c.req.path} disabled due to the mlflow server running with \`--no-serve-artifacts\`. To enable artifacts server functionality, run \`mlflow server\` with \`--serve-artifacts\``,
      503,
    )
  }
  const pathOf = (c: Context) => {
    // From the raw address: a router would decode `..%2f` and hide the difference.
    const raw = new URL(c.req.url).pathname.split(`${proxyBase}/`)[1] ?? ''
    checkPath(raw)
    try {
      return checkPath(decodeURIComponent(raw))
    } catch (error) {
      if (error instanceof TrackingError) throw error
      throw invalid('Invalid path')
    }
  }
  const listProxy = withProxy(async (c) => {
    const files = await artifacts.list(checkPath(c.req.query('path') ?? ''))
    return c.json(files.length > 0 ? { files } : {})
  })
  const known = ['/ajax-api/2.0/mlflow/upload-artifact', '/get-artifact', '/ajax-api/3.0/mlflow/get-trace-artifact']
  for (const base of ['/api', '/ajax-api']) {
    const proxy = `${base}/${proxyBase}`
    app.get(`${base}/2.0/mlflow/artifacts/list`, listRun)
    app.get(proxy, listProxy)
    app.put(
      `${proxy}/*`,
      withProxy(async (c) => {
        await artifacts.write(pathOf(c), c.req.raw.body as ReadableStream<Uint8Array> | null)
        return c.json({})
      }),
    )
    app.get(
      `${proxy}/*`,
      withProxy((c) => send(c, pathOf(c))),
    )
    app.delete(
      `${proxy}/*`,
      withProxy(async (c) => {
        await artifacts.remove(pathOf(c))
        return c.json({})
      }),
    )
    known.push(`${base}/2.0/mlflow/artifacts/list`, proxy, `${proxy}/*`)
  }
  return known
}
