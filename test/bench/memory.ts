// Peak memory of the service during an Insight on many real traces, seen from outside the process:
//   node test/bench/memory.ts [--traces 10000] [--data tau_retail|short] [--database embedded|postgresql] [--store FOLDER]
// tau_retail is repeated with new ids; `short` are conversations of two sentences, for 100,000 of them in reasonable time. The tracking store runs as a process of its own, so only the service is counted;
// --store keeps its folder between runs, since the import takes longer than the Insight.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { importTraces } from '#/server/import/import-traces.ts'
import { createMlflowClient } from '#/server/mlflow/client.ts'
import { dataSets, findDataDir, readJsonLines } from '#/test/support/data.ts'
import { createTestDatabase } from '#/test/support/database.ts'
import { forgetPeak, readMemory, startServiceProgram, startTrackingProgram } from '#/test/support/programs.ts'
import { createInsight, finishedInsight } from '#/test/support/service.ts'
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
const targetMb = { embedded: 1200, postgresql: 600 }
const { signal } = new AbortController()

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

async function main(): Promise<void> {
  const count = Number(flags.traces)
  const database = flags.database === 'postgresql' ? 'postgresql' : 'embedded'
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'insights-memory-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))

  const tracking = stack.use(await startTrackingProgram({ dataDir: flags.store ?? join(folder, 'tracking') }))
  const client = createMlflowClient({ trackingUri: tracking.url })
  const experiment = `${flags.data} x ${count}`
  const experimentId = await client.ensureExperiment(experiment, { signal })
  const stored = await client.countTraces({ experimentId, filter: '' }, { signal })
  if (stored.count < count) {
    const importingAt = performance.now()
    const path = join(folder, 'traces.jsonl')
    const lines = flags.data === 'short' ? short(count) : longOnes(count)
    await pipeline(Readable.from(lines), createWriteStream(path))
    const { imported, failed } = await importTraces(client, { path, experiment, signal })
    await rm(path)
    console.log(`imported ${imported} (${failed} failed) in ${seconds(importingAt)} s`)
  }

  // Only its place is used: the service opens the database itself, in its own process.
  const place = stack.use(await createTestDatabase(database))
  await place.database[Symbol.asyncDispose]()
  const { databaseUrl } = place.config
  const service = stack.use(
    await startServiceProgram(
      {
        MLFLOW_TRACKING_URI: tracking.url,
        ...(databaseUrl === undefined ? { INSIGHTS_DATA_DIR: place.config.dataDir } : { DATABASE_URL: databaseUrl }),
      },
      { flags: flags.node },
    ),
  )
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
  look('')
  const peakMb = Math.max(atStart.peakMb, ...peaks.values())
  for (const [name, peak] of peaks) {
    console.log(
      `${name.padEnd(10)} ${String(insight.stage_seconds[name as 'load'] ?? '').padStart(9)} s  ${mb(peak)} MB`,
    )
  }
  const result = {
    bench: 'memory',
    database,
    traces: insight.counts.selected,
    summarized: insight.counts.summarized,
    seconds: Number(took),
    stage_seconds: insight.stage_seconds,
    start_mb: Math.round(atStart.peakMb),
    peak_mb: Math.round(peakMb),
    peak_mb_by_stage: Object.fromEntries([...peaks].map(([name, peak]) => [name, Math.round(peak)])),
    target_mb: targetMb[database],
    ok: peakMb < targetMb[database],
  }
  console.log(`BENCH ${JSON.stringify(result)}`)
}

const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(1)
const mb = (value: number): string => value.toFixed(0).padStart(5)

await main()
