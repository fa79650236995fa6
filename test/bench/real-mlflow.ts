// Whole data sets on a fresh real `mlflow server`, read back by MLflow's own Python client, every Insight twice:
//   node test/bench/real-mlflow.ts [--only tau_retail|banking77] [--analyst builtin|model] [--limit N]
// Writing 3,080 traces to MLflow on SQLite takes minutes; one data set and one analyst may be chosen.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { ClusterDetails } from '#/pipeline/artifact.ts'
import type { Stage } from '#/pipeline/insight.ts'
import { stages } from '#/pipeline/insight.ts'
import type { InsightAnswer } from '#/server/api/schemas/insights.ts'
import { importTraces } from '#/server/import/import-traces.ts'
import { createMlflowClient } from '#/server/mlflow/client.ts'
import { dataSets, findDataDir, readJsonLines } from '#/test/support/data.ts'
import { type Program, startModelProgram, startServiceProgram } from '#/test/support/programs.ts'
import { type RealServer, startRealMlflow } from '#/test/support/real-server.ts'
import { createInsight, finishedInsight } from '#/test/support/service.ts'
import { hierarchyOf, type SeenInsight, verifyInsight } from '#/test/support/verify-insight.ts'

const questions = {
  tau_retail: 'What do customers want, and where does the agent fall short?',
  banking77: 'What do customers of the bank need help with?',
} as const
type Name = keyof typeof questions
const analysts = ['builtin', 'model'] as const
type AnalystName = (typeof analysts)[number]

const { values: flags } = parseArgs({
  options: { only: { type: 'string' }, analyst: { type: 'string' }, limit: { type: 'string' } },
})
const { signal } = new AbortController()
const timeoutMs = 2 * 3_600_000

type World = { mlflow: RealServer; service: Program; folder: string; dataDir: string }
type Row = {
  dataset: Name
  analyst: AnalystName
  run: number
  insight: InsightAnswer
  seen: SeenInsight
  isSame: boolean
}

async function importDataSet(name: Name, { mlflow, folder, dataDir }: World): Promise<string> {
  let path = join(dataDir, dataSets[name])
  if (flags.limit !== undefined) {
    const lines: string[] = []
    for await (const line of readJsonLines(path)) {
      if (lines.length === Number(flags.limit)) break
      lines.push(JSON.stringify(line))
    }
    path = join(folder, `${name}.jsonl`)
    await writeFile(path, `${lines.join('\n')}\n`)
  }
  const startedAt = performance.now()
  const client = createMlflowClient({ trackingUri: mlflow.url })
  const result = await importTraces(client, { path, experiment: name, signal })
  const seconds = (performance.now() - startedAt) / 1000
  console.log(
    `${name}: ${result.imported} traces with ${result.spans} spans imported in ${seconds.toFixed(1)} s, ${result.failed} failed`,
  )
  return result.experimentId
}

async function compute(
  name: Name,
  analyst: AnalystName,
  experimentId: string,
  { mlflow, service }: World,
): Promise<Row[]> {
  const rows: Row[] = []
  for (const run of [1, 2]) {
    const id = await createInsight(service.url, {
      experiment_id: experimentId,
      instruction: questions[name],
      name: `${name}, ${analyst}, run ${run}`,
      scope: { filter: '' },
      options: { analyst, seed: 1 },
    })
    const insight = await finishedInsight(service.url, id, { timeoutMs, everyMs: 1_000 })
    const seen = await verifyInsight(mlflow, id, { timeoutMs: 900_000 })
    const first = rows[0]
    const isSame = first === undefined || hierarchyOf(first.seen.details) === hierarchyOf(seen.details)
    rows.push({ dataset: name, analyst, run, insight, seen, isSame })
    console.log(toLine(rows.at(-1)!))
    for (const [problem, times] of Object.entries(seen.problems)) console.log(`    PROBLEM ${times} × ${problem}`)
  }
  return rows
}

const columns = ['dataset', 'analyst', 'run', ...stages, 'all', 'traces', 'linked', 'once', 'clusters', 'true', 'same']

function toLine({ dataset, analyst, run, insight, seen, isSame }: Row): string {
  const seconds = (stage: Stage): string => (insight.stage_seconds[stage] ?? 0).toFixed(1)
  const cells = [
    dataset,
    analyst,
    String(run),
    ...stages.map(seconds),
    insight.duration_s.toFixed(1),
    String(seen.counts.selected),
    String(seen.linked),
    String(seen.assessments_per_trace['1'] ?? 0),
    `${seen.clusters}/${seen.leaf_clusters}/${seen.depth}`,
    Object.keys(seen.problems).length === 0 && seen.status === 'FINISHED' ? 'yes' : 'NO',
    run === 1 ? '' : isSame ? 'yes' : 'NO',
  ]
  return cells.map((cell, at) => cell.padEnd(Math.max(10, columns[at]?.length ?? 0))).join(' ')
}

/** The top two levels, as a reader would judge them. */
function printTree({ clusters, counts }: ClusterDetails): void {
  const line = (cluster: ClusterDetails['clusters'][number], indent: string): void =>
    console.log(`${indent}${cluster.id} ${cluster.title} (${cluster.size}, ${Math.round(cluster.share * 100)} %)`)
  for (const cluster of clusters) {
    line(cluster, '  ')
    for (const child of cluster.children) line(child, '      ')
  }
  console.log(`  unassigned (${counts.unassigned})`)
}

async function main(): Promise<void> {
  const dataDir = findDataDir()
  if (dataDir === undefined) throw new Error('The labelled traces are not here: name their folder in TRACE_DATA_DIR.')
  const names = (Object.keys(questions) as Name[]).filter((name) => flags.only === undefined || flags.only === name)
  const chosen = analysts.filter((name) => flags.analyst === undefined || flags.analyst === name)
  if (names.length === 0 || chosen.length === 0)
    throw new Error('Choose among the names in the first lines of this file.')
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'insights-real-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const mlflow = await startRealMlflow()
  stack.defer(mlflow.close)
  const model = stack.use(await startModelProgram())
  const service = stack.use(
    await startServiceProgram({
      MLFLOW_TRACKING_URI: mlflow.url,
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: 'none',
      INSIGHTS_DATA_DIR: join(folder, 'data'),
    }),
  )
  console.log(`mlflow ${mlflow.version} on SQLite, one seed; seconds per stage; clusters are all/leaves/levels`)
  const world = { mlflow, service, folder, dataDir }
  const rows: Row[] = []
  for (const name of names) {
    const experimentId = await importDataSet(name, world)
    console.log(columns.map((column) => column.padEnd(10)).join(' '))
    for (const analyst of chosen) rows.push(...(await compute(name, analyst, experimentId, world)))
  }
  for (const row of rows.filter(({ run }) => run === 1)) {
    console.log(`\n${row.dataset}, ${row.analyst}: ${row.seen.details.overview}`)
    printTree(row.seen.details)
  }
  const result = {
    bench: 'real-mlflow',
    mlflow: mlflow.version,
    rows: rows.map(({ dataset, analyst, run, insight, seen, isSame }) => ({
      dataset,
      analyst,
      run,
      seconds: insight.duration_s,
      stage_seconds: insight.stage_seconds,
      counts: seen.counts,
      linked: seen.linked,
      once: seen.assessments_per_trace['1'] ?? 0,
      problems: seen.problems,
      same: isSame,
    })),
    ok: rows.every(({ seen, isSame }) => isSame && Object.keys(seen.problems).length === 0),
  }
  console.log(`BENCH ${JSON.stringify(result)}`)
  if (!result.ok) process.exitCode = 1
}

await main()
