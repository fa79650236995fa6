// Peak memory of the service during an Insight on many real traces, seen from outside the process:
//   node test/bench/memory.ts [--traces 10000] [--data tau_retail|short] [--database embedded|postgresql] [--store FOLDER|embedded]
// tau_retail is repeated with new ids; `short` are conversations of two sentences, for 100,000 of them in reasonable time.
// The tracking store runs as a process of its own, so only the service is counted; --store keeps its folder between runs,
// since the import takes longer than the Insight. With --store embedded everything is one process, as in `npm start`.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { InsightList, ServiceAnswer } from '#/server/api/schemas/insights.ts'
import { importTraces } from '#/server/import/import-traces.ts'
import { createMlflowClient } from '#/server/mlflow/client.ts'
import { dataSets, findDataDir, readJsonLines } from '#/test/support/data.ts'
import { createTestDatabase } from '#/test/support/database.ts'
import {
  forgetPeak,
  type Program,
  readMemory,
  startServiceProgram,
  startTrackingProgram,
} from '#/test/support/programs.ts'
import { clientOf, createInsight, finishedInsight } from '#/test/support/service.ts'
import { conversations, toTraceLine } from '#/test/support/trace-lines.ts'

const { values: flags } = parseArgs({
  options: {
    traces: { type: 'string', default: '10000' },
    data: { type: 'string', default: 'tau_retail' },
    database: { type: 'string', default: 'embedded' },
    store: { type: 'string' },
    /** Passed to node, such as --heapsnapshot-signal=SIGUSR2. */
    node: { type: 'string', multiple: true, default: [] },
  },
})
/** Of ten thousand traces, and of more. */
const targetMb = { embedded: 1200, postgresql: 600 }
const largeTargetMb = 1500
const { signal } = new AbortController()

// Leaves nothing behind: the processes it started end with it.
for (const ending of ['SIGINT', 'SIGTERM'] as const) process.once(ending, () => process.exit(1))

type Line = { trace_id: string; spans: { span_id: string; parent_id: string | null }[] }

/** The traces again and again until there are enough, every copy with ids of its own. */
async function* repeated(path: string, count: number): AsyncGenerator<string> {
  for (let copy = 0, written = 0; written < count; copy++) {
    for await (const { labels: _labels, ...line } of readJsonLines<Line & { labels?: unknown }>(path)) {
      if (written++ === count) return
      yield `${JSON.stringify(copy === 0 ? line : withNewIds(line, copy))}\n`
    }
  }
}

function withNewIds(line: Line, copy: number): Line {
  const renew = (id: string, digits: number): string =>
    createHash('sha256').update(`${id}#${copy}`).digest('hex').slice(0, digits)
  return {
    ...line,
    trace_id: `tr-${renew(line.trace_id, 32)}`,
    spans: line.spans.map((span) => ({
      ...span,
      span_id: renew(span.span_id, 16),
      parent_id: span.parent_id === null ? null : renew(span.parent_id, 16),
    })),
  }
}

async function* short(count: number): AsyncGenerator<string> {
  const salt = 'short'
  for (const [at, spoken] of conversations(count).entries()) yield `${JSON.stringify(toTraceLine(spoken, at, salt))}\n`
}

async function* longOnes(count: number): AsyncGenerator<string> {
  const dataDir = findDataDir()
  if (dataDir === undefined) throw new Error('The labelled traces are not here: name their folder in TRACE_DATA_DIR.')
  yield* repeated(join(dataDir, dataSets.tau_retail), count)
}

/** Imports what the store does not have yet, and answers the experiment. */
async function fill(trackingUri: string, count: number, folder: string): Promise<string> {
  const client = createMlflowClient({ trackingUri })
  const experiment = `${flags.data} x ${count}`
  const experimentId = await client.ensureExperiment(experiment, { signal })
  const stored = await client.countTraces({ experimentId, filter: '' }, { signal })
  if (stored.count >= count) return experimentId
  const importingAt = performance.now()
  const path = join(folder, 'traces.jsonl')
  const lines = flags.data === 'short' ? short(count) : longOnes(count)
  await pipeline(Readable.from(lines), createWriteStream(path))
  const { imported, failed } = await importTraces(client, { path, experiment, signal })
  await rm(path)
  console.log(`imported ${imported} (${failed} failed) in ${seconds(importingAt)} s`)
  return experimentId
}

async function untilIdle(url: string): Promise<void> {
  for (;;) {
    const { items } = await clientOf(url).get(InsightList, '/insights', { signal })
    if (items.every(({ status }) => status === 'FINISHED')) return
    await wait(200)
  }
}

