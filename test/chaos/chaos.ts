// Processes are killed at random instants while they compute Insights: whatever happens, the records must be those of an
// undisturbed run, and nothing may be paid for twice beyond the calls that were under way.
import { createServer, type AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createRandom } from '#/clustering/random.ts'
import { startModelServer } from '#/mocks/model/server.ts'
import { startTrackingServer } from '#/mocks/tracking/server.ts'
import { CreatedAnswer, InsightAnswer, InsightList, ServiceAnswer } from '#/server/api/schemas/insights.ts'
import { importTraces } from '#/server/import/import-traces.ts'
import { writePatienceMs } from '#/server/insights/create.ts'
import { createMlflowClient, type MlflowClient } from '#/server/mlflow/client.ts'
import { createTestDatabase, type DatabaseKind } from '#/test/support/database.ts'
import { insightRecords } from '#/test/support/insight-records.ts'
import { startServiceProgram, startWorkerProgram } from '#/test/support/programs.ts'
import { writeSampleFile } from '#/test/support/sample-file.ts'
import { clientOf } from '#/test/support/service.ts'
import { openSlot, type Slot } from './slot.ts'

export type ChaosOptions = {
  database: DatabaseKind
  kills: number
  /** Of each job. */
  traces: number
  seed: number
  /** Calls at once of one process. */
  concurrency: number
  latencyMs: number
  /** Longest life of a process in the herd, on average twice what lies between two deaths; longer where a start takes long. */
  longestLifeMs: number
  /** No kill while an Insight is being made: what that leaves behind is tidied up only minutes later. */
  sparesCreation?: boolean
  log: (line: string) => void
}

export type ChaosReport = {
  database: DatabaseKind
  kills: number
  resumes: number
  jobs: number
  /** Summaries asked of the model, and the most it may have been asked for. */
  calls: number
  callsAllowed: number
  /** Insights whose records are not those of an undisturbed run. */
  different: string[]
  /** Runs in MLflow that look as if somebody worked on them, and Insights that did not end. */
  orphans: string[]
  stuck: string[]
  seconds: number
}

/** Embedded, one process does everything and holds the tracking store as well; on PostgreSQL a web process and three workers. */
const workers = 3
/** A cancel with a resume at once in place of a kill, so that two workers meet over one Insight. */
const resumeShare = 0.1
const endTimeoutMs = 240_000
/** What a draft is given before it counts as abandoned, and two rounds of housekeeping. */
const orphanTimeoutMs = 2 * writePatienceMs + 120_000

const name = 'chaos'
const { signal } = new AbortController()

