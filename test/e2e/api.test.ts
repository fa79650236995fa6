import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { ClusterDetailsSchema } from '#/pipeline/artifact.ts'
import { ClustersAnswer, FailureList, InsightTraceList, MapAnswer } from '#/server/api/schemas/clusters.ts'
import { CreatedAnswer, InsightAnswer, InsightList, ServiceAnswer } from '#/server/api/schemas/insights.ts'
import { CountAnswer } from '#/server/api/schemas/parts.ts'
import { ExperimentList, TraceDetail, TraceList } from '#/server/api/schemas/traces.ts'
import { startApp, type TestApp } from '#/test/support/app.ts'
import { conversations, writeTraceFile } from '#/test/support/trace-lines.ts'

let app: TestApp
let experimentId: string
let traceIds: string[]
let insight: InsightAnswer

beforeAll(async () => {
  app = await startApp()
  const path = join(await mkdtemp(join(tmpdir(), 'traces-')), 'support.jsonl')
  traceIds = await writeTraceFile(path, conversations(60))
  experimentId = await app.import({ path, experiment: 'support' })
  const { id } = await app.call('POST', '/insights', CreatedAnswer, {
    experiment_id: experimentId,
    instruction: 'What are customers asking for?',
    scope: { filter: '' },
  })
  insight = await app.finished(id)
})
afterAll(() => app?.[Symbol.asyncDispose]())

const post = (body: unknown, headers?: Record<string, string>) => app.ask('POST', '/insights', body, headers)
const valid = () => ({ experiment_id: experimentId, instruction: 'What do they want?', scope: { filter: '' } })
const signal = new AbortController().signal

test('an Insight over sixty traces finishes, and its counts reconcile everywhere', async () => {
  const { counts } = insight
  expect(counts.selected).toBe(60)
  expect(counts.selected).toBe(counts.summarized + counts.skipped + counts.failed)
  expect(counts.summarized).toBe(counts.clustered + counts.unassigned)
  const tree = await app.call('GET', `/insights/${insight.id}/clusters`, ClustersAnswer)
  expect(tree.clusters.reduce((sum, { size }) => sum + size, 0)).toBe(counts.clustered)
  expect(tree.unassigned.size).toBe(counts.unassigned)
  const map = await app.call('GET', `/insights/${insight.id}/map`, MapAnswer)
  expect(map.trace_ids).toHaveLength(60)
  const failures = await app.call('GET', `/insights/${insight.id}/failures`, FailureList)
  expect(failures.items).toHaveLength(counts.failed)
})

test('every trace of a cluster is a page away, and pages neither skip nor repeat', async () => {
  const { clusters } = await app.call('GET', `/insights/${insight.id}/clusters`, ClustersAnswer)
  for (const cluster of clusters) {
    const seen: string[] = []
    let token = ''
    do {
      const page = await app.call(
        'GET',
        `/insights/${insight.id}/traces?cluster=${cluster.id}&page_size=7${token === '' ? '' : `&page_token=${token}`}`,
        InsightTraceList,
      )
      seen.push(...page.items.map(({ trace_id }) => trace_id))
      token = page.next_page_token ?? ''
    } while (token !== '')
    expect(seen).toHaveLength(cluster.size)
    expect(new Set(seen).size).toBe(cluster.size)
  }
})

test('the artifact in MLflow is valid and says the same as the API', async () => {
  const path = 'mlflow_insights_cluster_details.json'
  const bytes = await app.mlflow.downloadArtifact({ runId: insight.id, path }, { signal })
  const details = ClusterDetailsSchema.parse(JSON.parse(new TextDecoder().decode(bytes)))
  expect(details.overview).toBe(insight.overview)
  expect(details.counts).toEqual(insight.counts)
})

test('the run in MLflow is FINISHED, with its links, assessments and cluster tags', async () => {
  expect((await app.mlflow.getRun(insight.id, { signal })).status).toBe('FINISHED')
  expect(await app.mlflow.countLinked({ runId: insight.id, experimentId }, { signal })).toBe(60)
  for (const info of await app.mlflow.getTraceInfos({ experimentId, traceIds }, { signal })) {
    const ours = info.assessments.filter(({ name }) => name === 'insight_summary')
    expect(ours).toHaveLength(1)
    expect(ours[0]).toMatchObject({ source: { type: 'CODE', id: 'builtin' }, rationale: expect.stringMatching(/\S/) })
    expect(info.tags['mlflow.insights.cluster_id']).toMatch(new RegExp(`^${insight.id}/`))
    expect(info.tags[`mlflow.insights.${insight.id}.cluster_id`]).toBe(info.tags['mlflow.insights.cluster_id'])
  }
})