/** How long each answer takes that the page of an Insight opens with, asked for all at once as a browser does. */
async function openInsightPage(url: string, id: string): Promise<Record<string, number>> {
  const paths = { insight: '', clusters: '/clusters', traces: '/traces?page_size=50', map: '/map' }
  const took = Object.entries(paths).map(async ([name, path]) => {
    const askedAt = performance.now()
    const answer = await fetch(`${url}/api/v1/insights/${id}${path}`)
    const { length } = await answer.text()
    if (!answer.ok || length === 0) throw new Error(`${path} answered ${answer.status}.`)
    return [name, Math.round(performance.now() - askedAt)] as const
  })
  return Object.fromEntries(await Promise.all(took))
}

async function main(): Promise<void> {
  const count = Number(flags.traces)
  const database = flags.database === 'postgresql' ? 'postgresql' : 'embedded'
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'insights-memory-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))

  // Only its place is used: the service opens the database itself, in its own process.
  const place = stack.use(await createTestDatabase(database))
  await place.database[Symbol.asyncDispose]()
  const { databaseUrl } = place.config
  const env = databaseUrl === undefined ? { INSIGHTS_DATA_DIR: place.config.dataDir } : { DATABASE_URL: databaseUrl }
  const start = async (more: Record<string, string> = {}) =>
    stack.use(await startServiceProgram({ ...env, ...more }, { flags: flags.node }))

  let service: Program
  let experimentId: string
  if (flags.store === 'embedded') {
    // What the import and the first Insight on the samples have left in memory is not counted.
    const first = await start()
    const { tracking_uri: trackingUri } = await clientOf(first.url).get(ServiceAnswer, '/service', { signal })
    experimentId = await fill(trackingUri, count, folder)
    await untilIdle(first.url)
    await first.stop()
    service = await start()
  } else {
    const tracking = stack.use(await startTrackingProgram({ dataDir: flags.store ?? join(folder, 'tracking') }))
    experimentId = await fill(tracking.url, count, folder)
    service = await start({ MLFLOW_TRACKING_URI: tracking.url })
  }
  const atStart = readMemory(service.pid)
  console.log(`${database}: ${mb(atStart.nowMb)} MB after the start, ${mb(atStart.peakMb)} MB at its highest`)

  const startedAt = performance.now()
  const id = await createInsight(service.url, {
    experiment_id: experimentId,
    instruction: 'What do customers want, and where does the agent fall short?',
    scope: { filter: '' },
    options: { analyst: 'builtin', seed: 1 },
  })
  // The kernel's own high-water mark, so that no peak between two looks is missed; forgotten when the stage changes.
  const peaks = new Map<string, number>()
  let stage = 'load'
  const look = (now: string): void => {
    const { peakMb } = readMemory(service.pid)
    peaks.set(stage, Math.max(peaks.get(stage) ?? 0, peakMb))
    if (now !== stage) {
      stage = now
      forgetPeak(service.pid)
    }
  }
  const insight = await finishedInsight(service.url, id, {
    timeoutMs: 3 * 3_600_000,
    everyMs: 500,
    onLook: (seen) => look(seen.stage),
  })
  const took = seconds(startedAt)
  look('page')
  for (const [name, peak] of peaks) {
    console.log(
      `${name.padEnd(10)} ${String(insight.stage_seconds[name as 'load'] ?? '').padStart(9)} s  ${mb(peak)} MB`,
    )
  }
  const pageMs = await openInsightPage(service.url, id)
  look('')
  const peakMb = Math.max(atStart.peakMb, ...peaks.values())
  console.log(`the page opens with answers after ${JSON.stringify(pageMs)} ms`)
  const target = count > 10_000 ? largeTargetMb : targetMb[database]
  const result = {
    bench: 'memory',
    database,
    one_process: flags.store === 'embedded',
    traces: insight.counts.selected,
    summarized: insight.counts.summarized,
    seconds: Number(took),
    stage_seconds: insight.stage_seconds,
    start_mb: Math.round(atStart.peakMb),
    peak_mb: Math.round(peakMb),
    peak_mb_by_stage: Object.fromEntries([...peaks].map(([name, peak]) => [name, Math.round(peak)])),
    page_ms: pageMs,
    target_mb: target,
    ok: peakMb < target,
  }
  console.log(`BENCH ${JSON.stringify(result)}`)
  // Not killed: a profile is written at the end.
  await service.stop()
}

const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(1)
const mb = (value: number): string => value.toFixed(0).padStart(5)

await main()
