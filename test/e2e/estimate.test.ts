// What an Insight will take, asked over the API, and held against what it took.
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type ModelServer, startModelServer } from '#/mocks/model/server.ts'
import { EstimateAnswer } from '#/server/api/schemas/estimate.ts'
import { CreatedAnswer } from '#/server/api/schemas/insights.ts'
import { startApp, type TestApp } from '#/test/support/app.ts'
import { conversations, writeTraceFile } from '#/test/support/trace-lines.ts'

let app: TestApp
let model: ModelServer
let body: { experiment_id: string; instruction: string; scope: { filter: string }; options?: object }

beforeAll(async () => {
  // An estimate is made of what can be read in a second; on a machine that is busy that must be all of it, too.
  const timeout = AbortSignal.timeout.bind(AbortSignal)
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => timeout(ms * 30))
  model = await startModelServer()
  app = await startApp({ env: { OPENAI_BASE_URL: model.url, INSIGHTS_MODEL: 'gpt-4.1-mini' } })
  const path = join(await mkdtemp(join(tmpdir(), 'traces-')), 'support.jsonl')
  await writeTraceFile(path, conversations(40))
  const experimentId = await app.import({ path, experiment: 'support' })
  body = { experiment_id: experimentId, instruction: 'What are customers asking for?', scope: { filter: '' } }
})
afterAll(async () => {
  await app?.[Symbol.asyncDispose]()
  await model?.close()
  vi.restoreAllMocks()
})

const estimate = (changes: object = {}) =>
  app.call('POST', '/insights/estimate', EstimateAnswer, { ...body, ...changes })

test('the estimate asks no model, and names a range for each stage and its model', async () => {
  const { traces, stages, total, untimed_models: untimed } = await estimate()
  expect(untimed).toEqual(['gpt-4.1-mini', 'text-embedding-3-small'])
  expect(model.calls()).toHaveLength(0)
  expect(traces).toEqual({ count: 40, sampled: 40 })
  expect(stages.map(({ stage, model: by }) => [stage, by])).toEqual([
    ['load', ''],
    ['summarize', 'gpt-4.1-mini'],
    ['embed', 'text-embedding-3-small'],
    ['cluster', ''],
    ['name', 'gpt-4.1-mini'],
    ['overview', 'gpt-4.1-mini'],
    ['publish', ''],
  ])
  expect(total.cost_usd.low).toBeGreaterThan(0)
  for (const range of [total.cost_usd, total.duration_s, total.input_tokens]) {
    expect(range.low).toBeLessThan(range.expected)
    expect(range.expected).toBeLessThan(range.high)
  }
})

test('fewer traces cost less, and the built-in analyst nothing', async () => {
  const [all, some, builtin] = await Promise.all([
    estimate(),
    estimate({ scope: { filter: '', max_traces: 10 } }),
    estimate({ options: { analyst: 'builtin' } }),
  ])
  expect(some.traces.count).toBe(10)
  expect(some.total.cost_usd.expected).toBeLessThan(all.total.cost_usd.expected / 2)
  expect(builtin.total.cost_usd.expected).toBe(0)
  expect(builtin.total.duration_s.expected).toBeGreaterThan(0)
})

test('a scope without traces is refused as creating would refuse it', async () => {
  const { status, problem } = await app.ask('POST', '/insights/estimate', {
    ...body,
    scope: { filter: "tags.dataset = 'nowhere'" },
  })
  expect([status, problem.code]).toEqual([422, 'insight.no_traces'])
})

test('after the run the estimate shows what it took, the artifact knows it too, and the next one is nearer', async () => {
  const { id } = await app.call('POST', '/insights', CreatedAnswer, body)
  const insight = await app.finished(id)
  const actual = insight.estimate?.total.actual
  expect(actual?.calls).toBe(model.calls().length)
  expect(actual?.input_tokens).toBe(insight.usage.input_tokens)
  expect(Math.abs(actual?.error.tokens ?? 1)).toBeLessThan(0.25)
  const details = JSON.parse(
    new TextDecoder().decode(
      await app.mlflow.downloadArtifact(
        { runId: id, path: 'mlflow_insights_cluster_details.json' },
        { signal: new AbortController().signal },
      ),
    ),
  ) as { usage: { estimated_cost_usd: number } }
  expect(details.usage.estimated_cost_usd).toBeCloseTo(insight.estimate?.total.cost_usd.expected ?? 0, 10)
  const run = await app.mlflow.getRun(id, { signal: new AbortController().signal })
  expect(run.metrics['estimate_error_tokens']).toBeCloseTo(actual?.error.tokens ?? 0, 6)

  // The same question again finds its summaries in the cache.
  const again = await estimate()
  expect(again.stages.find(({ stage }) => stage === 'summarize')?.calls.expected).toBe(0)
  const next = await estimate({ instruction: 'What else are customers asking for?' })
  const tokens = (of: EstimateAnswer): number => of.total.input_tokens.expected + of.total.output_tokens.expected
  const took = insight.usage.input_tokens + insight.usage.output_tokens
  expect(Math.abs(tokens(next) / took - 1)).toBeLessThan(0.05)
  expect(next.stages.find(({ stage }) => stage === 'summarize')?.learned_from_runs).toBe(1)
  expect(next.untimed_models).toEqual([])
})

test('traces that the built-in analyst may read are in no estimate of calls, and in none of the bill', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'traces-')), 'short.jsonl')
  const short = Array.from({ length: 12 }, (_, at) => ({ user: `Where is parcel number ${at} that I ordered?` }))
  await writeTraceFile(path, [...short, ...conversations(48).slice(40)], 'short')
  const mixed = { experiment_id: await app.import({ path, experiment: 'short' }) }
  const callsOf = ({ stages }: EstimateAnswer) => stages.find(({ stage }) => stage === 'summarize')?.calls.expected
  expect(callsOf(await estimate(mixed))).toBeCloseTo(20, 5)
  const options = { easy_to_builtin: true }
  expect(callsOf(await estimate({ ...mixed, options }))).toBeCloseTo(8, 5)
  const { id } = await app.call('POST', '/insights', CreatedAnswer, { ...body, ...mixed, options })
  const stages = (await app.finished(id)).estimate?.stages
  expect(stages?.find(({ stage }) => stage === 'summarize')?.actual?.calls).toBe(8)
})