test('the same question of the same traces with the same seed gives the same hierarchy', async () => {
  const { id } = await app.call('POST', '/insights', CreatedAnswer, {
    experiment_id: experimentId,
    instruction: 'What are customers asking for?',
    scope: { filter: '' },
  })
  await app.finished(id)
  const [first, second] = await Promise.all(
    [insight.id, id].map((one) => app.call('GET', `/insights/${one}/clusters`, ClustersAnswer)),
  )
  const shape = (tree: ClustersAnswer | undefined): string =>
    JSON.stringify(tree?.clusters, (key, value: unknown) => (key === 'links' ? undefined : value))
  expect(shape(second)).toBe(shape(first))
})

test('a trace shows its conversation, its spans, and the Insights it is in', async () => {
  const trace = await app.call('GET', `/traces/${traceIds[0]}`, TraceDetail)
  expect(trace.conversation.map(({ kind }) => kind)).toEqual(['user', 'assistant'])
  expect(trace.spans).toHaveLength(1)
  expect(trace.insights.map(({ insight_id }) => insight_id)).toContain(insight.id)
})

test('a page of traces and a live count follow MLflow’s filter strings', async () => {
  const filter = encodeURIComponent("trace.status = 'OK'")
  const page = await app.call('GET', `/experiments/${experimentId}/traces?page_size=10&filter=${filter}`, TraceList)
  expect(page.items).toHaveLength(10)
  expect(page.next_page_token).toBeDefined()
  const count = (body: object) => app.call('POST', `/experiments/${experimentId}/traces/count`, CountAnswer, body)
  expect(await count({ filter: "status = 'ERROR'" })).toEqual({ total: 0 })
  expect(await count({})).toEqual({ total: 60 })
})

test('the list of Insights can be searched, and says how many there are', async () => {
  const list = await app.call('GET', `/insights?experiment_id=${experimentId}&search=asking`, InsightList)
  expect(list.total).toBeGreaterThanOrEqual(1)
  expect(list.items[0]).toMatchObject({ status: 'FINISHED', experiment_name: 'support' })
  expect((await app.call('GET', '/insights?search=nothing-like-this', InsightList)).items).toEqual([])
  const experiments = await app.call('GET', '/experiments', ExperimentList)
  expect(experiments.items.find(({ id }) => id === experimentId)?.insights).toBeGreaterThanOrEqual(1)
})

test('the same Idempotency-Key gives the same Insight, also when two requests race, and refuses another body', async () => {
  const body = { ...valid(), name: 'once' }
  const create = () => app.call('POST', '/insights', CreatedAnswer, body, { 'idempotency-key': 'k-1' })
  const racing = await Promise.allSettled([create(), create()])
  const created = racing.flatMap((result) => (result.status === 'fulfilled' ? [result.value.id] : []))
  const again = await create()
  expect(new Set([...created, again.id]).size).toBe(1)
  const other = await post({ ...body, name: 'another' }, { 'idempotency-key': 'k-1' })
  expect(other).toMatchObject({ status: 409, problem: { code: 'insight.conflict' } })
})

test('a cancelled Insight is KILLED here and in MLflow, keeps what is done, and can be resumed to the end', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'traces-')), 'many.jsonl')
  await writeTraceFile(path, conversations(150), 'many')
  const many = await app.import({ path, experiment: 'many' })
  const body = { ...valid(), experiment_id: many, options: { concurrency: 1 } }
  const { id } = await app.call('POST', '/insights', CreatedAnswer, body)
  expect((await app.call('POST', `/insights/${id}/cancel`, InsightAnswer)).status).toBe('KILLED')
  // A job that was just saying RUNNING takes it back when it hears of its end.
  await expect.poll(async () => (await app.mlflow.getRun(id, { signal })).status, { timeout: 10_000 }).toBe('KILLED')
  await app.call('POST', `/insights/${id}/resume`, InsightAnswer)
  expect((await app.finished(id)).counts.summarized).toBe(150)
  expect((await app.mlflow.getRun(id, { signal })).status).toBe('FINISHED')
})

