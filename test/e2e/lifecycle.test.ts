// What can be done to an Insight that is there, over HTTP and seen from MLflow.
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTrackingServer } from '#/mocks/tracking/server.ts'
import { ClustersAnswer, FailureList, InsightTraceList } from '#/server/api/schemas/clusters.ts'
import { CreatedAnswer, InsightAnswer, InsightList } from '#/server/api/schemas/insights.ts'
import { type CreateInsightBody } from '#/server/api/schemas/requests.ts'
import { startApp, type TestApp } from '#/test/support/app.ts'
import { conversations, writeTraceFile } from '#/test/support/trace-lines.ts'

let app: TestApp
let experimentId: string
let traceIds: string[]
const signal = new AbortController().signal

const stack = new AsyncDisposableStack()
/** Traces that MLflow does not give out for now. */
const withheld = new Set<string>()
/** Reads of traces that are answered at once; later ones wait for the gate. */
let readsLeft = Infinity
let gate = Promise.withResolvers<void>()
const openGate = (): void => {
  readsLeft = Infinity
  gate.resolve()
  gate = Promise.withResolvers<void>()
}

beforeAll(async () => {
  const tracking = await startTrackingServer({
    port: 0,
    dataDir: await mkdtemp(join(tmpdir(), 'tracking-')),
    intercept: async ({ url }) => {
      if (url.includes('/get-trace-artifact') && --readsLeft < 0) await gate.promise
      const isWithheld = url.includes('/get-trace-artifact') && [...withheld].some((id) => url.includes(id))
      return isWithheld
        ? Response.json({ error_code: 'PERMISSION_DENIED', message: 'Permission denied' }, { status: 403 })
        : undefined
    },
  })
  stack.defer(() => tracking.close())
  // Every Insight reads its traces, whatever another one remembers of them.
  app = stack.use(await startApp({ trackingUri: tracking.url, env: { INSIGHTS_CACHE_DAYS: '0' } }))
  const path = join(await mkdtemp(join(tmpdir(), 'traces-')), 'support.jsonl')
  traceIds = await writeTraceFile(path, conversations(40))
  experimentId = await app.import({ path, experiment: 'support' })
})
afterAll(() => stack.disposeAsync())

const body = (): CreateInsightBody => ({
  experiment_id: experimentId,
  instruction: 'What do they want?',
  scope: { filter: '' },
})
const create = async (changes: Partial<CreateInsightBody> = {}): Promise<string> =>
  (await app.call('POST', '/insights', CreatedAnswer, { ...body(), ...changes })).id
const act = (id: string, action: string): Promise<InsightAnswer> =>
  app.call('POST', `/insights/${id}/${action}`, InsightAnswer)
const listed = async (deleted: boolean): Promise<string[]> => {
  const { items } = await app.call('GET', `/insights?page_size=500&deleted=${deleted}`, InsightList)
  return items.map(({ id }) => id)
}

test('a deleted Insight is gone here and deleted in MLflow, and restoring brings both back', async () => {
  const id = await create()
  await app.finished(id)
  for (const _again of [1, 2]) {
    const deleted = await app.call('DELETE', `/insights/${id}`, InsightAnswer)
    expect(deleted.deleted_at).toBeDefined()
    expect((await app.mlflow.getRun(id, { signal })).isDeleted).toBe(true)
  }
  for (const path of ['', '/clusters', '/traces', '/failures', '/artifact']) {
    const gone = await app.ask('GET', `/insights/${id}${path}`)
    expect(gone).toMatchObject({
      status: 404,
      problem: { code: 'insight.not_found', detail: expect.stringMatching(/Restore/) },
    })
  }
  expect(await app.ask('POST', `/insights/${id}/recompute`, {})).toMatchObject({ status: 404 })
  expect(await listed(false)).not.toContain(id)
  expect(await listed(true)).toEqual([id])

  for (const _again of [1, 2]) {
    expect((await act(id, 'restore')).deleted_at).toBeUndefined()
    expect((await app.mlflow.getRun(id, { signal })).isDeleted).toBe(false)
  }
  expect(await listed(true)).toEqual([])
  expect((await app.call('GET', `/insights/${id}/clusters`, ClustersAnswer)).clusters.length).toBeGreaterThan(0)
})

