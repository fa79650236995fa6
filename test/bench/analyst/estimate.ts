// How far estimates are off: Insights against the stand-in, each estimated before it runs and held against what it took.
//   node test/bench/analyst/estimate.ts
import { writeFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startModelServer } from '#/mocks/model/server.ts'
import { EstimateAnswer } from '#/server/api/schemas/estimate.ts'
import { CreatedAnswer } from '#/server/api/schemas/insights.ts'
import { startApp, type TestApp } from '#/test/support/app.ts'
import { type DataSet, dataSets, readJsonLines } from '#/test/support/data.ts'

/** Absolute shares, the worst and the mean of the runs; `cold` is the first run of all, which nothing was learned for. */
export type EstimateError = { tokens: number; cost: number; duration: number }
export type EstimateBench = { worst: EstimateError; mean: EstimateError; cold: EstimateError; estimateMs10k: number }

type Run = { set: DataSet; traces: number; instruction: string }

const first: Run = { set: 'star_dev', traces: 120, instruction: 'What do users want to get done?' }
const runs: readonly Run[] = [
  { set: 'tau_retail', traces: 150, instruction: 'What are customers asking for?' },
  { set: 'star_dev', traces: 400, instruction: 'Where does the agent fail and why?' },
  { set: 'banking77', traces: 500, instruction: 'Which topics come up?' },
  { set: 'tau_retail', traces: 296, instruction: 'How do conversations end?' },
  { set: 'dstc11_insurance', traces: 300, instruction: 'What do callers need help with?' },
]

/** The stand-in answers like a model on a fast line; longer would only make the bench longer. */
const standIn = { latencyMs: 250, tokensPerSecond: 800 }

export async function benchEstimate(dataDir: string): Promise<EstimateBench> {
  await using stack = new AsyncDisposableStack()
  const model = await startModelServer(standIn)
  stack.defer(() => model.close())
  const app = stack.use(
    await startApp({
      timeoutMs: 300_000,
      env: { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'none', INSIGHTS_MODEL: 'gpt-4.1-mini' },
    }),
  )
  const experiments = new Map<DataSet, string>()
  for (const set of new Set([first, ...runs].map((run) => run.set))) {
    experiments.set(set, await app.import({ path: join(dataDir, dataSets[set]), experiment: set }))
  }
  const errors: EstimateError[] = []
  console.log(row(['traces', 'tokens est.', 'tokens', 'off', 'USD est.', 'USD', 'off', 's est.', 's', 'off'], 'run'))
  for (const run of [first, ...runs]) errors.push(await measure(run, experiments.get(run.set) ?? '', app))
  const [cold = none, ...others] = errors
  const worst = (key: keyof EstimateError): number => Math.max(...others.map((error) => error[key]))
  const mean = (key: keyof EstimateError): number => others.reduce((sum, error) => sum + error[key], 0) / others.length
  const estimateMs10k = await timeLargeEstimate(app, dataDir)
  console.log(`estimate of 10,000 traces: ${Math.round(estimateMs10k)} ms`)
  return {
    worst: { tokens: worst('tokens'), cost: worst('cost'), duration: worst('duration') },
    mean: { tokens: mean('tokens'), cost: mean('cost'), duration: mean('duration') },
    cold,
    estimateMs10k,
  }
}

const none: EstimateError = { tokens: NaN, cost: NaN, duration: NaN }

async function measure(run: Run, experimentId: string, app: TestApp): Promise<EstimateError> {
  const body = {
    experiment_id: experimentId,
    instruction: run.instruction,
    scope: { filter: '', max_traces: run.traces },
  }
  const { id } = await app.call('POST', '/insights', CreatedAnswer, body)
  const { estimate } = await app.finished(id)
  const total = estimate?.total
  if (total?.actual === undefined) throw new Error('The Insight was not estimated.')
  const { actual } = total
  const off = actual.error
  const tokens = (of: { input_tokens: number; output_tokens: number }) => Math.round(of.input_tokens + of.output_tokens)
  const expected = { input_tokens: total.input_tokens.expected, output_tokens: total.output_tokens.expected }
  console.log(
    row(
      [
        String(run.traces),
        String(tokens(expected)),
        String(tokens(actual)),
        percent(off.tokens),
        total.cost_usd.expected.toFixed(3),
        actual.cost_usd.toFixed(3),
        percent(off.cost),
        total.duration_s.expected.toFixed(1),
        actual.duration_s.toFixed(1),
        percent(off.duration),
      ],
      run.set,
    ),
  )
  const size = (error: number | null): number => Math.abs(error ?? 0)
  return { tokens: size(off.tokens), cost: size(off.cost), duration: size(off.duration) }
}

/** Milliseconds for an estimate over 10,000 traces: those of a set again and again, under other ids. */
async function timeLargeEstimate(app: TestApp, dataDir: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'estimate-'))
  try {
    const lines: string[] = []
    for await (const line of readJsonLines<Record<string, unknown>>(join(dataDir, dataSets.banking77)))
      lines.push(JSON.stringify(line))
    const many = Array.from({ length: 10_000 }, (_, at) => {
      const line = JSON.parse(lines[at % lines.length] ?? '{}') as Record<string, unknown>
      return JSON.stringify({ ...line, trace_id: `tr-${at.toString(16).padStart(32, '0')}` })
    })
    const path = join(folder, 'large.jsonl')
    await writeFile(path, many.join('\n'))
    const experimentId = await app.import({ path, experiment: 'large' })
    const startedAt = performance.now()
    const { traces } = await app.call('POST', '/insights/estimate', EstimateAnswer, {
      experiment_id: experimentId,
      instruction: 'What is asked?',
      scope: { filter: '' },
    })
    const ms = performance.now() - startedAt
    if (traces.count !== 10_000) throw new Error(`${traces.count} traces were counted instead of 10,000.`)
    return ms
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function percent(share: number | null): string {
  return share === null ? '–' : `${(share * 100).toFixed(1)} %`
}

function row(cells: readonly string[], name: string): string {
  return name.padEnd(18) + cells.map((cell) => cell.padStart(12)).join('')
}

if (import.meta.main) {
  const { findDataDir } = await import('#/test/support/data.ts')
  const dataDir = findDataDir()
  if (dataDir === undefined) throw new Error('There are no labelled traces here; TRACE_DATA_DIR names their folder.')
  const { worst, mean, cold, estimateMs10k } = await benchEstimate(dataDir)
  console.log(
    `BENCH ${JSON.stringify({ estimate_error: worst, estimate_error_mean: mean, estimate_error_cold: cold, estimate_ms_10k: estimateMs10k })}`,
  )
}