test.each([
  ['an unknown field', () => ({ ...valid(), surprise: 1 }), 400, 'request.invalid', /surprise/],
  ['a wrong type', () => ({ ...valid(), scope: { filter: 3 } }), 400, 'request.invalid', /scope/],
  [
    'an empty selection',
    () => ({ ...valid(), scope: { trace_ids: [] } }),
    400,
    'request.invalid',
    /at least one trace/,
  ],
  [
    'an instruction of 100 kB',
    () => ({ ...valid(), instruction: 'why '.repeat(25_000) }),
    400,
    'request.invalid',
    /4000/,
  ],
  ['an empty instruction', () => ({ ...valid(), instruction: '  ' }), 400, 'request.invalid', /question/],
  ['an unknown experiment', () => ({ ...valid(), experiment_id: '98765' }), 404, 'experiment.not_found', /no such/],
  ['an unknown trace', () => ({ ...valid(), scope: { trace_ids: ['tr-nope'] } }), 400, 'request.invalid', /tr-nope/],
  ['a bad filter', () => ({ ...valid(), scope: { filter: 'state ~ 3' } }), 400, 'mlflow.invalid_request', /./],
  ['no match', () => ({ ...valid(), scope: { filter: "status = 'ERROR'" } }), 422, 'insight.no_traces', /Loosen/],
  ['no model', () => ({ ...valid(), options: { analyst: 'model' } }), 400, 'request.invalid', /OPENAI/],
] as const)('%s is answered with a problem that says what to do', async (_name, body, status, code, detail) => {
  const answer = await post(body())
  expect(answer).toMatchObject({ status, problem: { status, code, detail: expect.stringMatching(detail) } })
  expect(answer.problem.type).toMatch(/^urn:/)
})

test('a body that is not JSON is a problem too', async () => {
  expect(await post('{"experiment_id":')).toMatchObject({ status: 400, problem: { code: 'request.invalid' } })
})

test('what is not there is 404, as a problem', async () => {
  expect(await app.ask('GET', '/insights/nope')).toMatchObject({ status: 404, problem: { code: 'insight.not_found' } })
  expect(await app.ask('GET', '/traces/tr-nope')).toMatchObject({ status: 404, problem: { code: 'trace.not_found' } })
  expect(await app.ask('GET', '/nowhere')).toMatchObject({ status: 404, problem: { code: 'request.not_found' } })
})

test.each(['https://evil.example', 'null'])('a page of %s may not make changes here', async (origin) => {
  expect(await post(valid(), { origin })).toMatchObject({ status: 403, problem: { code: 'auth.forbidden' } })
})

test('a page token that was made up is refused with a sentence', async () => {
  const token = Buffer.from(JSON.stringify({ s: 'typical asc', v: 'abc', k: 1 })).toString('base64url')
  const answer = await app.ask('GET', `/insights/${insight.id}/traces?page_token=${token}`)
  expect(answer).toMatchObject({ status: 400, problem: { code: 'request.invalid', errors: [{ path: 'page_token' }] } })
})

test('of two who resume at once one is served and the other is told so', async () => {
  const { id } = await app.call('POST', '/insights', CreatedAnswer, valid())
  await app.ask('POST', `/insights/${id}/cancel`)
  const both = await Promise.all([1, 2].map(() => app.ask('POST', `/insights/${id}/resume`)))
  expect(new Set(both.map(({ status }) => status))).toEqual(new Set([202, 409]))
  expect((await app.finished(id)).counts.summarized).toBe(60)
})

test('the export in CSV and JSON holds every trace', async () => {
  const csv = await (await fetch(`${app.url}/api/v1/insights/${insight.id}/export?format=csv`)).text()
  expect(csv.trimEnd().split('\r\n')).toHaveLength(61)
  const json = z.array(z.object({ trace_id: z.string(), cluster_path: z.string() }))
  const rows = json.parse(await (await fetch(`${app.url}/api/v1/insights/${insight.id}/export?format=json`)).json())
  expect(rows.map(({ trace_id }) => trace_id).toSorted()).toEqual(traceIds.toSorted())
})