test('an Insight deleted while it runs is stopped first, and can be restored and resumed to its end', async () => {
  readsLeft = 5
  const id = await create({ options: { concurrency: 1 } })
  expect((await app.call('DELETE', `/insights/${id}`, InsightAnswer)).status).toBe('KILLED')
  const run = await app.mlflow.getRun(id, { signal })
  expect(run).toMatchObject({ status: 'KILLED', isDeleted: true })
  openGate()
  await act(id, 'restore')
  await act(id, 'resume')
  expect((await app.finished(id)).counts.summarized).toBe(40)
})

test('recomputing makes a new run that names its parent, asks the same and sees the traces of now', async () => {
  const first = await app.finished(await create({ description: 'for Monday', options: { seed: 9, max_leaves: 4 } }))
  const path = join(await mkdtemp(join(tmpdir(), 'traces-')), 'later.jsonl')
  await writeTraceFile(path, conversations(5), 'later')
  await app.import({ path, experiment: 'support' })

  const again = () =>
    app.call('POST', `/insights/${first.id}/recompute`, CreatedAnswer, { name: 'Again' }, { 'idempotency-key': 'r-1' })
  const [one, other] = await Promise.all([again(), again()])
  expect(other.id).toBe(one.id)
  const second = await app.finished(one.id)
  expect(second).toMatchObject({
    name: 'Again',
    parent_id: first.id,
    instruction: first.instruction,
    description: 'for Monday',
    seed: 9,
    counts: { selected: first.counts.selected + 5 },
  })
  expect((await app.mlflow.getRun(second.id, { signal })).tags['mlflow.parentRunId']).toBe(first.id)
  expect((await app.call('GET', `/insights/${first.id}`, InsightAnswer)).counts).toEqual(first.counts)
  const different = await app.ask('POST', `/insights/${first.id}/recompute`, {}, { 'idempotency-key': 'r-1' })
  expect(different).toMatchObject({ status: 409, problem: { code: 'insight.conflict' } })
})

test('two requests that race under one Idempotency-Key are both answered with the one Insight', async () => {
  const send = () =>
    app.call('POST', '/insights', CreatedAnswer, { ...body(), name: 'raced' }, { 'idempotency-key': 'race' })
  const ids = (await Promise.all([send(), send(), send()])).map(({ id }) => id)
  expect(new Set(ids).size).toBe(1)
  const { items } = await app.call('GET', '/insights?search=raced', InsightList)
  expect(items).toHaveLength(1)
  const runs = await app.mlflow.searchRuns({ experimentIds: [experimentId] }, { signal })
  expect(runs.runs.filter(({ name }) => name === 'raced')).toHaveLength(1)
})

test('an Insight in which nothing failed has nothing to retry', async () => {
  const insight = await app.finished(await create())
  const answer = await app.ask('POST', `/insights/${insight.id}/retry-failed`)
  expect(answer).toMatchObject({
    status: 409,
    problem: { code: 'insight.conflict', detail: expect.stringMatching(/nothing to retry/) },
  })
})

test('a trace that is gone for good is listed, and is not offered for another try', async () => {
  const gone = traceIds.slice(0, 20)
  const named = Array.from({ length: 5_000 }, (_, at) => `tr-none-${at}`)
  const id = await create({ scope: { trace_ids: [...gone, ...named] }, options: { min_success_share: 0 } })
  const { counts } = await app.finished(id)
  expect(counts).toMatchObject({ selected: 5_020, summarized: 20, failed: 5_000 })
  const failures = await app.call('GET', `/insights/${id}/failures?page_size=1`, FailureList)
  expect(failures.items[0]).toMatchObject({ code: 'trace.not_found', next: 'none' })
  const answer = await app.ask('POST', `/insights/${id}/retry-failed`)
  expect(answer).toMatchObject({ status: 409, problem: { detail: expect.stringMatching(/would not help/) } })
})

