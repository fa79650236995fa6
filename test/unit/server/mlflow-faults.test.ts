// The client against a server that misbehaves: a tiny one, whose answers each test writes itself.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createMlflowClient, type MlflowClient } from '#/server/mlflow/client.ts'
import type { MlflowConfig } from '#/server/mlflow/config.ts'

type Asked = { method: string; url: string; headers: IncomingMessage['headers']; body: string }
type Reply = (response: ServerResponse, asked: Asked, call: number) => void

const signal = new AbortController().signal
const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A server that answers with `reply`, a client of it, what was asked, and how long the client waited. */
async function serve(reply: Reply, config: Partial<MlflowConfig> = {}) {
  const asked: Asked[] = []
  const waits: number[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => {
      const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body }
      asked.push(one)
      reply(response, one, asked.length)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client: MlflowClient = createMlflowClient(
    { trackingUri: url, ...config },
    {
      sleep: (ms) => {
        waits.push(ms)
        return Promise.resolve()
      },
      random: () => 0,
    },
  )
  return { url, client, asked, waits }
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const isText = typeof body === 'string'
  response.writeHead(status, { 'content-type': isText ? 'text/plain' : 'application/json', ...headers })
  response.end(isText ? body : JSON.stringify(body))
}

const run = { run: { info: { run_id: 'r1', experiment_id: '1', status: 'RUNNING' } } }
const newRun = { experimentId: '1', name: 'n', startTimeMs: 1, tags: { 'mlflow.insights.key': 'k' } }

describe('a call that may be repeated', () => {
  test('waits as long as Retry-After says', async () => {
    const { client, waits } = await serve((response, _asked, call) => {
      if (call === 1) send(response, 429, 'slow down', { 'retry-after': '3' })
      else if (call === 2) send(response, 503, 'Service Unavailable', { 'retry-after': '7' })
      else send(response, 200, run)
    })
    expect(await client.getRun('r1', { signal })).toMatchObject({ runId: 'r1' })
    expect(waits).toEqual([3000, 7000])
  })

  test('doubles its waits without one, and gives up after seven', async () => {
    const { client, asked, waits } = await serve((response) => send(response, 500, '<!doctype html><h1>Internal</h1>'))
    await expect(client.getRun('r1', { signal })).rejects.toMatchObject({ code: 'mlflow.server_error' })
    expect(asked).toHaveLength(8)
    expect(waits).toEqual([2000, 4000, 8000, 16_000, 32_000, 64_000, 120_000])
  })

  test('is repeated when the connection breaks, before or within the answer', async () => {
    const { client, asked } = await serve((response, _asked, call) => {
      if (call === 1) response.destroy()
      else if (call === 2) {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
        response.write('{"run":')
        setTimeout(() => response.destroy(), 20)
      } else send(response, 200, run)
    })
    expect(await client.getRun('r1', { signal })).toMatchObject({ runId: 'r1' })
    expect(asked).toHaveLength(3)
  })

  test('is repeated when no answer comes in time', async () => {
    const { client } = await serve(
      (response, _asked, call) => {
        // Not only to the second: on a slow machine that may be late as well.
        if (call > 1) send(response, 200, run)
      },
      { timeoutMs: 100 },
    )
    expect(await client.getRun('r1', { signal })).toMatchObject({ runId: 'r1' })
  })

  test('is not repeated where the answer will not change', async () => {
    for (const [status, body, code] of [
      [503, 'Endpoint: /x disabled due to the mlflow server running with `--no-serve-artifacts`', 'mlflow.unsupported'],
      [500, { error_code: 'FEATURE_DISABLED', message: 'no workspaces' }, 'mlflow.unsupported'],
      [403, 'Invalid Host header - possible DNS rebinding attack detected', 'mlflow.host_refused'],
      [401, '<h1>no</h1>', 'mlflow.unauthorized'],
      [400, { error_code: 'INVALID_PARAMETER_VALUE', message: 'no' }, 'mlflow.invalid_request'],
    ] as const) {
      const { client, asked } = await serve((response) => send(response, status, body))
      await expect(client.getRun('r1', { signal })).rejects.toMatchObject({ code })
      expect(asked).toHaveLength(1)
    }
  })

  test('stops waiting when it is cancelled', async () => {
    const abort = new AbortController()
    const { url, asked } = await serve((response) => send(response, 503, 'later'))
    // Whoever does not stop waiting is met by the end of the test's time.
    const client = createMlflowClient({ trackingUri: url, backoffMs: 120_000 })
    const waiting = client.getRun('r1', { signal: abort.signal })
    await vi.waitFor(() => expect(asked).toHaveLength(1), 10_000)
    setTimeout(() => abort.abort(), 50)
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
    expect(asked).toHaveLength(1)
  })
})

describe('creating a run', () => {
  test('is not repeated after a failure that may have created it', async () => {
    const { client, asked } = await serve((response) => send(response, 502, 'Bad Gateway'))
    await expect(client.createRun(newRun, { signal })).rejects.toMatchObject({ code: 'mlflow.server_error' })
    expect(asked).toHaveLength(1)
  })

  test('is repeated when the server refused it for its load', async () => {
    const { client, asked } = await serve((response, _asked, call) => {
      if (call === 1) send(response, 429, 'slow down')
      else send(response, 200, run)
    })
    expect(await client.createRun(newRun, { signal })).toMatchObject({ runId: 'r1' })
    expect(asked).toHaveLength(2)
  })

  test('with a tag of its own, the run is looked up when the answer was lost', async () => {
    const { client, asked } = await serve((response, { url }) => {
      if (url.endsWith('/runs/create')) response.destroy()
      else send(response, 200, { runs: [run.run] })
    })
    const created = await client.createRun({ ...newRun, uniqueTag: 'mlflow.insights.key' }, { signal })
    expect(created.runId).toBe('r1')
    expect(asked.map(({ url }) => url.split('/').at(-1))).toEqual(['create', 'search'])
    expect(JSON.parse(asked[1]?.body ?? '')).toMatchObject({ filter: "tags.`mlflow.insights.key` = 'k'" })
  })
})

test('nobody listening is told with the setting to look at', async () => {
  const { url } = await serve((response) => send(response, 200, run))
  for (const close of closers.splice(0)) close()
  const client = createMlflowClient({ trackingUri: url, maxRetries: 0 })
  await expect(client.getRun('r1', { signal })).rejects.toMatchObject({
    code: 'mlflow.unreachable',
    message: expect.stringMatching(/ECONNREFUSED.*MLFLOW_TRACKING_URI/),
  })
})

test('a page where JSON should be is told as such', async () => {
  const { client } = await serve((response) => send(response, 200, '<html>Sign in</html>'))
  await expect(client.getRun('r1', { signal })).rejects.toMatchObject({ code: 'mlflow.bad_answer' })
})

test('a redirect is not followed, and credentials do not travel', async () => {
  const elsewhere = await serve((response) => send(response, 200, run))
  const { client } = await serve((response) => send(response, 302, '', { location: `${elsewhere.url}/login` }), {
    credentials: { kind: 'bearer', token: 'secret' },
  })
  await expect(client.getRun('r1', { signal })).rejects.toMatchObject({ code: 'mlflow.bad_answer' })
  expect(elsewhere.asked).toHaveLength(0)
})

test('an answer without end is not read without end', async () => {
  const { client } = await serve((response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' })
    const pour = (): void => {
      if (!response.destroyed) response.write(Buffer.alloc(65_536), () => setImmediate(pour))
    }
    pour()
  })
  const download = client.downloadArtifact({ runId: 'r1', path: 'x', maxBytes: 1_000_000 }, { signal })
  await expect(download).rejects.toMatchObject({ code: 'mlflow.bad_answer' })
})

test('a connection serves one request after another, and is given up with an answer that is not read', async () => {
  const connections = new Set<Socket>()
  const { client } = await serve((response, { url }) => {
    if (response.socket !== null) connections.add(response.socket)
    if (url.startsWith('/get-artifact')) response.writeHead(200).write(Buffer.alloc(200_000))
    else send(response, 200, run)
  })
  for (let turn = 0; turn < 3; turn++) await client.getRun('r1', { signal })
  expect(connections.size).toBe(1)
  const download = client.downloadArtifact({ runId: 'r1', path: 'x', maxBytes: 100 }, { signal })
  await expect(download).rejects.toMatchObject({ code: 'mlflow.bad_answer' })
  await client.getRun('r1', { signal })
  await vi.waitFor(() => expect([...connections].map(({ destroyed }) => destroyed)).toEqual([true, false]), 10_000)
})

test('an answer that a proxy compressed is read, and one cut off within is asked for again', async () => {
  const bytes = gzipSync(JSON.stringify(run))
  const { client, asked } = await serve((response, _asked, call) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
    response.end(call === 1 ? bytes.subarray(0, -9) : bytes)
  })
  expect(await client.getRun('r1', { signal })).toMatchObject({ runId: 'r1' })
  expect(asked.map(({ headers }) => headers['accept-encoding'])).toEqual(['gzip', 'gzip'])
})

