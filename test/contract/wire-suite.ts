// Experiments, runs, artifacts and the manners of the server as a whole.
import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { createRaw, getWithHost, type Raw } from '#/test/support/mlflow-raw.ts'

const runs = '/api/2.0/mlflow/runs'

export function wireSuite(getServer: () => { url: string }): void {
  describe('the server', () => {
    let raw: Raw
    let experimentId: string
    beforeAll(async () => {
      raw = createRaw(getServer().url)
      experimentId = await createExperiment(raw)
    })

    test('an empty search is answered with an empty object', async () => {
      const found = await raw('POST', `${runs}/search`, { json: { experiment_ids: [experimentId] } })
      expect(found.status).toBe(200)
      expect(found.json).toEqual({})
    })

    test('fields that are not set are left out', async () => {
      const { data, info } = await createRun(raw, experimentId, { run_name: 'bare' })
      expect(data).not.toHaveProperty('metrics')
      expect(data).not.toHaveProperty('params')
      expect(info).not.toHaveProperty('end_time')
    })

    test('a body of another content type is a 400', async () => {
      const answer = await raw('POST', `${runs}/search`, {
        body: '{"experiment_ids":["0"]}',
        headers: { 'content-type': 'text/plain' },
      })
      expect(answer.status).toBe(400)
      expect(answer.json['error_code']).toBe('INVALID_PARAMETER_VALUE')
    })

    test('a body that is not JSON counts as one without parameters', async () => {
      const answer = await raw('POST', '/api/2.0/mlflow/experiments/create', {
        body: '{not json',
        headers: { 'content-type': 'application/json' },
      })
      expect(answer.status).toBe(400)
      expect(answer.json['error_code']).toBe('INVALID_PARAMETER_VALUE')
      expect(answer.json['message']).toMatch(/name/)
    })

    test('a run status that does not exist is ignored', async () => {
      const { info } = await createRun(raw, experimentId, { run_name: 'enum' })
      const update = await raw('POST', `${runs}/update`, { json: { run_id: info['run_id'], status: 'CANCELLED' } })
      expect(update.status).toBe(200)
      expect(await getRunInfo(raw, info['run_id'])).toMatchObject({ status: 'RUNNING' })
    })

    test('fields that do not exist are ignored', async () => {
      const answer = await raw('POST', `${runs}/search`, { json: { experiment_ids: [experimentId], no_such_field: 1 } })
      expect(answer.status).toBe(200)
    })

    test('a run without a start time starts in 1970, and ending it sets no end time', async () => {
      const { info } = await createRun(raw, experimentId, { run_name: 'times' })
      expect(info['start_time'] ?? 0).toBe(0)
      await raw('POST', `${runs}/update`, { json: { run_id: info['run_id'], status: 'FINISHED' } })
      const finished = await getRunInfo(raw, info['run_id'])
      expect(finished).toMatchObject({ status: 'FINISHED' })
      expect(finished['end_time'] ?? 0).toBe(0)
    })

    test('a finished run may run again', async () => {
      const { info } = await createRun(raw, experimentId, { run_name: 'again' })
      await raw('POST', `${runs}/update`, { json: { run_id: info['run_id'], status: 'FINISHED', end_time: 5 } })
      await raw('POST', `${runs}/update`, { json: { run_id: info['run_id'], status: 'RUNNING' } })
      expect(await getRunInfo(raw, info['run_id'])).toMatchObject({ status: 'RUNNING', end_time: 5 })
    })

    test('a name that is taken is refused', async () => {
      const name = `taken-${randomUUID()}`
      await raw('POST', '/api/2.0/mlflow/experiments/create', { json: { name } })
      const again = await raw('POST', '/api/2.0/mlflow/experiments/create', { json: { name } })
      expect(again.status).toBe(400)
      expect(again.json['error_code']).toBe('RESOURCE_ALREADY_EXISTS')
    })

    test('long tag values are cut at 8,000 characters and long params at 6,000', async () => {
      const { info } = await createRun(raw, experimentId, { run_name: 'long' })
      const logged = await raw('POST', `${runs}/log-batch`, {
        json: {
          run_id: info['run_id'],
          tags: [{ key: 'long', value: 'x'.repeat(9000) }],
          params: [{ key: 'long', value: 'y'.repeat(9000) }],
        },
      })
      expect(logged.status).toBe(200)
      const { json } = await raw('GET', `${runs}/get`, { query: { run_id: String(info['run_id']) } })
      const data = (json as { run: { data: { tags: Pair[]; params: Pair[] } } }).run.data
      expect(data.tags.find(({ key }) => key === 'long')?.value).toHaveLength(8000)
      expect(data.params.find(({ key }) => key === 'long')?.value).toHaveLength(6000)
    })

    test('a batch beyond a limit is refused', async () => {
      const { info } = await createRun(raw, experimentId, { run_name: 'batch' })
      const tags = Array.from({ length: 101 }, (_, at) => ({ key: `k${at}`, value: 'v' }))
      const answer = await raw('POST', `${runs}/log-batch`, { json: { run_id: info['run_id'], tags } })
      expect(answer.status).toBe(400)
    })

    test('a param keeps its first value', async () => {
      const { info } = await createRun(raw, experimentId, { run_name: 'params' })
      const log = (value: string) =>
        raw('POST', `${runs}/log-batch`, { json: { run_id: info['run_id'], params: [{ key: 'p', value }] } })
      expect((await log('one')).status).toBe(200)
      expect((await log('one')).status).toBe(200)
      expect((await log('two')).status).toBe(400)
    })

    test('runs are found by tags with dots in their keys', async () => {
      const { info } = await createRun(raw, experimentId, {
        run_name: 'tagged',
        start_time: 1000,
        tags: [{ key: 'mlflow.runType', value: 'INSIGHTS' }],
      })
      const found = await raw('POST', `${runs}/search`, {
        json: {
          experiment_ids: [experimentId],
          filter: "tags.`mlflow.runType` = 'INSIGHTS'",
          order_by: ['attributes.start_time DESC'],
        },
      })
      expect(found.json).toMatchObject({ runs: [{ info: { run_id: info['run_id'] } }] })
    })

    test('an unknown route is a page of HTML, and so is a wrong method', async () => {
      const unknown = await raw('GET', '/api/3.0/mlflow/no-such-thing')
      expect([unknown.status, unknown.type]).toEqual([404, expect.stringContaining('text/html')])
      const wrong = await raw('POST', '/api/3.0/mlflow/traces/link-to-run', { json: {} })
      expect([wrong.status, wrong.type]).toEqual([405, expect.stringContaining('text/html')])
    })

    test('a Host that is not local is refused with a sentence, and health is exempt', async () => {
      const refused = await getWithHost(
        getServer().url,
        '/api/2.0/mlflow/experiments/get?experiment_id=0',
        'mlflow:5000',
      )
      expect(refused).toMatchObject({ status: 403, type: expect.stringContaining('text/plain') })
      expect(refused.text).toMatch(/Invalid Host header/)
      expect(await getWithHost(getServer().url, '/health', 'mlflow:5000')).toMatchObject({ status: 200, text: 'OK' })
    })

    test('a write from a foreign origin is refused with a sentence', async () => {
      const refused = await raw('POST', `${runs}/search`, {
        json: { experiment_ids: [experimentId] },
        headers: { origin: 'https://evil.example' },
      })
      expect(refused.status).toBe(403)
      expect(refused.text).toMatch(/Cross-origin/)
    })

    test('a workspace header is a 500 where there are no workspaces', async () => {
      const info = await raw('GET', '/api/3.0/mlflow/server-info')
      expect(info.json['workspaces_enabled']).toBe(false)
      const refused = await raw('GET', '/api/2.0/mlflow/experiments/get', {
        query: { experiment_id: '0' },
        headers: { 'x-mlflow-workspace': 'default' },
      })
      expect(refused.status).toBe(500)
      expect(refused.json['error_code']).toBe('FEATURE_DISABLED')
    })

    test('upload-artifact takes 10 MiB and not a byte more, and nothing empty', async () => {
      const { info } = await createRun(raw, experimentId, { run_name: 'artifacts' })
      const limit = 10 * 1024 * 1024
      const upload = (bytes: number) =>
        raw('POST', '/ajax-api/2.0/mlflow/upload-artifact', {
          query: { run_uuid: String(info['run_id']), path: `dir/${bytes}.bin` },
          body: Buffer.alloc(bytes, 'a'),
          headers: { 'content-type': 'application/octet-stream' },
        })
      expect((await upload(limit)).status).toBe(200)
      expect((await upload(limit + 1)).status).toBe(400)
      expect((await upload(0)).status).toBe(400)
    })

    test('get-artifact gives JSON as plain text, and 404 for what is not there', async () => {
      const { info } = await createRun(raw, experimentId, { run_name: 'artifacts' })
      const run = String(info['run_id'])
      await raw('POST', '/ajax-api/2.0/mlflow/upload-artifact', {
        query: { run_uuid: run, path: 'a.json' },
        body: '{"a":1}',
        headers: { 'content-type': 'application/json' },
      })
      const read = await raw('GET', '/get-artifact', { query: { run_uuid: run, path: 'a.json' } })
      expect(read).toMatchObject({ status: 200, text: '{"a":1}', type: expect.stringContaining('text/plain') })
      expect((await raw('GET', '/get-artifact', { query: { run_uuid: run, path: 'b.json' } })).status).toBe(404)
      const list = await raw('GET', '/api/2.0/mlflow/artifacts/list', { query: { run_id: run } })
      expect(list.json['files']).toEqual([{ path: 'a.json', is_dir: false, file_size: 7 }])
    })
  })
}

type Pair = { key: string; value: string }
type WireRun = { info: Record<string, unknown>; data: Record<string, unknown> }

export async function createExperiment(raw: Raw): Promise<string> {
  const { json } = await raw('POST', '/api/2.0/mlflow/experiments/create', {
    json: { name: `contract-${randomUUID()}` },
  })
  return String(json['experiment_id'])
}

export async function createRun(raw: Raw, experimentId: string, fields: object): Promise<WireRun> {
  const { json } = await raw('POST', `${runs}/create`, { json: { experiment_id: experimentId, ...fields } })
  return json['run'] as WireRun
}

async function getRunInfo(raw: Raw, runId: unknown): Promise<Record<string, unknown>> {
  const { json } = await raw('GET', `${runs}/get`, { query: { run_id: String(runId) } })
  return (json['run'] as WireRun).info
}