test('failed traces say when they were, and are done again on request, those alone', async () => {
  for (const id of traceIds.slice(0, 3)) withheld.add(id)
  const id = await create({ instruction: 'What fails?' })
  const first = await app.finished(id)
  expect(first.counts).toMatchObject({ summarized: 42, failed: 3 })
  const { items } = await app.call('GET', `/insights/${id}/traces?cluster=failed`, InsightTraceList)
  expect(items.map(({ trace_id }) => trace_id).toSorted()).toEqual(traceIds.slice(0, 3).toSorted())
  for (const { request_time } of items) expect(Date.parse(request_time ?? '')).toBeGreaterThan(Date.UTC(2020, 0))
  const failures = () => app.call('GET', `/insights/${id}/failures`, FailureList)
  expect((await failures()).items[0]).toMatchObject({ stage: 'summarize', attempts: 1, next: 'settings' })

  withheld.delete(traceIds[0]!)
  // Until both questions are answered nothing is read.
  readsLeft = 0
  expect((await act(id, 'retry-failed')).counts).toMatchObject({ summarized: 42, failed: 0 })
  expect((await app.ask('POST', `/insights/${id}/retry-failed`)).status).toBe(409)
  openGate()
  const second = await app.finished(id)
  expect(second.counts).toMatchObject({ summarized: 43, failed: 2 })
  expect((await failures()).items.map(({ attempts }) => attempts)).toEqual([2, 2])
  expect(second.usage.calls).toBe(first.usage.calls)
  withheld.clear()
})

test('what failed before a cancel is not tried again by going on, only on request', async () => {
  for (const id of traceIds) withheld.add(id)
  readsLeft = 10
  try {
    const id = await create({ instruction: 'What fails first?', options: { concurrency: 1 } })
    const read = () => app.call('GET', `/insights/${id}`, InsightAnswer)
    // The estimate reads some of them too.
    await expect.poll(async () => (await read()).counts.failed, { timeout: 15_000 }).toBeGreaterThan(0)
    await act(id, 'cancel')
    const failures = () => app.call('GET', `/insights/${id}/failures`, FailureList)
    const before = (await failures()).items.map((one) => one.trace_id)
    expect(before.length).toBeGreaterThan(0)
    withheld.clear()
    openGate()

    await act(id, 'resume')
    const { counts } = await app.finished(id)
    const after = await failures()
    // What was under way when the cancel came is written down a moment later: it may be more by then.
    expect(after.items.map((one) => one.trace_id)).toEqual(expect.arrayContaining(before))
    expect(after.items.map(({ attempts }) => attempts)).toEqual(after.items.map(() => 1))
    expect(counts.failed).toBe(after.items.length)
    expect(counts.summarized).toBe(counts.selected - counts.failed)
    await act(id, 'retry-failed')
    expect((await app.finished(id)).counts).toMatchObject({ summarized: counts.selected, failed: 0 })
  } finally {
    withheld.clear()
    openGate()
  }
})

test('a job of which too little succeeded says why, and goes on when a lower share is accepted', async () => {
  for (const id of traceIds.slice(0, 20)) withheld.add(id)
  const id = await create({ instruction: 'What fails most?' })
  await expect(app.finished(id)).rejects.toThrow(
    /insight.too_many_failures.*Only 25 of 45.*20 × mlflow.forbidden.*resume/,
  )
  // The run is ended after the Insight: MLflow may be what is down.
  await expect.poll(async () => (await app.mlflow.getRun(id, { signal })).status, { timeout: 10_000 }).toBe('FAILED')
  await app.call('POST', `/insights/${id}/resume`, InsightAnswer, { min_success_share: 0.5 })
  expect((await app.finished(id)).counts).toMatchObject({ summarized: 25, failed: 20 })
  withheld.clear()
})

