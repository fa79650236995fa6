// What a job costs beside the model, how workers add up, and whether the small wait for the large:
//   npm run bench:job [-- --only overhead,workers,fairness,publish,memory,memory_embedded,eta] [--large 20000] [--node=FLAG]
// Parts that have a bench of their own run it as a process of its own and read its last line.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measureEtaError } from '../eta-error.ts'
import { openWorld } from './world.ts'

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    large: { type: 'string', default: '20000' },
    /** Passed to node for each worker, such as --cpu-prof. */
    node: { type: 'string', multiple: true, default: [] },
  },
})

// Leaves nothing behind: the processes it started end with it.
for (const ending of ['SIGINT', 'SIGTERM'] as const) process.once(ending, () => process.exit(1))

type Figures = Record<string, number | null>

/** Seconds of the summarize stage against what the model should take by itself at that concurrency, and what it does take. */
async function measureOverhead(): Promise<Figures> {
  const [traces, latencyMs, concurrency] = [2_000, 200, 32]
  await using world = await openWorld({ workers: 1, concurrency, latencyMs, workerFlags: flags.node })
  const experimentId = await world.importConversations(traces)
  const bare = await world.runBareLoop({ traces, concurrency })
  const before = world.used()
  let after: typeof before | undefined
  const insight = await world.finished(await world.create(experimentId, concurrency), ({ stage }) => {
    if (stage !== 'load' && stage !== 'summarize') after ??= world.used()
  })
  const took = insight.stage_seconds.summarize ?? NaN
  const ideal = (traces * latencyMs) / 1_000 / concurrency
  const cpuOf = (name: keyof typeof before): number => (after?.[name].cpuS ?? NaN) - before[name].cpuS
  return {
    overhead_ratio: took / ideal,
    overhead_s: took,
    overhead_ideal_s: ideal,
    overhead_bare_ratio: took / bare.seconds,
    overhead_bare_s: bare.seconds,
    overhead_bare_call_ms: bare.callMs,
    overhead_worker_cpu_s: cpuOf('worker'),
    overhead_worker_peak_mb: after?.worker.peakMb ?? null,
    overhead_model_cpu_s: cpuOf('model'),
    overhead_tracking_cpu_s: cpuOf('tracking'),
    overhead_web_cpu_s: cpuOf('web'),
  }
}

/**
 * Three jobs on one worker and on three, each with the same number of places of its own: how fast they go while the model is
 * the limit, from when a tenth of all traces is done until nine tenths are.
 */
async function measureWorkers(): Promise<Figures> {
  const [traces, jobs, latencyMs, placesEach] = [240, 3, 500, 8]
  const tracesPerS = async (workers: number): Promise<number> => {
    await using world = await openWorld({ workers, concurrency: workers * placesEach, latencyMs })
    const experiments: string[] = []
    for (let job = 0; job < jobs; job++) experiments.push(await world.importConversations(traces))
    const doneOf = new Map<string, number>()
    const seen: { done: number; atMs: number }[] = []
    const follow = async (experimentId: string): Promise<void> => {
      const id = await world.create(experimentId, placesEach)
      await world.finished(id, ({ stage, progress }) => {
        doneOf.set(id, stage === 'load' ? 0 : stage === 'summarize' ? (progress?.done ?? 0) : traces)
        const done = [...doneOf.values()].reduce((sum, one) => sum + one, 0)
        if (done > (seen.at(-1)?.done ?? 0)) seen.push({ done, atMs: performance.now() })
      })
    }
    await Promise.all(experiments.map(follow))
    const all = traces * jobs
    const from = seen.find(({ done }) => done >= all * 0.1)
    const to = seen.find(({ done }) => done >= all * 0.9)
    if (from === undefined || to === undefined) throw new Error('Too little was seen of the jobs.')
    return ((to.done - from.done) / (to.atMs - from.atMs)) * 1_000
  }
  const one = await tracesPerS(1)
  const three = await tracesPerS(3)
  return { workers3_speedup: three / one, workers1_traces_per_s: one, workers3_traces_per_s: three }
}

/** A small job alone, and while a large one is being summarized by the same worker. */
async function measureFairness(): Promise<Figures> {
  const concurrency = 16
  await using world = await openWorld({ workers: 1, concurrency, latencyMs: 200 })
  const small = await world.importConversations(50)
  const large = await world.importConversations(Number(flags.large))
  const time = async (): Promise<number> => {
    const startedAt = performance.now()
    await world.finished(await world.create(small, concurrency))
    return (performance.now() - startedAt) / 1_000
  }
  const alone = await time()
  const { promise: isUnderWay, resolve } = Promise.withResolvers<void>()
  let isLargeOver = false
  const id = await world.create(large, concurrency)
  void world
    .finished(id, ({ stage, progress }) => {
      if (stage === 'summarize' && (progress?.done ?? 0) > 100) resolve()
    })
    .then(
      () => (isLargeOver = true),
      () => undefined,
    )
  await isUnderWay
  const beside = await time()
  if (isLargeOver) throw new Error('The large job ended first: give it more traces with --large.')
  return { fairness_ratio: beside / alone, fairness_alone_s: alone, fairness_beside_s: beside }
}

/** How far off the time left was that was told, of a job like one that came before. */
async function measureEta(): Promise<Figures> {
  await using world = await openWorld({ workers: 1, concurrency: 8, latencyMs: 200 })
  const experimentId = await world.importConversations(600)
  await world.finished(await world.create(experimentId, 8))
  const id = await world.create(experimentId, 8)
  const { finished_at: finishedAt } = await world.finished(id)
  const { eta_error_median, eta_within_range } = measureEtaError(await world.eventsOf(id), Date.parse(finishedAt ?? ''))
  return { eta_error_median, eta_within_range }
}

/** The last line of another bench. */
async function readBench(script: string, args: readonly string[]): Promise<Record<string, unknown>> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  await once(child, 'close')
  const line = /^BENCH (\{.*\})$/m.exec(output)?.[1]
  if (line === undefined) throw new Error(`${script} has no result:\n${output.slice(-2_000)}`)
  return JSON.parse(line) as Record<string, unknown>
}

const pick = (result: Record<string, unknown>, key: string): number | null =>
  typeof result[key] === 'number' ? result[key] : null

const parts: Record<string, () => Promise<Figures>> = {
  overhead: measureOverhead,
  workers: measureWorkers,
  fairness: measureFairness,
  publish: async () => ({ publish_ratio: pick(await readBench('publish.ts', []), 'ratio') }),
  memory: async () => ({
    peak_mb_10k: pick(await readBench('memory.ts', ['--database', 'postgresql']), 'peak_mb'),
  }),
  memory_embedded: async () => ({ peak_mb_10k_embedded: pick(await readBench('memory.ts', []), 'peak_mb') }),
  eta: measureEta,
}

const wanted = flags.only?.split(',') ?? Object.keys(parts)
const figures: Figures = {}
for (const name of wanted) {
  const part = parts[name]
  if (part === undefined) throw new Error(`There is no part ${name}; there are ${Object.keys(parts).join(', ')}.`)
  Object.assign(figures, await part())
}
const rounded = Object.fromEntries(
  Object.entries(figures).map(([name, value]) => [name, value === null ? null : Number(value.toFixed(3))]),
)
console.table(rounded)
console.log(`BENCH ${JSON.stringify(rounded)}`)
// Whoever still looks after a job that was left behind would keep looking for minutes.
process.exit(0)