/** Runs jobs until so many kills have struck, lets the last ones end in peace, and compares. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { database, kills, traces, concurrency, log } = options
  await using stack = new AsyncDisposableStack()
  const random = createRandom(options.seed)
  const folder = await mkdtemp(join(tmpdir(), 'insights-chaos-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const model = await startModelServer({ latencyMs: options.latencyMs })
  stack.defer(() => model.close())
  const place = stack.use(await createTestDatabase(database))
  await place.database[Symbol.asyncDispose]()

  const common = {
    OPENAI_BASE_URL: model.url,
    INSIGHTS_CONCURRENCY: String(concurrency),
    // The checkpoints alone must see to it that nothing is paid for twice.
    INSIGHTS_CACHE_DAYS: '0',
    PORT: String(await findFreePort()),
  }
  const slots: Slot[] = []
  if (database === 'embedded') {
    const env = { ...common, INSIGHTS_DATA_DIR: place.config.dataDir }
    slots.push(openSlot((hooks) => startServiceProgram(env, hooks)))
  } else {
    const tracking = await startTrackingServer({ port: 0, dataDir: join(folder, 'tracking') })
    stack.defer(() => tracking.close())
    const env = { ...common, DATABASE_URL: place.config.databaseUrl ?? '', MLFLOW_TRACKING_URI: tracking.url }
    slots.push(openSlot((hooks) => startServiceProgram({ ...env, INSIGHTS_MODE: 'web' }, hooks)))
    for (let number = 0; number < workers; number++) slots.push(openSlot((hooks) => startWorkerProgram(env, hooks)))
  }
  for (const slot of slots) stack.use(slot)
  const { url } = await slots[0]!.ready()
  await Promise.all(slots.map((slot) => slot.ready()))
  const service = clientOf(url)
  /** Asks until somebody answers: the service is dead half of the time. */
  const insist = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (const until = performance.now() + endTimeoutMs; ;) {
      try {
        return await ask()
      } catch (error) {
        if (performance.now() > until) throw error
        await wait(100)
      }
    }
  }

  const about = await insist(() => service.get(ServiceAnswer, '/service', { signal }))
  const trackingUri = about.tracking_uri
  const mlflow = createMlflowClient({ trackingUri })
  const experimentId = about.samples_experiment_id ?? (await importSamples(mlflow, folder))
  const traceIds: string[] = []
  for await (const page of mlflow.searchTraces({ experimentId, filter: '' }, { signal }))
    traceIds.push(...page.map(({ traceId }) => traceId))
  const create = async (): Promise<string> => {
    const body = {
      experiment_id: experimentId,
      instruction: 'What do people need help with?',
      name,
      scope: { filter: '', max_traces: traces },
      options: { seed: 3, concurrency },
    }
    return (await service.post(CreatedAnswer, '/insights', body, { signal })).id
  }
  const listAll = async () =>
    (
      await insist(() =>
        service.get(InsightList, `/insights?experiment_id=${experimentId}&search=${name}&page_size=200`, { signal }),
      )
    ).items
  const allEnded = async (): Promise<boolean> =>
    (await listAll()).every(({ status }) => status !== 'SCHEDULED' && status !== 'RUNNING')

  const calm = await insist(create)
  while (!(await allEnded())) await wait(200)
  const expected = await insightRecords(trackingUri, calm, traceIds)
  if (expected.summaries < traces * 0.8) throw new Error(`Only ${expected.summaries} summaries without any kill.`)
  // More than traces: what the stand-in cannot summarize is tried to the end.
  const calmCalls = countSummaries(model.calls())

  const startedAt = performance.now()
  let killed = 0
  const resumed: string[] = []
  const fed = new AbortController()
  let creating: Promise<unknown> = Promise.resolve()
  const feeding = (async () => {
    const wanted = slots.length === 1 ? 1 : workers
    while (!fed.signal.aborted) {
      const open = (await listAll()).filter(({ status }) => status === 'SCHEDULED' || status === 'RUNNING')
      // An answer that is lost in a kill is not asked for again: whatever came of it is in the list.
      if (open.length < wanted) {
        creating = create().catch(() => undefined)
        await creating
      }
      await wait(200)
    }
  })()
  while (killed < kills) {
    // On a busy machine a start may take longer than most lives: some must last until something is done.
    const longestLifeMs = Math.max(options.longestLifeMs, ...slots.map((slot) => 3 * slot.startMs()))
    await wait((random() * longestLifeMs) / slots.length)
    if (random() < resumeShare) {
      resumed.push(...(await cancelAndResume(service, await listAll(), random)))
      continue
    }
    if (options.sparesCreation === true) await creating
    slots[Math.floor(random() * slots.length)]?.kill()
    killed++
    if (killed % 20 === 0) log(`${database}: ${killed} kills, ${(await listAll()).length - 1} jobs`)
  }
  fed.abort()
  await feeding
  for (const until = performance.now() + endTimeoutMs; performance.now() < until && !(await allEnded());)
    await wait(500)

  const insights = await listAll()
  const jobs = insights.length - 1
  const report: ChaosReport = {
    database,
    kills: killed,
    resumes: resumed.length,
    jobs,
    calls: countSummaries(model.calls()) - calmCalls,
    callsAllowed: jobs * calmCalls + (killed + resumed.length) * concurrency,
    different: [],
    orphans: [],
    stuck: insights.flatMap(({ id, status }) => (status === 'FINISHED' ? [] : [`${id} ${status}`])),
    seconds: (performance.now() - startedAt) / 1_000,
  }
  for (const { id, status } of insights) {
    if (status !== 'FINISHED') continue
    const found = await insightRecords(trackingUri, id, traceIds)
    const where = findDifferences(expected, found)
    if (where.length > 0) report.different.push(`${id} in ${where.slice(0, 5).join('; ')}`)
  }
  // A run whose making was cut short is ended once no request can be making it any more.
  const findOrphans = async (): Promise<string[]> => {
    const { runs } = await mlflow.searchRuns({ experimentIds: [experimentId] }, { signal })
    return runs.flatMap(({ runId, status }) =>
      status === 'RUNNING' || status === 'SCHEDULED' ? [`${runId} ${status}`] : [],
    )
  }
  report.orphans = await findOrphans()
  for (const until = performance.now() + orphanTimeoutMs; report.orphans.length > 0 && performance.now() < until;) {
    await wait(1_000)
    report.orphans = await findOrphans()
  }
  return report
}

async function importSamples(mlflow: MlflowClient, folder: string): Promise<string> {
  const path = join(folder, 'traces.jsonl')
  await writeSampleFile(path, { every: 1, count: Infinity })
  return (await importTraces(mlflow, { path, experiment: 'chaos', signal })).experimentId
}

async function cancelAndResume(
  service: ReturnType<typeof clientOf>,
  insights: readonly { id: string; status: string }[],
  random: () => number,
): Promise<string[]> {
  const open = insights.filter(({ status }) => status === 'RUNNING')
  const one = open[Math.floor(random() * open.length)]
  if (one === undefined) return []
  try {
    await service.post(InsightAnswer, `/insights/${one.id}/cancel`, undefined, { signal })
  } catch {
    // It ended first, or the answer was lost: resuming tells which.
  }
  let last: unknown
  for (let tries = 0; tries < 300; tries++) {
    try {
      const { status } = await service.get(InsightAnswer, `/insights/${one.id}`, { signal })
      if (status !== 'KILLED') return [one.id]
      await service.post(InsightAnswer, `/insights/${one.id}/resume`, {}, { signal })
      return [one.id]
    } catch (error) {
      last = error
      await wait(100)
    }
  }
  throw new Error(`The Insight ${one.id} could not be resumed.`, { cause: last })
}

function countSummaries(calls: readonly { schemaName: string }[]): number {
  return calls.filter(({ schemaName }) => schemaName === 'summarize').length
}

/** Where two values differ, as paths with both sides. */
function findDifferences(expected: unknown, found: unknown, path = '$'): string[] {
  if (Object.is(expected, found)) return []
  if (typeof expected !== 'object' || typeof found !== 'object' || expected === null || found === null)
    return [`${path}: ${JSON.stringify(expected)?.slice(0, 80)} became ${JSON.stringify(found)?.slice(0, 80)}`]
  const [left, right] = [new Map(Object.entries(expected)), new Map<string, unknown>(Object.entries(found))]
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((key) =>
    findDifferences(left.get(key), right.get(key), `${path}.${key}`),
  )
}

/** A port for the service, which must come back where it was. */
async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
