// Publishing speed as a ratio to a bare loop that makes the same requests to the same server at the same concurrency:
//   node test/bench/publish.ts [--store embedded|mlflow] [--traces 300] [--rounds 5] [--database embedded|postgresql]
// Rounds alternate (ours, bare, bare, ours, …) and medians are compared, since a machine's speed drifts.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Summary, SummaryRecord } from '#/pipeline/insight.ts'
import { noUsage } from '#/pipeline/insight.ts'
import { clusterTag, clusterTagValue, ownClusterTag } from '#/pipeline/names.ts'
import type { ClusterAssignment } from '#/pipeline/ports.ts'
import { publishAssignments } from '#/pipeline/publish.ts'
import { toAssessment, writeConcurrency } from '#/pipeline/summarize.ts'
import type { Trace } from '#/pipeline/trace.ts'
import { createCheckpoints } from '#/server/db/checkpoints.ts'
import type { Database } from '#/server/db/database.ts'
import { insertInsight } from '#/server/db/insights.ts'
import { createMlflowClient, toTracking } from '#/server/mlflow/client.ts'
import { createTestDatabase } from '#/test/support/database.ts'
import { startRealMlflow } from '#/test/support/real-server.ts'
import { createPlainAnalyst, plainSpec, traceSaying } from '#/test/support/plain-world.ts'
import { startTrackingProgram } from '#/test/support/programs.ts'

const { values: flags } = parseArgs({
  options: {
    store: { type: 'string', default: 'embedded' },
    traces: { type: 'string', default: '300' },
    rounds: { type: 'string', default: '5' },
    database: { type: 'string', default: 'embedded' },
  },
})
const { signal } = new AbortController()

type Target = { url: string; experimentId: string; traces: readonly Trace[]; database: Database }

/** Seconds of both halves (creating assessments; updates and tags), and processor seconds of this process. */
type Took = { create: number; place: number; cpu: number }
const total = ({ create, place }: Took): number => create + place

/** Ours: the pipeline's publishing with real checkpoints, for summaries that are saved and none of which is written yet. */
async function publishOurs({ url, experimentId, traces, database }: Target): Promise<Took> {
  const client = createMlflowClient({ trackingUri: url })
  const spec = { ...plainSpec, experimentId }
  const { runId } = await client.createRun(
    { experimentId, name: 'publish', startTimeMs: Date.now(), tags: {} },
    { signal },
  )
  await insertInsight(database.db, { id: runId, experimentName: '', spec, choices: {}, models: undefined, prompts: [] })
  const checkpoints = createCheckpoints(database.db, runId)
  const records = traces.map(toRecord)
  await checkpoints.addSelected(records)
  await checkpoints.saveSummaries(records)
  const ports = { checkpoints, analyst: createPlainAnalyst(), emit: () => undefined, tracking: toTracking(client) }
  const input = { runId, records, paths: new Map<string, string[]>() }
  const options = { signal, onDone: () => undefined }

  // Without places only the first half has work.
  const creating = startClock()
  await publishAssignments({ ...input, assignments: [] }, ports, options)
  const created = creating()
  const assignments = records.map(toPlace)
  await checkpoints.saveClusters([], assignments)
  const placing = startClock()
  await publishAssignments({ ...input, assignments }, ports, options)
  const placed = placing()
  return { create: created.seconds, place: placed.seconds, cpu: created.cpu + placed.cpu }
}

/** Bare: fetch in a loop, nothing checked but the status. */
async function publishBare({ url, experimentId, traces }: Target): Promise<Took> {
  const client = createMlflowClient({ trackingUri: url })
  const { runId } = await client.createRun(
    { experimentId, name: 'bare', startTimeMs: Date.now(), tags: {} },
    { signal },
  )
  const records = traces.map(toRecord)
  const send = async (method: string, path: string, body: unknown): Promise<void> => {
    const answer = await fetch(`${url}/api/3.0/mlflow/traces/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 300)}`)
  }
  const forAll = async (work: (record: SummaryRecord) => Promise<void>): Promise<void> => {
    let next = 0
    const worker = async (): Promise<void> => {
      for (let record = records[next++]; record !== undefined; record = records[next++]) await work(record)
    }
    await Promise.all(Array.from({ length: writeConcurrency }, worker))
  }

  const creating = startClock()
  await forAll(async (record) => {
    const { assessmentId, traceId, name, value, source, metadata } = toAssessment(runId, record, 'summarize@1')
    await send('POST', `${traceId}/assessments`, {
      assessment: {
        assessment_id: assessmentId,
        assessment_name: name,
        trace_id: traceId,
        source: { source_type: source.type, source_id: source.id },
        feedback: { value },
        metadata,
      },
    })
  })
  const created = creating()
  const placing = startClock()
  await forAll(async (record) => {
    const { traceId, assessmentId } = toAssessment(runId, record, 'summarize@1')
    const { clusterId, reason } = toPlace(record)
    const value = clusterTagValue(runId, clusterId)
    await send('PATCH', `${traceId}/assessments/${assessmentId}`, {
      assessment: {
        rationale: reason,
        metadata: { 'mlflow.insights.cluster_id': value, 'mlflow.insights.cluster_path': 'Unassigned' },
      },
      update_mask: 'rationale,metadata',
    })
    await send('PATCH', `${traceId}/tags`, { key: clusterTag, value })
    await send('PATCH', `${traceId}/tags`, { key: ownClusterTag(runId), value })
  })
  const placed = placing()
  return { create: created.seconds, place: placed.seconds, cpu: created.cpu + placed.cpu }
}

