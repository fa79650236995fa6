// A service with workers, a tracking store and a stand-in model, each a process of its own, as the benches of jobs use them.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importTraces } from '#/server/import/import-traces.ts'
import { createMlflowClient } from '#/server/mlflow/client.ts'
import type { InsightAnswer } from '#/server/api/schemas/insights.ts'
import { listEvents } from '#/server/db/events.ts'
import type { EventRecord } from '#/server/db/records.ts'
import { createTestDatabase } from '#/test/support/database.ts'
import {
  type Program,
  readCpuSeconds,
  readMemory,
  startModelProgram,
  startServiceProgram,
  startTrackingProgram,
  startWorkerProgram,
} from '#/test/support/programs.ts'
import { createInsight, finishedInsight } from '#/test/support/service.ts'
import { conversations, writeTraceFile } from '#/test/support/trace-lines.ts'
import { runBareLoop } from './bare-loop.ts'

const { signal } = new AbortController()
const timeoutMs = 20 * 60_000
const instruction = 'What do people ask for?'

export type World = AsyncDisposable & {
  /** An experiment of so many short conversations. */
  importConversations: (count: number) => Promise<string>
  create: (experimentId: string, concurrency: number) => Promise<string>
  /** The calls of a job on so many short conversations, made by nobody but this loop. */
  runBareLoop: (options: { traces: number; concurrency: number }) => ReturnType<typeof runBareLoop>
  finished: (id: string, onLook?: (insight: InsightAnswer) => void) => Promise<InsightAnswer>
  /** Everything that was told of an Insight. */
  eventsOf: (id: string) => Promise<EventRecord[]>
  /** What each process has used since its start. */
  used: () => Record<'worker' | 'web' | 'model' | 'tracking', Used>
}

export type Used = { cpuS: number; peakMb: number }

/** PostgreSQL, a web process and so many workers; `concurrency` is that of all of them together. */
export async function openWorld(options: {
  workers: number
  concurrency: number
  latencyMs: number
  /** Passed to node for each worker, such as --cpu-prof. */
  workerFlags?: readonly string[]
}): Promise<World> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'insights-bench-job-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const [model, tracking] = await Promise.all([
    startModelProgram(['--latency', String(options.latencyMs)]),
    startTrackingProgram({ dataDir: join(folder, 'tracking') }),
  ])
  stack.use(model)
  stack.use(tracking)
  const place = stack.use(await createTestDatabase('postgresql'))
  await place.database[Symbol.asyncDispose]()
  const env = {
    MLFLOW_TRACKING_URI: tracking.url,
    OPENAI_BASE_URL: model.url,
    DATABASE_URL: place.config.databaseUrl ?? '',
    INSIGHTS_CONCURRENCY: String(options.concurrency),
    // Every trace is to be asked about.
    INSIGHTS_CACHE_DAYS: '0',
  }
  const web = stack.use(await startServiceProgram({ ...env, INSIGHTS_MODE: 'web' }))
  const workers: Program[] = []
  for (let worker = 0; worker < options.workers; worker++)
    workers.push(await startWorkerProgram(env, { flags: options.workerFlags ?? [] }))
  // Stopped and not killed: a profile is written at the end.
  stack.defer(async () => void (await Promise.all(workers.map((worker) => worker.stop()))))
  const mlflow = createMlflowClient({ trackingUri: tracking.url })
  let imports = 0
  const kept = stack.move()
  return {
    importConversations: async (count) => {
      const name = `conversations ${++imports}`
      const path = join(folder, 'traces.jsonl')
      await writeTraceFile(path, conversations(count), name)
      return (await importTraces(mlflow, { path, experiment: name, signal })).experimentId
    },
    create: (experimentId, concurrency) =>
      createInsight(web.url, {
        experiment_id: experimentId,
        instruction,
        scope: { filter: '' },
        options: { seed: 1, concurrency },
      }),
    runBareLoop: (options) => runBareLoop(model.url, { ...options, instruction }),
    finished: (id, onLook) =>
      finishedInsight(web.url, id, { timeoutMs, everyMs: 250, ...(onLook === undefined ? {} : { onLook }) }),
    eventsOf: async (id) => {
      const { db } = await place.reopen()
      const all: EventRecord[] = []
      for (let page = await listEvents(db, id, 0); page.length > 0; page = await listEvents(db, id, all.at(-1)!.seq))
        all.push(...page)
      return all
    },
    used: () => ({
      worker: usedBy(workers),
      web: usedBy([web]),
      model: usedBy([model]),
      tracking: usedBy([tracking]),
    }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

function usedBy(programs: readonly Program[]): Used {
  return {
    cpuS: programs.reduce((sum, { pid }) => sum + readCpuSeconds(pid), 0),
    peakMb: Math.max(0, ...programs.map(({ pid }) => readMemory(pid).peakMb)),
  }
}
