// Our client against the server: what it promises whatever the server's manners are.
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Pieces } from '#/pipeline/ports.ts'
import type { TraceInfo } from '#/pipeline/trace.ts'
import { importTraces } from '#/server/import/import-traces.ts'
import { createMlflowClient, type MlflowClient, toTracking } from '#/server/mlflow/client.ts'
import { createRaw, type Raw, seedTrace } from '#/test/support/mlflow-raw.ts'

const options = { signal: new AbortController().signal }

export function clientSuite(getServer: () => { url: string }): void {
  describe('the client', () => {
    let raw: Raw
    let client: MlflowClient
    let experimentId: string
    const at = Date.UTC(2026, 9, 10)

    beforeAll(async () => {
      raw = createRaw(getServer().url)
      client = createMlflowClient({ trackingUri: getServer().url, maxRetries: 2, backoffMs: 50 })
      experimentId = await client.createExperiment(`client-${randomUUID()}`, options)
    })

    const createRun = async (name = 'run') =>
      client.createRun({ experimentId, name, startTimeMs: Date.now(), tags: { 'mlflow.runType': 'INSIGHTS' } }, options)
    const all = async (pages: AsyncIterable<TraceInfo[]>): Promise<TraceInfo[]> => (await Array.fromAsync(pages)).flat()

    test('an experiment is found by name or created, and asked for twice it is the same', async () => {
      const name = `ensure-${randomUUID()}`
      const id = await client.ensureExperiment(name, options)
      expect(await client.ensureExperiment(name, options)).toBe(id)
      expect(await client.getExperiment(id, options)).toMatchObject({ experimentId: id, name, isDeleted: false })
      const { experiments } = await client.searchExperiments({ filter: `name = '${name}'` }, options)
      expect(experiments.map(({ experimentId }) => experimentId)).toEqual([id])
      await expect(client.getExperiment('987654', options)).rejects.toMatchObject({ code: 'experiment.not_found' })
    })

    test('a run carries its tags, params, metrics, status and times', async () => {
      const run = await createRun('whole')
      await client.logBatch(
        run.runId,
        { tags: { long: 'ü'.repeat(9000) }, params: { p: 'q' }, metrics: { share: 0.5, odd: Number.NaN } },
        options,
      )
      await client.updateRun({ runId: run.runId, status: 'FINISHED', endTimeMs: 1234 }, options)
      const read = await client.getRun(run.runId, options)
      expect(read).toMatchObject({ status: 'FINISHED', endTimeMs: 1234, params: { p: 'q' }, metrics: { share: 0.5 } })
      expect(read.metrics['odd']).toBeNaN()
      expect(read.tags['long']).toMatch(/^ü{7999}…$/)
      await expect(client.getRun('0'.repeat(32), options)).rejects.toMatchObject({ code: 'mlflow.not_found' })
    })

    test('a batch larger than MLflow takes is split', async () => {
      const run = await createRun('split')
      const tags = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`tag-${i}`, 'é'.repeat(7000)]))
      const metrics = Object.fromEntries(Array.from({ length: 1200 }, (_, i) => [`metric-${i}`, i]))
      await client.logBatch(run.runId, { tags, metrics }, options)
      const read = await client.getRun(run.runId, options)
      expect(Object.keys(read.metrics)).toHaveLength(1200)
      expect(Object.keys(read.tags).filter((key) => key.startsWith('tag-'))).toHaveLength(250)
    })

    test('a deleted run is found among the deleted, and can be restored', async () => {
      const run = await createRun('deleted')
      await client.deleteRun(run.runId, options)
      await client.deleteRun(run.runId, options)
      const deleted = await client.searchRuns({ experimentIds: [experimentId], deleted: true }, options)
      expect(deleted.runs.map(({ runId }) => runId)).toContain(run.runId)
      await expect(client.updateRun({ runId: run.runId, status: 'KILLED' }, options)).rejects.toMatchObject({
        code: 'mlflow.invalid_request',
      })
      await client.restoreRun(run.runId, options)
      await client.restoreRun(run.runId, options)
      expect((await client.getRun(run.runId, options)).isDeleted).toBe(false)
      await expect(client.deleteRun('0'.repeat(32), options)).rejects.toMatchObject({ code: 'mlflow.not_found' })
      await expect(client.restoreRun('0'.repeat(32), options)).rejects.toMatchObject({ code: 'mlflow.not_found' })
    })

    test('every trace is found once, newest first, whatever is written meanwhile', async () => {
      const id = await client.createExperiment(`paging-${randomUUID()}`, options)
      const seeded: string[] = []
      // More than one page, with more traces in one millisecond than fit on the rest of a page.
      for (let i = 0; i < 520; i += 8) {
        // A server on SQLite has 15 connections and stands still for 30 s when they are all waiting: 8 at once.
        const group = Array.from({ length: 8 }, () => seedTrace(raw, id, { timeMs: at + Math.floor(i / 100) }))
        seeded.push(...(await Promise.all(group)))
      }
      const found: TraceInfo[] = []
      for await (const page of client.searchTraces({ experimentId: id, filter: '', until: at + 60_000 }, options)) {
        found.push(...page)
        if (found.length === page.length) {
          await seedTrace(raw, id, { timeMs: at + 120_000 })
          await seedTrace(raw, id, { timeMs: at + 30_000 })
        }
      }
      expect(found.map(({ traceId }) => traceId).toSorted()).toEqual(seeded.toSorted())
      expect(
        found.every(({ requestTimeMs }, i) => i === 0 || requestTimeMs <= (found[i - 1]?.requestTimeMs ?? 0)),
      ).toBe(true)
      const count = (atMost?: number) =>
        client.countTraces(
          { experimentId: id, filter: '', until: at + 60_000, ...(atMost === undefined ? {} : { atMost }) },
          options,
        )
      expect(await count()).toMatchObject({ count: 521, isExact: true })
      expect(await count(521)).toMatchObject({ count: 521, isExact: true })
      expect(await count(500)).toMatchObject({ count: 500, isExact: false })
      expect(await client.countTraces({ experimentId: id, filter: "status = 'ERROR'" }, options)).toMatchObject({
        count: 0,
        isExact: true,
      })
      const inOrder = client.searchTraces(
        { experimentId: id, filter: '', until: at + 10, orderBy: ['timestamp_ms ASC'] },
        options,
      )
      expect(await all(inOrder)).toHaveLength(520)
    }, 60_000)

    test('a filter MLflow refuses is an error in its own words', async () => {
      const search = all(client.searchTraces({ experimentId, filter: "state = 'OK'" }, options))
      await expect(search).rejects.toMatchObject({ code: 'mlflow.invalid_request', message: /state/ })
    })

    test('infos come by id, and ids that do not exist are left out', async () => {
      const ids = [await seedTrace(raw, experimentId), await seedTrace(raw, experimentId)]
      const infos = await client.getTraceInfos({ experimentId, traceIds: [...ids, 'tr-none', ...ids] }, options)
      expect(infos.map(({ traceId }) => traceId).toSorted()).toEqual(ids.toSorted())
      expect(infos[0]).toMatchObject({
        name: 'assistant',
        session: 'session-1',
        state: 'OK',
        executionMs: 1500,
        experimentId,
      })
    })

    test('spans read alike from get-trace-artifact and from traces/get', async () => {
      const inputs = {
        messages: [{ role: 'user', content: 'ünïcode 🎉 "quoted"' }],
        deep: { list: [1, 2.5, null, true] },
      }
      const id = await seedTrace(raw, experimentId, { spans: 3, inputs })
      const info = await client.getTraceInfo(id, options)
      const read = await client.readTrace(info, options)
      const viaApi = createMlflowClient({ trackingUri: getServer().url, spanReader: 'api' })
      expect(read).toMatchObject({ readShare: 1, info: { traceId: id } })
      expect(read.spans.map(({ name }) => name)).toEqual(['assistant', 'step-1', 'step-2'])
      expect(read.spans[0]).toMatchObject({ type: 'AGENT', parentId: null, status: 'OK', inputs, outputs: null })
      expect(read.spans[0]?.attributes).toMatchObject({ plain: 'as it is', count: 7 })
      expect(read.spans[1]?.parentId).toBe(read.spans[0]?.spanId)
      expect((await viaApi.readTrace(info, options)).spans).toEqual(read.spans)
    })

    test('a trace without spans gives its previews, and one that is gone is not found', async () => {
      const info = await client.getTraceInfo(await seedTrace(raw, experimentId), options)
      expect(await client.readTrace(info, options)).toEqual({ info, spans: [], readShare: 0 })
      const gone = { ...info, traceId: `tr-${randomBytes(16).toString('hex')}` }
      await expect(client.readTrace(gone, options)).rejects.toMatchObject({ code: 'trace.not_found' })
    })

    test('of a trace too large to hold, whole spans are read and the share is told', async () => {
      const id = await seedTrace(raw, experimentId, { spans: 20, inputs: { text: 'x'.repeat(20_000) } })
      const small = createMlflowClient({ trackingUri: getServer().url, maxTraceBytes: 100_000 })
      const { spans, readShare } = await small.readTrace(await client.getTraceInfo(id, options), options)
      expect(spans.length).toBeGreaterThan(2)
      expect(spans.length).toBeLessThan(6)
      expect(readShare).toBeGreaterThan(0.1)
      expect(readShare).toBeLessThan(0.3)
    })

    test('links are repeatable, counted by the server, and those missing are named', async () => {
      const run = await createRun('linked')
      const ids = await Promise.all(Array.from({ length: 5 }, () => seedTrace(raw, experimentId)))
      const tracking = toTracking(client)
      await tracking.linkTraces(run.runId, [...ids, ...ids, 'tr-none'], options)
      await tracking.linkTraces(run.runId, ids, options)
      expect(await tracking.countLinked(run, options)).toBe(5)
      expect(await client.findUnlinked(run, [...ids, 'tr-none'], options)).toEqual(['tr-none'])
    })

    test('an assessment is written once under its id, and can be added to', async () => {
      const traceId = await seedTrace(raw, experimentId)
      const tracking = toTracking(client)
      const record = {
        assessmentId: `a-${randomBytes(16).toString('hex')}`,
        traceId,
        name: 'insight_summary',
        value: 'Wanted a refund.',
        source: { type: 'CODE', id: 'builtin' } as const,
        metadata: { 'mlflow.assessment.sourceRunId': '0'.repeat(32) },
      }
      await tracking.createAssessment(record, options)
      await tracking.createAssessment(record, options)
      // Another process, which has not learnt yet what this server does with ids.
      await createMlflowClient({ trackingUri: getServer().url }).createAssessment(record, options)
      const { assessmentId } = record
      await tracking.updateAssessment(
        { traceId, assessmentId, rationale: 'Because.', metadata: { cluster: '1.2' } },
        options,
      )
      const { assessments } = await client.getTraceInfo(traceId, options)
      expect(assessments).toHaveLength(1)
      expect(assessments[0]).toMatchObject({
        id: assessmentId,
        value: 'Wanted a refund.',
        rationale: 'Because.',
        source: { type: 'CODE', id: 'builtin' },
        metadata: { 'mlflow.assessment.sourceRunId': '0'.repeat(32), cluster: '1.2' },
      })
      await client.deleteAssessment({ traceId, assessmentId }, options)
      await client.deleteAssessment({ traceId, assessmentId }, options)
      expect(await client.findAssessment({ traceId, assessmentId }, options)).toBeUndefined()
    })

    test('tags are set, replaced and removed; a trace that is gone is not found', async () => {
      const traceId = await seedTrace(raw, experimentId)
      const tag = { traceId, key: 'mlflow.insights.cluster_id', value: 'run/1.2' }
      await client.setTraceTag({ ...tag, value: 'older' }, options)
      await client.setTraceTag(tag, options)
      expect((await client.getTraceInfo(traceId, options)).tags).toMatchObject({ [tag.key]: tag.value })
      await client.deleteTraceTag(tag, options)
      await client.deleteTraceTag(tag, options)
      expect((await client.getTraceInfo(traceId, options)).tags).not.toHaveProperty(tag.key)
      await expect(client.setTraceTag({ ...tag, traceId: 'tr-none' }, options)).rejects.toMatchObject({
        code: 'trace.not_found',
      })
    })

    test('artifacts of any size are written over and read back', async () => {
      const run = await createRun('artifacts')
      const write = (path: string, body: string | Uint8Array | Pieces) =>
        client.uploadArtifact({ runId: run.runId, path, body }, options)
      const read = (path: string) => client.downloadArtifact({ runId: run.runId, path }, options)
      await write('insights/config.json', '{"a":1}')
      await write('insights/config.json', '{"a":2}')
      await write('insights/empty.jsonl', '')
      const large = randomBytes(11 * 1024 * 1024)
      await write('insights/large ü.bin', large)
      expect(Buffer.from(await read('insights/config.json')).toString()).toBe('{"a":2}')
      expect(large.equals(await read('insights/large ü.bin'))).toBe(true)
      for (const count of [2, 40]) {
        const pieces = Array.from({ length: count }, (_, at) => `${at}: ${'ü'.repeat(200_000)}\n`)
        await write('lines.txt', () => pieces)
        expect(Buffer.from(await read('lines.txt')).toString()).toBe(pieces.join(''))
      }
      const files = await client.listArtifacts({ runId: run.runId, path: 'insights' }, options)
      expect(files.map(({ path }) => path)).toEqual([
        'insights/config.json',
        'insights/empty.jsonl',
        'insights/large ü.bin',
      ])
      await expect(read('none')).rejects.toMatchObject({ code: 'mlflow.not_found' })
    })

    test('a workspace is not sent to a server that has none', async () => {
      const withWorkspace = createMlflowClient({ trackingUri: getServer().url, workspace: 'team-a' })
      expect(await withWorkspace.getExperiment(experimentId, options)).toMatchObject({ experimentId })
      expect(await withWorkspace.ui(options)).toEqual({ base: getServer().url })
    })

    test('a file of traces is imported, and again without doubling anything', async () => {
      const dir = await mkdtemp(join(tmpdir(), 'insights-import-'))
      const path = join(dir, 'traces.jsonl.gz')
      const first = randomBytes(16).toString('hex')
      await writeFile(path, gzipSync([toLine(first), 'not json', toLine(randomBytes(16).toString('hex'))].join('\n')))
      const experiment = `import-${randomUUID()}`
      const run = () => importTraces(client, { path, experiment, signal: options.signal })
      const result = await run()
      expect(result).toMatchObject({ lines: 3, imported: 2, unchanged: 0, failed: 1, spans: 4, assessments: 2 })
      expect(result.failures).toMatchObject([{ line: 2, code: 'import.invalid', message: 'Line 2 is not valid JSON.' }])
      expect(await run()).toMatchObject({ imported: 0, unchanged: 2, failed: 1, spans: 0, assessments: 0 })
      await rm(dir, { recursive: true })
      const info = await client.getTraceInfo(`tr-${first}`, options)
      expect(info).toMatchObject({
        requestTimeMs: Date.parse('2026-09-06T00:04:00.544Z'),
        executionMs: 301,
        session: 'sess-1',
        user: 'ada',
        requestPreview: 'A virtual card?',
        tokens: { inputTokens: 10, outputTokens: 5, totalTokens: 15 },
      })
      expect(info.assessments).toMatchObject([{ name: 'task_success', value: true, source: { type: 'CODE' } }])
      expect(JSON.stringify(info)).not.toContain('secret label')
      const { spans } = await client.readTrace(info, options)
      expect(spans.map(({ type }) => type)).toEqual(['AGENT', 'CHAT_MODEL'])
      const { text } = await raw('GET', '/ajax-api/3.0/mlflow/get-trace-artifact', {
        query: { request_id: info.traceId },
      })
      expect(text).toContain('1788653040544000001')
    })
  })
}