test('empty traces are skipped, listed with their reason, and counted beside the tree', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'traces-')), 'empty.jsonl')
  const empties = [{ user: '' }, { user: '' }, { user: '' }]
  const [empty = ''] = await writeTraceFile(path, empties, 'empty')
  const some = await app.import({ path, experiment: 'with-empty' })
  const other = join(await mkdtemp(join(tmpdir(), 'traces-')), 'full.jsonl')
  await writeTraceFile(other, conversations(12), 'full')
  await app.import({ path: other, experiment: 'with-empty' })
  const { id, counts } = await app.finished(await create({ experiment_id: some }))
  expect(counts).toMatchObject({ selected: 15, skipped: 3, failed: 0 })
  const skipped = await app.call('GET', `/insights/${id}/failures?kind=skipped`, FailureList)
  expect(skipped).toMatchObject({ total: 3, items: [{ code: 'trace.empty' }, {}, {}] })
  const listed = await app.call('GET', `/insights/${id}/traces?cluster=skipped`, InsightTraceList)
  expect(listed.items.map(({ trace_id }) => trace_id)).toContain(empty)
  expect((await app.call('GET', `/insights/${id}/clusters`, ClustersAnswer)).skipped).toEqual({ size: 3 })
})

test('a stratified selection tells in the Insight what fell short', async () => {
  const id = await create({ scope: { filter: '', stratify_by: 'state', targets: { each: 50 } } })
  const { selection, scope, counts } = await app.finished(id)
  expect(scope).toMatchObject({ stratify_by: 'state', targets: { each: 50 } })
  expect(counts.selected).toBe(45)
  expect(selection).toEqual({
    matched: 45,
    strata: [{ value: 'OK', available: 45, wanted: 50, selected: 45 }],
    strata_count: 1,
    short_count: 1,
    shortfall: '1 kind is short of what was wanted: OK 45 of 50.',
  })
})

test.each([
  [{ filter: '', targets: { each: 3 } }, /stratify_by/],
  [{ filter: '', stratify_by: 'state', targets: { shares: { OK: 0.5 } } }, /max_traces/],
  [{ filter: '', stratify_by: 'state', max_traces: 9, targets: { shares: { OK: 0.7, ERROR: 0.4 } } }, /more than 1/],
])('targets that cannot be meant are refused with what is missing', async (scope, says) => {
  const answer = await app.ask('POST', '/insights', { ...body(), scope })
  expect(answer).toMatchObject({
    status: 400,
    problem: { code: 'request.invalid', detail: expect.stringMatching(says) },
  })
})

test('while the rest arrives a provisional hierarchy is shown, and the final one replaces it', async () => {
  readsLeft = 25
  const id = await create({ instruction: 'What comes first?', options: { provisional_at: 15 } })
  const tree = () => app.call('GET', `/insights/${id}/clusters`, ClustersAnswer)
  await expect.poll(async () => (await tree()).provisional, { timeout: 15_000 }).toBe(true)
  const early = await tree()
  expect(early.provisional_of).toBeGreaterThanOrEqual(15)
  expect(early.clusters.length).toBeGreaterThan(0)
  expect(early.clusters.reduce((sum, { size }) => sum + size, 0) + early.unassigned.size).toBe(early.provisional_of)
  expect((await app.call('GET', `/insights/${id}`, InsightAnswer)).status).toBe('RUNNING')
  openGate()
  const { counts } = await app.finished(id)
  const late = await tree()
  expect(late).toMatchObject({ provisional: false })
  expect(late.provisional_of).toBeUndefined()
  expect(late.clusters.reduce((sum, { size }) => sum + size, 0)).toBe(counts.clustered)
})
