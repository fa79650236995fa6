import { expect, test } from 'vitest'
import { ClusterDetailsSchema } from '#/pipeline/artifact.ts'
import { afterAttempts } from '#/pipeline/attempts.ts'
import { AppError } from '#/pipeline/errors.ts'
import { assessmentId } from '#/pipeline/ids.ts'
import { createMatrix } from '#/clustering/matrix/matrix.ts'
import { noUsage } from '#/pipeline/insight.ts'
import { ModelCallError } from '#/pipeline/model/complete.ts'
import type { Analyst } from '#/pipeline/ports.ts'
import { runInsight } from '#/pipeline/run.ts'
import { createPlainAnalyst, createPlainWorld, detailsOf, plainSpec, traceSaying } from '#/test/support/plain-world.ts'

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
  const place = `r1/${world.checkpoints.clusters().find(({ traceIds }) => traceIds.includes('tr-4'))?.id}`
  expect(world.tracking.assessments.get(assessmentId(runId, 'tr-4'))).toMatchObject({
    name: 'insight_summary',
    value: 'The user says: login question 4',
    rationale: expect.stringContaining('login question'),
    metadata: { 'mlflow.assessment.sourceRunId': runId, 'mlflow.insights.cluster_id': place },
  })
  expect(world.tracking.tags.get('tr-4')).toEqual({
    'mlflow.insights.cluster_id': place,
    'mlflow.insights.r1.cluster_id': place,
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
  const { counts } = await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  const details = detailsOf(world)
  expect(counts).toMatchObject({ selected: 20, summarized: 19, failed: 1 })
  expect(details.failures).toEqual([
    { trace_id: 'tr-3', stage: 'summarize', code: 'model.refused', message: 'The model refused this trace.' },
  ])
  expect(world.tracking.assessments.size).toBe(19)
})

test.each([
  ['model.refused', 'settings'],
  ['model.too_long', 'settings'],
  ['model.bad_answer', 'retry'],
  ['trace.unreadable', 'none'],
  ['trace.not_found', 'none'],
] as const)(
  'a trace that failed with %s says how often it was tried and that the next step is: %s',
  async (code, next) => {
    const plain = createPlainAnalyst()
    const world = createPlainWorld(say(20), {
      summarize: async (input, options) => {
        if (input.transcript.traceId === 'tr-3') throw afterAttempts(new AppError(code, 'It did not work.'), 4)
        return plain.summarize(input, options)
      },
    })
    await runInsight({ runId, spec: plainSpec }, world, { signal: never })
    expect(await world.checkpoints.failures()).toEqual([
      { traceId: 'tr-3', stage: 'summarize', code, message: 'It did not work.', attempts: 4, next },
    ])
  },
)

test('empty traces are skipped, not failed, and listed with their reason', async () => {
  const world = createPlainWorld([...say(6), traceSaying('tr-empty', '')])
  const { counts } = await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  expect(counts).toEqual({ selected: 7, summarized: 6, skipped: 1, failed: 0, clustered: 6, unassigned: 0 })
  expect(JSON.parse(world.tracking.artifacts.get('insights/failures.json')!)).toEqual({
    failures: [],
    skipped: [{ traceId: 'tr-empty', code: 'trace.empty', message: 'Trace tr-empty has no text to read.' }],
  })
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
  const { counts } = await runInsight({ runId, spec }, world, { signal: never })
  const details = detailsOf(world)
  expect(counts).toMatchObject({ selected: 5, summarized: 4, failed: 1 })
  expect(details.failures[0]).toMatchObject({ trace_id: 'tr-gone', code: 'trace.not_found' })
  expect(world.tracking.linked.has('tr-gone')).toBe(false)
})

test('a run that was aborted goes on where it stopped and leaves the same records as an undisturbed one', async () => {
  const undisturbed = createPlainWorld(say(40))
  await runInsight({ runId, spec: plainSpec }, undisturbed, { signal: never })

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
  await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  expect(calls - callsBefore).toBe(40 - done)
  expect(detailsOf(world)).toEqual(detailsOf(undisturbed))
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
  await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  const details = detailsOf(world)
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
  const { counts } = await runInsight({ runId, spec }, world, { signal: never })
  const details = detailsOf(world)
  expect(counts).toMatchObject({ selected: 6, summarized: 5, failed: 1 })
  expect(details.failures[0]).toMatchObject({ trace_id: 'tr-foreign', code: 'trace.not_found' })
  expect(world.tracking.linked.has('tr-foreign')).toBe(false)
  expect(JSON.stringify([...world.tracking.artifacts.values()])).not.toContain('secret')
})