function toLine(hex: string): string {
  // Written as text: the last digit of the time would not survive a JavaScript number.
  return `{"trace_id":"tr-${hex}","request_time":"2026-09-06T00:04:00.544Z","execution_duration_ms":301,"state":"OK",
"request_preview":"A virtual card?","response_preview":"","tags":{"mlflow.traceName":"bank"},
"trace_metadata":{"mlflow.trace.session":"sess-1","mlflow.trace.user":"ada"},
"spans":[{"span_id":"${hex.slice(0, 16)}","parent_id":null,"name":"bank","span_type":"AGENT",
"start_time_unix_nano":1788653040544000001,"end_time_unix_nano":1788653040845000000,"status":"OK",
"inputs":{"messages":[{"role":"user","content":"A virtual card?"}]},"outputs":null},
{"span_id":"${hex.slice(16)}","parent_id":"${hex.slice(0, 16)}","name":"chat","span_type":"CHAT_MODEL",
"start_time_unix_nano":1788653040545000000,"end_time_unix_nano":1788653040845000000,"status":"OK","inputs":null,
"outputs":{"content":"Yes."},"attributes":{"token_usage":{"input_tokens":10,"output_tokens":5,"total_tokens":15}}}],
"expectations":{"answer":"secret label"},"labels":{"intent":"secret label"},
"assessments":[{"name":"task_success","source_type":"CODE","value":true}]}`.replaceAll('\n', '')
}
