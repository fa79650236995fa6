import { expect, test } from 'vitest'
import { ClusterDetailsSchema } from '#/pipeline/artifact.ts'
import { AppError } from '#/pipeline/errors.ts'
import { assessmentId } from '#/pipeline/ids.ts'
import { runInsight } from '#/pipeline/run.ts'
import { createPlainAnalyst, createPlainWorld, plainSpec, traceSaying } from '#/test/support/plain-world.ts'

const runId = 'r1'
const never = new AbortController().signal
const say = (count: number) =>
  Array.from({ length: count }, (_, at) =>
    traceSaying(`tr-${at}`, `${['refund', 'login', 'delivery'][at % 3]} question ${at}`),
  )

test('every trace ends linked, assessed once, tagged twice, and in exactly one place of the artifact', async () => {
  const world = createPlainWorld([...say(30), traceSaying('tr-short', 'hello')])
  const result = await runInsight({ runId, spec: plainSpec }, world, { signal: never })

  expect(world.tracking.run.status).toBe('FINISHED')
  expect(world.tracking.linked.size).toBe(31)
  expect(world.tracking.assessments.size).toBe(31)
  expect(world.tracking.assessments.get(assessmentId(runId, 'tr-4'))).toMatchObject({
    name: 'insight_summary',
    value: 'The user says: login question 4',
    rationale: expect.stringContaining('login question 1'),
    metadata: { 'mlflow.assessment.sourceRunId': runId, 'mlflow.insights.cluster_id': 'r1/2' },
  })
  expect(world.tracking.tags.get('tr-4')).toEqual({
    'mlflow.insights.cluster_id': 'r1/2',
    'mlflow.insights.r1.cluster_id': 'r1/2',
  })
  expect(world.tracking.tags.get('tr-short')).toMatchObject({ 'mlflow.insights.cluster_id': 'r1/unassigned' })

  const details = ClusterDetailsSchema.parse(
    JSON.parse(world.tracking.artifacts.get('mlflow_insights_cluster_details.json')!),
  )
  const placed = [...details.clusters.flatMap(({ trace_ids }) => trace_ids), ...details.unassigned.trace_ids]
  expect(placed.toSorted()).toEqual([...world.tracking.linked].toSorted())
  expect(details.counts).toEqual({ selected: 31, summarized: 31, skipped: 0, failed: 0, clustered: 30, unassigned: 1 })
  expect(result.counts).toEqual(details.counts)
  expect(world.tracking.run.metrics).toMatchObject({
    traces_selected: 31,
    traces_unassigned: 1,
    leaf_clusters: 3,
    tokens_in: 310,
  })
})

test('one trace that fails is listed with its reason and the rest goes on', async () => {
  const plain = createPlainAnalyst()
  const world = createPlainWorld(say(20), {
    summarize: async (input, options) => {
      if (input.transcript.traceId === 'tr-3') throw new AppError('model.refused', 'The model refused this trace.')
      return plain.summarize(input, options)
    },
  })
  const { counts, details } = await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  expect(counts).toMatchObject({ selected: 20, summarized: 19, failed: 1 })
  expect(details.failures).toEqual([
    { trace_id: 'tr-3', stage: 'summarize', code: 'model.refused', message: 'The model refused this trace.' },
  ])
  expect(world.tracking.assessments.size).toBe(19)
})

test('empty traces are skipped, not failed', async () => {
  const world = createPlainWorld([...say(6), traceSaying('tr-empty', '')])
  const { counts } = await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  expect(counts).toEqual({ selected: 7, summarized: 6, skipped: 1, failed: 0, clustered: 6, unassigned: 0 })
})

test('too many failures stop the run with a diagnosis and keep what succeeded', async () => {
  const plain = createPlainAnalyst()
  const world = createPlainWorld(say(10), {
    summarize: async (input, options) => {
      if (Number(input.transcript.traceId.slice(3)) < 5) throw new AppError('model.too_long', 'Too long for the model.')
      return plain.summarize(input, options)
    },
  })
  await expect(runInsight({ runId, spec: plainSpec }, world, { signal: never })).rejects.toMatchObject({
    code: 'insight.too_many_failures',
    message: expect.stringContaining('5 × model.too_long'),
  })
  expect(await world.checkpoints.counts()).toMatchObject({ summarized: 5, failed: 5 })
  expect(world.tracking.run.status).not.toBe('FINISHED')
})

test('a scope that matches nothing says so', async () => {
  const world = createPlainWorld([])
  await expect(
    runInsight({ runId, spec: { ...plainSpec, scope: { filter: "status = 'ERROR'" } } }, world, { signal: never }),
  ).rejects.toMatchObject({ code: 'insight.no_traces', message: expect.stringContaining('Loosen') })
})