test('a model that goes away stops the job, so that traces wait for it instead of failing one by one', async () => {
  const plain = createPlainAnalyst()
  let isAway = true
  let calls = 0
  const world = createPlainWorld(say(200), {
    summarize: async (input, options) => {
      if (isAway && calls++ >= 50) throw new AppError('model.server_error', 'Overloaded.')
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
  await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  const details = detailsOf(world)
  expect(details.failures).toMatchObject([{ trace_id: 'tr-5', code: 'trace.unreadable' }])
  expect(await world.checkpoints.failures()).toMatchObject([{ next: 'retry' }])

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
  const plain = createPlainAnalyst()
  const abort = new AbortController()
  const world = createPlainWorld(traces, {
    summarize: async (input, options) => {
      abort.abort(new Error('killed'))
      return plain.summarize(input, options)
    },
  })
  await expect(runInsight({ runId, spec: plainSpec }, world, { signal: abort.signal })).rejects.toThrow('killed')
  const later = {
    ...createPlainWorld([...traces, traceSaying('tr-late', 'refund late arrival')]),
    checkpoints: world.checkpoints,
  }
  const { counts } = await runInsight({ runId, spec: plainSpec, isLoaded: true }, later, { signal: never })
  expect(counts.selected).toBe(10)
  // The stage told last is where the next attempt believes the job to be.
  expect(later.events.flatMap((event) => (event.type === 'stage' ? [event.stage] : []))).not.toContain('load')
})

test('a write that MLflow refuses for one trace is recorded, and every other trace gets its own', async () => {
  const world = createPlainWorld(say(12))
  const setTag = world.tracking.setTraceTag
  world.tracking.setTraceTag = async (tag, options) => {
    if (tag.traceId === 'tr-7') throw new AppError('trace.not_found', 'The trace was deleted.')
    return setTag(tag, options)
  }
  await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  const details = detailsOf(world)
  expect(details.failures).toMatchObject([{ trace_id: 'tr-7', stage: 'publish', code: 'trace.not_found' }])
  expect(details.counts).toMatchObject({ summarized: 12, failed: 0 })
  expect([...world.tracking.tags.keys()]).toHaveLength(11)
})

test('links that the server does not confirm are made again, and a trace deleted meanwhile fails alone', async () => {
  const world = createPlainWorld(say(12))
  const link = world.tracking.linkTraces
  let calls = 0
  world.tracking.linkTraces = async (run, ids, options) => {
    if (calls++ === 0) return link(run, ids.filter((id) => id !== 'tr-11').slice(0, 8), options)
    return link(run, ids, options)
  }
  const infos = world.tracking.getTraceInfos
  world.tracking.getTraceInfos = async (query, options) =>
    (await infos(query, options)).filter(({ traceId }) => traceId !== 'tr-11')
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
    const { body } = artifact
    const size = typeof body === 'function' ? [...body()].join('').length : body.length
    if (size > 4_000_000) throw new AppError('mlflow.unsupported', 'Too large for this store.')
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

/** An analyst whose every step costs one call, and how often each was asked. */
function createPaidAnalyst() {
  const plain = createPlainAnalyst()
  const usage = { ...noUsage, inputTokens: 100, calls: 1 }
  const asked = { summarize: 0, embed: 0, name: 0, overview: 0 }
  const analyst: Partial<Analyst> = {
    summarize: (input, options) => {
      asked.summarize++
      return plain.summarize(input, options)
    },
    embed: async (texts, { onVectors }) => {
      const vectors = createMatrix(texts.length, 2)
      for (const [row] of texts.entries()) {
        asked.embed++
        await onVectors?.({ rows: [{ row, vector: Float32Array.of(row, 1) }], usage })
      }
      return { vectors, usage }
    },
    nameClusters: async (input, options) => {
      asked.name++
      return { ...(await plain.nameClusters(input, options)), usage }
    },
    writeOverview: async (input, options) => {
      asked.overview++
      return { ...(await plain.writeOverview(input, options)), usage }
    },
  }
  return { analyst, asked }
}

test('tokens and calls are on record by kind of call, and come to the whole', async () => {
  const { analyst } = createPaidAnalyst()
  const plain = createPlainAnalyst()
  const draftAndCheck = { ...noUsage, inputTokens: 500, outputTokens: 70, costUsd: 0.5, calls: 2 }
  const checkUsage = { ...noUsage, inputTokens: 200, outputTokens: 10, costUsd: 0.25, calls: 1 }
  const world = createPlainWorld(say(12), {
    ...analyst,
    writeOverview: async (input, options) => ({
      ...(await plain.writeOverview(input, options)),
      usage: draftAndCheck,
      checkUsage,
    }),
  })
  await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  const { metrics } = world.tracking.run
  expect(metrics).toMatchObject({
    tokens_in_summarize: 120,
    tokens_out_summarize: 60,
    model_calls_summarize: 12,
    tokens_in_embed: 1_200,
    tokens_in_name: 100,
    tokens_in_overview: 300,
    tokens_out_overview: 60,
    model_calls_overview: 1,
    tokens_in_check: 200,
    tokens_out_check: 10,
    model_calls_check: 1,
  })
  const { usage } = detailsOf(world)
  const kinds = Object.values(usage.by_call ?? {})
  expect(usage.by_call?.check).toEqual({
    input_tokens: 200,
    output_tokens: 10,
    cached_tokens: 0,
    calls: 1,
    cost_usd: 0.25,
  })
  for (const field of ['input_tokens', 'output_tokens', 'cached_tokens', 'calls', 'cost_usd'] as const) {
    expect(kinds.reduce((sum, kind) => sum + kind[field], 0)).toBe(usage[field])
  }
  expect(usage.calls).toBe(metrics['model_calls'])
})

test('a job killed at any of its later steps pays for none of them twice', async () => {
  const undisturbed = createPlainWorld(say(12), createPaidAnalyst().analyst)
  const whole = await runInsight({ runId, spec: plainSpec }, undisturbed, { signal: never })
  expect(whole.usage.calls).toBe(12 + 12 + 1 + 1)

  const { analyst, asked } = createPaidAnalyst()
  const world = createPlainWorld(say(12), analyst)
  const deaths: [keyof typeof world.checkpoints, number][] = [
    ['saveVectors', 5],
    ['saveClusters', 0],
    ['unpublished', 0],
  ]
  for (const [method, after] of deaths) {
    let calls = 0
    const mortal = {
      ...world.checkpoints,
      [method]: (...args: never[]) => {
        if (calls++ === after) throw new Error('killed')
        return (world.checkpoints[method] as (...all: never[]) => unknown)(...args)
      },
    }
    await expect(
      runInsight({ runId, spec: plainSpec }, { ...world, checkpoints: mortal }, { signal: never }),
    ).rejects.toThrow('killed')
  }
  const result = await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  // The batch that was on its way when the job died is the only thing asked for again.
  expect(asked).toEqual({ summarize: 12, embed: 13, name: 1, overview: 1 })
  expect(result.usage).toEqual(whole.usage)
  expect(detailsOf(world)).toEqual(detailsOf(undisturbed))
})

test('a job killed after its last record only says that it is finished', async () => {
  const { analyst, asked } = createPaidAnalyst()
  const world = createPlainWorld(say(12), analyst)
  const { updateRun } = world.tracking
  world.tracking.updateRun = async (update, options) => {
    if (update.status === 'FINISHED') throw new Error('killed')
    return updateRun(update, options)
  }
  await expect(runInsight({ runId, spec: plainSpec }, world, { signal: never })).rejects.toThrow('killed')
  world.tracking.updateRun = updateRun
  const before = { asked: { ...asked }, writes: world.tracking.writes }
  const result = await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  expect({ asked, writes: world.tracking.writes }).toEqual(before)
  expect(world.tracking.run).toMatchObject({ status: 'FINISHED', endTimeMs: result.finishedAtMs })
  expect(result.counts).toEqual(detailsOf(world).counts)
})

test('what a trace cost that failed all the same is counted', async () => {
  const plain = createPlainAnalyst()
  const world = createPlainWorld(say(12), {
    summarize: async (input, options) => {
      if (input.transcript.traceId !== 'tr-3') return plain.summarize(input, options)
      const usage = { ...noUsage, inputTokens: 1_000, calls: 3 }
      throw new ModelCallError('model.bad_answer', 'Nonsense.', { cause: undefined, usage })
    },
  })
  const { usage } = await runInsight({ runId, spec: plainSpec }, world, { signal: never })
  expect(usage).toMatchObject({ inputTokens: 11 * 10 + 1_000, calls: 11 + 3 })
})