test('groups below the minimum size are a count in hierarchy, lists and exports, with no trace left out', async () => {
  const { id } = await app.call('POST', '/insights', CreatedAnswer, { ...valid(), options: { min_shown_size: 1_000 } })
  const { counts, key_points: keyPoints } = await app.finished(id)
  const { clusters } = await app.call('GET', `/insights/${id}/clusters`, ClustersAnswer)
  expect(clusters.length).toBeGreaterThan(0)
  for (const cluster of clusters) {
    expect(cluster).toMatchObject({ title: `Small group ${cluster.id} (hidden)`, hidden: true, summary: '' })
    expect([...cluster.keywords, ...cluster.evidence, ...cluster.examples]).toEqual([])
  }
  expect(clusters.reduce((sum, { size }) => sum + size, 0)).toBe(counts.clustered)
  expect(keyPoints.flatMap(({ evidence }) => evidence)).toEqual([])
  const csv = await (await fetch(`${app.url}/api/v1/insights/${id}/export?format=csv`)).text()
  expect(csv.split('Small group').length - 1).toBeGreaterThanOrEqual(counts.clustered)
  const page = await app.call('GET', `/insights/${id}/traces?cluster=${clusters[0]!.id}`, InsightTraceList)
  expect(page.items[0]!.reason).toContain('too small to be shown')
})

test('events of a finished Insight are its state and its end', async () => {
  const text = await (await fetch(`${app.url}/api/v1/insights/${insight.id}/events`)).text()
  expect(text).toMatch(/^event: state\n/)
  expect(text).toMatch(/event: end\ndata: \{"type":"end","status":"FINISHED"\}/)
})

test('events of a running Insight tell its stages and end with it', async () => {
  const { id } = await app.call('POST', '/insights', CreatedAnswer, valid())
  const text = await (await fetch(`${app.url}/api/v1/insights/${id}/events`)).text()
  const stages = [...text.matchAll(/"type":"stage","stage":"(\w+)"|"stage":"(\w+)","total":\d+,"type":"stage"/g)].map(
    ([, one, other]) => one ?? other,
  )
  expect(stages).toEqual(['load', 'summarize', 'embed', 'cluster', 'name', 'overview', 'publish'])
  expect(text).toMatch(/event: end\n/)
})

test('the API describes itself', async () => {
  const document = z.object({ openapi: z.string(), paths: z.record(z.string(), z.unknown()) })
  const { paths } = document.parse(await (await fetch(`${app.url}/api/v1/openapi.json`)).json())
  const some = ['/api/v1/insights', '/api/v1/insights/{id}/clusters', '/api/v1/traces/{id}']
  expect(Object.keys(paths)).toEqual(expect.arrayContaining(some))
  expect(await app.call('GET', '/service', ServiceAnswer)).toMatchObject({ tracking: 'mlflow', analyst: 'builtin' })
})

test('health, readiness and metrics answer at the root', async () => {
  expect(await (await fetch(`${app.url}/healthz`)).text()).toBe('ok')
  expect(await (await fetch(`${app.url}/readyz`)).text()).toBe('ready')
  const metrics = await (await fetch(`${app.url}/metrics`)).text()
  for (const name of ['jobs_queued', 'jobs_dead', 'oldest_job_seconds'])
    expect(metrics).toMatch(new RegExp(`^trace_insights_${name} [\\d.]+$`, 'm'))
  const of = 'process="[0-9a-f]{8}",mode="all"'
  expect(metrics).toMatch(new RegExp(`^trace_insights_event_loop_lag_seconds\\{${of}\\} [\\d.]+$`, 'm'))
  for (const part of ['_bucket', '_sum', '_count'])
    expect(metrics).toMatch(
      new RegExp(`^trace_insights_stage_seconds${part}\\{${of},stage="publish".*\\} [\\d.]+$`, 'm'),
    )
  expect(metrics).toContain('# TYPE trace_insights_job_seconds histogram\n')
  // Each name is told once what it is, and every line is one sample.
  const types = [...metrics.matchAll(/^# TYPE (\S+) (counter|gauge|histogram)$/gm)].map(([, name]) => name)
  expect(new Set(types).size).toBe(types.length)
  expect(
    metrics
      .trimEnd()
      .split('\n')
      .filter((line) => !/^(# TYPE \S+ (counter|gauge|histogram)|[a-z_]+(\{[^{}]*\})? -?[\d.e+-]+)$/.test(line)),
  ).toEqual([])
})
