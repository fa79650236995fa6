// POST /v1/traces: spans over OTLP/HTTP. Errors are `{"detail": …}` here, as FastAPI answers them.
import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import type { Context, Hono } from 'hono'
import type { Database } from './database.ts'
import { TrackingError } from './errors.ts'
import { ingestSpans, OtlpError, parseOtlpJson, toIngestedSpans } from './otlp-ingest.ts'
import { parseOtlpProtobuf } from './otlp-protobuf.ts'

const unzip = promisify(gunzip)
const deflated = promisify(inflate)

export function addOtlpRoute(app: Hono, db: Database): void {
  app.post('/v1/traces', async (c) => {
    const experimentId = c.req.header('x-mlflow-experiment-id')
    if (experimentId === undefined) {
      return c.json(
        {
          detail: [{ type: 'missing', loc: ['header', 'x-mlflow-experiment-id'], msg: 'Field required', input: null }],
        },
        422,
      )
    }
    const contentType = c.req.header('content-type')
    const mediaType = contentType?.split(';')[0]?.trim()
    if (mediaType !== 'application/json' && mediaType !== 'application/x-protobuf') {
      return c.json(
        {
          detail: `Invalid Content-Type: ${contentType ?? 'None'}. Expected: application/x-protobuf or application/json`,
        },
        400,
      )
    }
    try {
      const body = await readBody(c)
      const request = mediaType === 'application/json' ? parseOtlpJson(body.toString()) : parseOtlpProtobuf(body)
      ingestSpans(db, experimentId, toIngestedSpans(request), c.req.header('x-mlflow-run-id'))
    } catch (error) {
      if (error instanceof OtlpError) return c.json({ detail: error.message }, error.status)
      if (error instanceof TrackingError) throw error
      return c.json({ detail: 'Invalid OpenTelemetry format' }, 400)
    }
    return c.body('', 200, { 'content-type': 'application/x-protobuf' })
  })
  app.all('/v1/traces', (c) => c.json({ detail: 'Method Not Allowed' }, 405))
}

async function readBody(c: Context): Promise<Buffer> {
  const body = Buffer.from(await c.req.arrayBuffer())
  const encoding = c.req.header('content-encoding')?.toLowerCase()
  if (encoding === undefined || encoding === 'identity') return body
  if (encoding === 'gzip') return unzip(body)
  if (encoding === 'deflate') return deflated(body)
  throw new OtlpError(400, `Unsupported Content-Encoding: ${encoding}`)
}