test('named traces that do not exist are failures of loading, and the others are read', async () => {
  const world = createPlainWorld(say(6))
  const spec = {
    ...plainSpec,
    scope: { traceIds: ['tr-0', 'tr-1', 'tr-2', 'tr-3', 'tr-gone', 'tr-0'] },
    minSuccessShare: 0.5,
  }
  const { counts, details } = await runInsight({ runId, spec }, world, { signal: never })
  expect(counts).toMatchObject({ selected: 5, summarized: 4, failed: 1 })
  expect(details.failures[0]).toMatchObject({ trace_id: 'tr-gone', code: 'trace.not_found' })
  expect(world.tracking.linked.has('tr-gone')).toBe(false)
})

test('a run that was aborted goes on where it stopped and leaves the same records as an undisturbed one', async () => {
  const undisturbed = createPlainWorld(say(40))
  const expected = await runInsight({ runId, spec: plainSpec }, undisturbed, { signal: never })

  const abort = new AbortController()
  const plain = createPlainAnalyst()
  let calls = 0
  const world = createPlainWorld(say(40), {
    summarize: async (input, options) => {
      calls++
      if (calls === 15) abort.abort(new Error('killed'))
      return plain.summarize(input, options)
    },
  })
  await expect(runInsight({ runId, spec: plainSpec }, world, { signal: abort.signal })).rejects.toThrow('killed')
  const done = (await world.checkpoints.counts()).summarized
  expect(done).toBeGreaterThan(0)
  expect(done).toBeLessThan(40)

  const callsBefore = calls
  const result = await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  expect(calls - callsBefore).toBe(40 - done)
  expect(result.details).toEqual(expected.details)
  expect(world.tracking.assessments).toEqual(undisturbed.tracking.assessments)
  expect(world.tracking.tags).toEqual(undisturbed.tracking.tags)
})

test('a second Insight on the same traces never overwrites the tag of the first', async () => {
  const world = createPlainWorld(say(6))
  await runInsight({ runId: 'r1', spec: plainSpec }, world, { signal: never })
  const second = { ...createPlainWorld([]), tracking: world.tracking }
  await runInsight({ runId: 'r2', spec: plainSpec }, second, { signal: never })
  expect(world.tracking.tags.get('tr-0')).toEqual({
    'mlflow.insights.cluster_id': 'r2/1',
    'mlflow.insights.r1.cluster_id': 'r1/1',
    'mlflow.insights.r2.cluster_id': 'r2/1',
  })
})

test('a quote that its span does not hold is dropped, whatever the analyst claims', async () => {
  const plain = createPlainAnalyst()
  const world = createPlainWorld(say(6), {
    summarize: async (input, options) => {
      const summary = await plain.summarize(input, options)
      return {
        ...summary,
        evidence: [...summary.evidence, { spanId: summary.evidence[0]!.spanId, quote: 'I love it', verified: true }],
      }
    },
  })
  const { details } = await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  const shown = [
    ...details.clusters.flatMap(({ evidence }) => evidence),
    ...details.key_points.flatMap(({ evidence }) => evidence),
  ]
  expect(shown.length).toBeGreaterThan(0)
  expect(shown.map(({ quote }) => quote)).not.toContain('I love it')
  expect(shown.map(({ quote }) => quote)).not.toContain('never said')
})

test('an assessment that cannot be written while summarizing is written when publishing', async () => {
  const world = createPlainWorld(say(12))
  const create = world.tracking.createAssessment
  const isSummarizing = () => !world.events.some((event) => event.type === 'stage' && event.stage === 'embed')
  world.tracking.createAssessment = async (record, options) => {
    if (isSummarizing()) throw new AppError('mlflow.server_error', 'MLflow is busy.')
    return create(record, options)
  }
  await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  expect(world.tracking.assessments.size).toBe(12)
})

test('the models at work never exceed the concurrency asked for', async () => {
  const plain = createPlainAnalyst()
  let now = 0
  let most = 0
  const world = createPlainWorld(say(50), {
    summarize: async (input, options) => {
      most = Math.max(most, ++now)
      await new Promise((resolve) => setTimeout(resolve, 1))
      now--
      return plain.summarize(input, options)
    },
  })
  await runInsight({ runId, spec: { ...plainSpec, concurrency: 3 } }, world, { signal: never })
  expect(most).toBe(3)
})

test('a named trace of another experiment is not read, linked or summarized', async () => {
  const world = createPlainWorld([
    ...say(6),
    traceSaying('tr-foreign', 'refund secret of somebody else', { experimentId: '2' }),
  ])
  const spec = { ...plainSpec, scope: { traceIds: ['tr-0', 'tr-1', 'tr-2', 'tr-3', 'tr-4', 'tr-foreign'] } }
  const { counts, details } = await runInsight({ runId, spec }, world, { signal: never })
  expect(counts).toMatchObject({ selected: 6, summarized: 5, failed: 1 })
  expect(details.failures[0]).toMatchObject({ trace_id: 'tr-foreign', code: 'trace.not_found' })
  expect(world.tracking.linked.has('tr-foreign')).toBe(false)
  expect(JSON.stringify([...world.tracking.artifacts.values()])).not.toContain('secret')
})