describe('headers', () => {
  test('carry credentials and a prefix, and never an origin', async () => {
    const { url, asked } = await serve((response) => send(response, 200, run))
    const client = createMlflowClient({
      trackingUri: `${url}/prefix/`,
      credentials: { kind: 'basic', username: 'u', password: 'p' },
    })
    await client.getRun('r1', { signal })
    expect(asked[0]).toMatchObject({
      url: '/prefix/api/2.0/mlflow/runs/get?run_id=r1',
      headers: { authorization: 'Basic dTpw', host: new URL(url).host },
    })
    expect(asked[0]?.headers).not.toHaveProperty('origin')
    expect(asked[0]?.headers).not.toHaveProperty('x-mlflow-workspace')
  })

  test('carry the workspace only where the server has workspaces, and ask for that once', async () => {
    for (const enabled of [true, false]) {
      const { client, asked } = await serve(
        (response, { url }) => {
          if (url.endsWith('/server-info')) send(response, 200, { workspaces_enabled: enabled })
          else if (url === '/version') send(response, 403, 'Permission denied')
          else send(response, 200, run)
        },
        { workspace: 'team-a' },
      )
      await client.getRun('r1', { signal })
      await client.getRun('r1', { signal })
      const calls = asked.filter(({ url }) => url.includes('/runs/'))
      expect(calls.map(({ headers }) => headers['x-mlflow-workspace'])).toEqual(
        enabled ? ['team-a', 'team-a'] : [undefined, undefined],
      )
      expect(asked.filter(({ url }) => url.endsWith('/server-info'))).toHaveLength(1)
    }
  })
})