function startClock(): () => { seconds: number; cpu: number } {
  const startedAt = performance.now()
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return { seconds: (performance.now() - startedAt) / 1000, cpu: (user + system) / 1e6 }
  }
}

function toSummary(text: string): Summary {
  return {
    title: text.slice(0, 60),
    text: `The user asks: ${text} The assistant looks the order up, explains the rule that applies, and offers what it can do.`,
    groupingText: text,
    outcome: 'resolved',
    language: 'en',
    evidence: [],
    readShare: 1,
    usage: noUsage,
    model: 'builtin',
  }
}

function toRecord({ info }: Trace, ordinal: number): SummaryRecord {
  const facts = {
    requestTimeMs: info.requestTimeMs,
    state: info.state,
    feedback: { positive: 0, negative: 0 },
    requestPreview: info.requestPreview,
  }
  return { traceId: info.traceId, ordinal, summary: toSummary(info.requestPreview), facts }
}

function toPlace({ traceId, ordinal }: SummaryRecord): ClusterAssignment {
  const clusterId = `${1 + (ordinal % 7)}.${1 + (ordinal % 3)}`
  const reason = `In “Orders › Refunds not received”: number ${ordinal} of 300 by closeness to the centre, well inside (distance 0.31); the cluster stands out by: refund, order, received, days.`
  return { traceId, clusterId, reason, x: 0, y: 0, distance: 0.31 }
}

/** Traces without spans in an experiment of their own: what is measured are writes onto them. */
async function createTraces(url: string, count: number): Promise<{ experimentId: string; traces: Trace[] }> {
  const client = createMlflowClient({ trackingUri: url })
  const experimentId = await client.ensureExperiment(`publish ${crypto.randomUUID()}`, { signal })
  const traces = Array.from({ length: count }, (_, at) =>
    traceSaying(
      `tr-${crypto.randomUUID().replaceAll('-', '')}`,
      `My refund for order ${1000 + at} has not arrived and it has been two weeks.`,
      { experimentId },
    ),
  )
  let next = 0
  const worker = async (): Promise<void> => {
    for (let trace = traces[next++]; trace !== undefined; trace = traces[next++]) {
      const { traceId, requestTimeMs, requestPreview } = trace.info
      const answer = await fetch(`${url}/api/3.0/mlflow/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          trace: {
            trace_info: {
              trace_id: traceId,
              trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experimentId } },
              request_time: new Date(requestTimeMs).toISOString(),
              execution_duration: '0.100s',
              state: 'OK',
              request_preview: requestPreview,
            },
          },
        }),
      })
      if (!answer.ok) throw new Error(`A trace was not taken: ${answer.status} ${await answer.text()}`)
      await answer.body?.cancel()
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  return { experimentId, traces }
}

async function openStore(kind: string): Promise<AsyncDisposable & { url: string }> {
  if (kind === 'embedded') {
    const dataDir = await mkdtemp(join(tmpdir(), 'insights-bench-'))
    const program = await startTrackingProgram({ dataDir })
    return {
      url: program.url,
      [Symbol.asyncDispose]: async () => {
        await program.stop()
        await rm(dataDir, { recursive: true, force: true })
      },
    }
  }
  const server = await startRealMlflow()
  return { url: server.url, [Symbol.asyncDispose]: server.close }
}

const median = (values: readonly number[]): number => {
  const ascending = [...values].sort((a, b) => a - b)
  const middle = ascending.length / 2
  return ((ascending[Math.ceil(middle) - 1] ?? 0) + (ascending[Math.floor(middle)] ?? 0)) / 2
}

const round = (value: number): number => Number(value.toFixed(3))
const describe = ({ create, place, cpu }: Took): string =>
  `create ${create.toFixed(2)}, place ${place.toFixed(2)}, cpu ${cpu.toFixed(2)}`

async function main(): Promise<void> {
  const rounds = Number(flags.rounds)
  const count = Number(flags.traces)
  await using store = await openStore(flags.store)
  await using place = await createTestDatabase(flags.database === 'postgresql' ? 'postgresql' : 'embedded')
  const target = { url: store.url, database: place.database, ...(await createTraces(store.url, count)) }
  // Both once unmeasured: connections, prepared statements, compiled code.
  await publishBare(target)
  await publishOurs(target)
  const ours: Took[] = []
  const bare: Took[] = []
  console.log(`${count} traces, ${rounds} rounds, ${flags.store} store, ${flags.database} database; seconds`)
  for (let at = 0; at < rounds; at++) {
    const steps = [async () => ours.push(await publishOurs(target)), async () => bare.push(await publishBare(target))]
    for (const step of at % 2 === 0 ? steps : steps.reverse()) await step()
    console.log(`round ${at + 1}: ours ${describe(ours.at(-1)!)} | bare ${describe(bare.at(-1)!)}`)
  }
  const result = {
    bench: 'publish',
    store: flags.store,
    database: flags.database,
    traces: count,
    rounds,
    ours_s: round(median(ours.map(total))),
    bare_s: round(median(bare.map(total))),
    ratio: round(median(bare.map(total)) / median(ours.map(total))),
    ratio_create: round(median(bare.map(({ create }) => create)) / median(ours.map(({ create }) => create))),
    ratio_place: round(median(bare.map(({ place }) => place)) / median(ours.map(({ place }) => place))),
    cpu_ratio: round(median(bare.map(({ cpu }) => cpu)) / median(ours.map(({ cpu }) => cpu))),
    target: 0.9,
  }
  console.log(`BENCH ${JSON.stringify(result)}`)
}

await main()
