import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { startTrackingServer } from '#/mocks/tracking/server.ts'
import { seedSamples } from '#/mocks/tracking/seed.ts'

const cleanUps: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'insights-store-'))
  cleanUps.push(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function start(dataDir: string, options: Partial<Parameters<typeof startTrackingServer>[0]> = {}) {
  const server = await startTrackingServer({ port: 0, dataDir, ...options })
  cleanUps.push(() => server.close())
  return server
}

const post = (url: string, body: unknown, method = 'POST') =>
  fetch(url, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

const startTrace = (url: string, id: string) =>
  post(`${url}/api/3.0/mlflow/traces`, {
    trace: {
      trace_info: {
        trace_id: id,
        trace_location: { mlflow_experiment: { experiment_id: '0' } },
        request_time: '2026-10-01T10:00:00Z',
        state: 'OK',
      },
    },
  })

const main = join(import.meta.dirname, '../../../mocks/tracking/main.ts')

/** The command in a process of its own, and the address it prints. */
async function startCommand(dataDir: string): Promise<{ url: string; kill: () => Promise<void> }> {
  const child = spawn(process.execPath, [main, '--port', '0', '--data', dataDir], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => void (stderr += chunk.toString()))
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      const found = /http:\/\/\S+?(?=,)/.exec(chunk.toString())?.[0]
      if (found !== undefined) resolve(found)
    })
    child.once('exit', (code) => reject(new Error(`the command ended with ${code}: ${stderr}`)))
  })
  expect(stderr).toBe('')
  return { url, kill: () => (child.kill('SIGKILL'), ended) }
}

describe('the embedded store on disk', () => {
  test('what was acknowledged is there after a kill in the middle of writing', { timeout: 60_000 }, async () => {
    const dataDir = await newFolder()
    const command = await startCommand(dataDir)
    await startTrace(command.url, 'tr-1')
    const acknowledged: string[] = []
    const writing = (async () => {
      for (let index = 0; ; index++) {
        const answer = await post(
          `${command.url}/api/3.0/mlflow/traces/tr-1/tags`,
          { key: `k${index}`, value: 'v' },
          'PATCH',
        )
        if (answer.ok) acknowledged.push(`k${index}`)
      }
    })().catch(() => undefined)
    while (acknowledged.length < 50) await new Promise((resolve) => setTimeout(resolve, 5))
    await command.kill()
    await writing
    const { url } = await start(dataDir)
    const body = (await (await fetch(`${url}/api/3.0/mlflow/traces/tr-1`)).json()) as {
      trace: { trace_info: { tags: Record<string, string> } }
    }
    expect(Object.keys(body.trace.trace_info.tags)).toEqual(expect.arrayContaining(acknowledged))
  })

  test('refuses a request body that fails half-way as a whole', async () => {
    const { url } = await start(await newFolder())
    const { run } = (await (await post(`${url}/api/2.0/mlflow/runs/create`, { experiment_id: '0' })).json()) as {
      run: { info: { run_id: string } }
    }
    const answer = await post(`${url}/api/2.0/mlflow/runs/log-batch`, {
      run_id: run.info.run_id,
      tags: [
        { key: 'good', value: '1' },
        { key: 'bad#key', value: '2' },
      ],
    })
    expect(answer.status).toBe(400)
    const text = await (await fetch(`${url}/api/2.0/mlflow/runs/get?run_id=${run.info.run_id}`)).text()
    expect(text).not.toContain('good')
  })
})

describe('the embedded store as a server', () => {
  test('a filter cannot reach beyond its own clause', async () => {
    const { url } = await start(await newFolder())
    await startTrace(url, 'tr-1')
    for (const filter of ["tag.`a') OR 1=1 --` = 'x'", "name = ''' OR 1=1 --'", "metadata.x = '\\' OR 1=1'"]) {
      const answer = await post(`${url}/api/3.0/mlflow/traces/search`, {
        locations: [{ mlflow_experiment: { experiment_id: '0' } }],
        filter,
      })
      // Nothing found, or refused: never the trace.
      expect(await answer.text(), filter).not.toContain('tr-1')
    }
  })

  test('refuses a host that is not this machine, but answers its health', async () => {
    const { url } = await start(await newFolder())
    const { request } = await import('node:http')
    const statusOf = (path: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        request(
          `${url}${path}`,
          { headers: { host: 'mlflow:5000' } },
          (answer) => (answer.resume(), resolve(answer.statusCode)),
        )
          .on('error', reject)
          .end()
      })
    expect(await statusOf('/api/2.0/mlflow/experiments/get?experiment_id=0')).toBe(403)
    expect(await statusOf('/health')).toBe(200)
  })

  test('without artifact serving the proxy answers 503 as text', async () => {
    const { url } = await start(await newFolder(), { serveArtifacts: false })
    const answer = await fetch(`${url}/api/2.0/mlflow-artifacts/artifacts/0/x.txt`)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([503, expect.stringContaining('text/plain')])
  })

  test('a test may answer in its place', async () => {
    let calls = 0
    const { url } = await start(await newFolder(), {
      intercept: () =>
        calls++ === 0 ? new Response('slow down', { status: 429, headers: { 'retry-after': '1' } }) : undefined,
    })
    const first = await fetch(`${url}/api/2.0/mlflow/experiments/get?experiment_id=0`)
    expect([first.status, first.headers.get('retry-after')]).toEqual([429, '1'])
    expect((await fetch(`${url}/api/2.0/mlflow/experiments/get?experiment_id=0`)).status).toBe(200)
  })

  test('samples are loaded once, with their spans, tokens and feedback', { timeout: 60_000 }, async () => {
    const { url } = await start(await newFolder())
    const first = await seedSamples({ url, experiment: 'samples' })
    expect(first.sent).toBeGreaterThanOrEqual(300)
    expect((await seedSamples({ url, experiment: 'samples' })).sent).toBe(0)
    const search = async (filter: string) => {
      const locations = [{ mlflow_experiment: { experiment_id: first.experimentId } }]
      const answer = await post(`${url}/api/3.0/mlflow/traces/search`, { locations, filter, max_results: 500 })
      return ((await answer.json()) as { traces?: { trace_metadata: Record<string, string> }[] }).traces ?? []
    }
    expect(await search('')).toHaveLength(first.sent)
    expect((await search("feedback.user_satisfied = 'false'")).length).toBeGreaterThan(10)
    expect((await search("span.type = 'TOOL' AND span.status = 'ERROR'")).length).toBeGreaterThan(10)
    expect((await search("status = 'ERROR'")).length).toBeGreaterThan(3)
    const [one] = await search("status = 'OK'")
    expect(JSON.parse(one?.trace_metadata['mlflow.trace.tokenUsage'] ?? '{}')).toMatchObject({
      total_tokens: expect.any(Number),
    })
  })
})