describe('a server with habits of its own', () => {
  const record = {
    assessmentId: 'a-ours',
    traceId: 'tr-1',
    name: 'insight_summary',
    value: 'v',
    source: { type: 'CODE', id: 'builtin' } as const,
    metadata: { run: 'r' },
  }

  test('that gives assessments ids of its own still gets each of them once', async () => {
    const stored: {
      assessment_id: string
      assessment_name: string
      metadata: Record<string, string>
      rationale?: string
    }[] = []
    const { client } = await serve((response, { method, url, body }) => {
      const sent = body === '' ? {} : (JSON.parse(body) as { assessment?: (typeof stored)[number] })
      if (method === 'POST' && sent.assessment !== undefined) {
        const created = { ...sent.assessment, assessment_id: `theirs-${stored.length}` }
        stored.push(created)
        send(response, 200, { assessment: created })
      } else if (method === 'PATCH') {
        const found = stored.find(({ assessment_id }) => url.endsWith(`/${assessment_id}`))
        if (found === undefined) {
          send(response, 404, { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'no' })
          return
        }
        Object.assign(found, sent.assessment, { metadata: { ...found.metadata, ...sent.assessment?.metadata } })
        send(response, 200, { assessment: found })
      } else {
        send(response, 200, { trace: { trace_info: { trace_id: 'tr-1', assessments: stored } } })
      }
    })
    await client.createAssessment(record, { signal })
    await client.createAssessment(record, { signal })
    await client.createAssessment({ ...record, assessmentId: 'a-second' }, { signal })
    await client.createAssessment({ ...record, assessmentId: 'a-second' }, { signal })
    const update = { traceId: 'tr-1', rationale: 'why', metadata: { cluster: '1' } }
    await client.updateAssessment({ ...update, assessmentId: 'a-second' }, { signal })
    expect(stored).toHaveLength(2)
    expect(stored[1]).toMatchObject({ rationale: 'why', metadata: { run: 'r', cluster: '1' } })
  })

  test('that keeps artifacts elsewhere gets up to 10 MiB, and the rest is explained', async () => {
    const { client, asked } = await serve((response, { url }) => {
      if (url.includes('/runs/get'))
        send(response, 200, { run: { info: { ...run.run.info, artifact_uri: 's3://bucket/1' } } })
      else send(response, 200, '')
    })
    const upload = (bytes: number) =>
      client.uploadArtifact({ runId: 'r1', path: 'big.json', body: Buffer.alloc(bytes) }, { signal })
    await upload(10 * 1024 * 1024)
    expect(asked).toHaveLength(1)
    await expect(upload(10 * 1024 * 1024 + 1)).rejects.toMatchObject({
      code: 'mlflow.unsupported',
      message: expect.stringMatching(/--serve-artifacts/),
    })
  })
})