test('a model that goes away stops the job, so that traces wait for it instead of failing one by one', async () => {
  const plain = createPlainAnalyst()
  let isAway = true
  const world = createPlainWorld(say(200), {
    summarize: async (input, options) => {
      if (isAway && Number(input.transcript.traceId.slice(3)) >= 50)
        throw new AppError('model.server_error', 'Overloaded.')
      return plain.summarize(input, options)
    },
  })
  await expect(runInsight({ runId, spec: plainSpec }, world, { signal: never })).rejects.toMatchObject({
    code: 'model.server_error',
  })
  expect((await world.checkpoints.counts()).failed).toBeLessThan(60)
  isAway = false
  await expect(runInsight({ runId, spec: plainSpec }, world, { signal: never })).resolves.toMatchObject({
    counts: { selected: 200 },
  })
})

test('a trace that MLflow cannot deliver fails alone; a server that is gone stops the job', async () => {
  const world = createPlainWorld(say(12))
  const read = world.tracking.readTrace
  world.tracking.readTrace = async (info, options) => {
    if (info.traceId === 'tr-5') throw new AppError('mlflow.unreachable', 'The connection broke off.')
    return read(info, options)
  }
  const { details } = await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  expect(details.failures).toMatchObject([{ trace_id: 'tr-5', code: 'trace.unreadable' }])

  const gone = createPlainWorld(say(12))
  gone.tracking.readTrace = async () => {
    gone.tracking.getTraceInfos = async () => {
      throw new AppError('mlflow.unreachable', 'Nobody answers.')
    }
    throw new AppError('mlflow.unreachable', 'Nobody answers.')
  }
  await expect(runInsight({ runId, spec: plainSpec }, gone, { signal: never })).rejects.toMatchObject({
    code: 'mlflow.unreachable',
  })
  expect((await gone.checkpoints.counts()).failed).toBe(0)
})

test('a selection that was made is not changed by traces that come later', async () => {
  const traces = say(10)
  const world = createPlainWorld(traces)
  await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  const later = {
    ...createPlainWorld([...traces, traceSaying('tr-late', 'refund late arrival')]),
    checkpoints: world.checkpoints,
  }
  const { counts } = await runInsight({ runId, spec: plainSpec, isLoaded: true }, later, { signal: never })
  expect(counts.selected).toBe(10)
})

test('a write that MLflow refuses for one trace is recorded, and every other trace gets its own', async () => {
  const world = createPlainWorld(say(12))
  const setTag = world.tracking.setTraceTag
  world.tracking.setTraceTag = async (tag, options) => {
    if (tag.traceId === 'tr-7') throw new AppError('trace.not_found', 'The trace was deleted.')
    return setTag(tag, options)
  }
  const { details } = await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  expect(details.failures).toMatchObject([{ trace_id: 'tr-7', stage: 'publish', code: 'trace.not_found' }])
  expect(details.counts).toMatchObject({ summarized: 12, failed: 0 })
  expect([...world.tracking.tags.keys()]).toHaveLength(11)
})

test('links that the server does not confirm are made again, and a trace deleted meanwhile fails alone', async () => {
  const world = createPlainWorld(say(12))
  const link = world.tracking.linkTraces
  let calls = 0
  world.tracking.linkTraces = async (run, ids, options) => {
    if (calls++ === 0) return link(run, ids.slice(0, 8), options)
    return link(run, ids, options)
  }
  const infos = world.tracking.getTraceInfos
  world.tracking.getTraceInfos = async (ids, options) =>
    (await infos(ids, options)).filter(({ traceId }) => traceId !== 'tr-11')
  const { counts } = await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  expect(counts).toMatchObject({ selected: 12, summarized: 11, failed: 1 })
  expect(world.tracking.linked.size).toBe(11)
})

test('summaries go up in parts where the store takes no large artifacts', async () => {
  const plain = createPlainAnalyst()
  const world = createPlainWorld(say(8), {
    summarize: async (input, options) => ({ ...(await plain.summarize(input, options)), text: 'x'.repeat(1_000_000) }),
  })
  const upload = world.tracking.uploadArtifact
  world.tracking.uploadArtifact = async (artifact, options) => {
    if (artifact.body.length > 4_000_000) throw new AppError('mlflow.unsupported', 'Too large for this store.')
    return upload(artifact, options)
  }
  await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  const parts = [...world.tracking.artifacts.keys()].filter((path) => path.startsWith('insights/summaries'))
  expect(parts).toEqual([
    'insights/summaries-0001.jsonl',
    'insights/summaries-0002.jsonl',
    'insights/summaries-0003.jsonl',
  ])
  const lines = parts.flatMap((path) => world.tracking.artifacts.get(path)!.trimEnd().split('\n'))
  expect(lines).toHaveLength(8)
})

test('what trace text brings into the run’s note is text, not links or images', async () => {
  const world = createPlainWorld(
    Array.from({ length: 6 }, (_, at) => traceSaying(`tr-${at}`, '![x](http://evil/?q) <b>bold</b> now')),
  )
  await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  const note = world.tracking.run.tags['mlflow.note.content']!
  expect(note).toContain('\\!\\[x\\]')
  expect(note).not.toMatch(/(?<!\\)!\[|(?<!\\)<b>/)
})