describe('an older server', () => {
  const info = {
    traceId: 'tr-1',
    experimentId: '1',
    state: 'OK' as const,
    requestTimeMs: 1,
    requestPreview: '',
    responsePreview: '',
    tags: {},
    metadata: {},
    assessments: [],
  }

  test('without the newer route for spans is asked by the older one, and by that alone from then on', async () => {
    const { client, asked } = await serve((response, { url }) => {
      if (url.startsWith('/ajax-api/2.0/mlflow/get-trace-artifact')) send(response, 200, { spans: [{ name: 's' }] })
      else response.writeHead(404, { 'content-type': 'text/html' }).end('<!doctype html><title>404 Not Found</title>')
    })
    for (let time = 0; time < 2; time++) {
      expect((await client.readTrace(info, { signal })).spans.map(({ name }) => name)).toEqual(['s'])
    }
    expect(asked.map(({ url }) => url.split('?')[0])).toEqual([
      '/ajax-api/3.0/mlflow/get-trace-artifact',
      '/ajax-api/2.0/mlflow/get-trace-artifact',
      '/ajax-api/2.0/mlflow/get-trace-artifact',
    ])
  })

  test('that fails with 500 on a tag of a trace that is gone is understood', async () => {
    const { client } = await serve((response, { method }) => {
      if (method === 'PATCH') send(response, 500, '<!doctype html>')
      else send(response, 404, { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'no such trace' })
    })
    await expect(client.setTraceTag({ traceId: 'tr-1', key: 'k', value: 'v' }, { signal })).rejects.toMatchObject({
      code: 'trace.not_found',
    })
  })
})

test('however many traces are read at once, raw bodies stay within the budget', async () => {
  const span = { name: 's', start_time_unix_nano: 1, attributes: { 'mlflow.spanInputs': 'x'.repeat(3_000_000) } }
  const body = JSON.stringify({ spans: [span] })
  let open = 0
  let most = 0
  const { client } = await serve(
    (response) => {
      response.writeHead(200, { 'content-length': String(body.length) })
      open++
      most = Math.max(most, open)
      response.on('close', () => open--)
      response.end(body)
    },
    { maxTraceBytes: 4 * 1024 * 1024, maxBytesInFlight: 8 * 1024 * 1024 },
  )
  const info = {
    experimentId: '1',
    state: 'OK',
    requestTimeMs: 1,
    requestPreview: '',
    responsePreview: '',
    tags: {},
    metadata: {},
    assessments: [],
  } as const
  const traces = await Promise.all(
    Array.from({ length: 30 }, (_, i) =>
      client.readTrace({ ...info, traceId: `tr-${i}`, assessments: [] }, { signal }),
    ),
  )
  expect(traces.every(({ readShare, spans }) => readShare === 1 && spans.length === 1)).toBe(true)
  expect(most).toBeLessThanOrEqual(4)
})
