// A question is read through a lens that can be seen and changed, with either analyst.
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ModelServer, startModelServer } from '#/mocks/model/server.ts'
import { ClustersAnswer, InsightTraceList } from '#/server/api/schemas/clusters.ts'
import { CreatedAnswer } from '#/server/api/schemas/insights.ts'
import { LensAnswer } from '#/server/api/schemas/lens.ts'
import { startApp, type TestApp } from '#/test/support/app.ts'
import { conversations, writeTraceFile } from '#/test/support/trace-lines.ts'

let app: TestApp
let model: ModelServer
let experimentId: string

beforeAll(async () => {
  model = await startModelServer()
  app = await startApp({ env: { OPENAI_BASE_URL: model.url } })
  const path = join(await mkdtemp(join(tmpdir(), 'traces-')), 'support.jsonl')
  await writeTraceFile(path, conversations(40))
  experimentId = await app.import({ path, experiment: 'support' })
})
afterAll(async () => {
  await app?.[Symbol.asyncDispose]()
  await model?.close()
})

const instruction = 'What are customers asking for?'

describe.each(['builtin', 'model'] as const)('the %s analyst', (analyst) => {
  test('shows how it reads the question, and takes the lens back as it was', async () => {
    const { lens, by } = await app.call('POST', '/insights/lens', LensAnswer, { instruction, options: { analyst } })
    expect(by).toBe(analyst === 'builtin' ? 'builtin' : 'gpt-5-mini')
    expect(lens.extract).toContain('customers')
    const changed = {
      ...lens,
      facets: [
        { name: 'refund', type: 'boolean' as const, description: 'A refund was asked for.' },
        { name: 'turns', type: 'number' as const, description: 'How many times the user spoke.' },
      ],
    }
    const { id } = await app.call('POST', '/insights', CreatedAnswer, {
      experiment_id: experimentId,
      instruction,
      scope: { filter: '' },
      options: { analyst, lens: changed },
    })
    const insight = await app.finished(id)
    expect(insight.lens).toEqual(changed)

    const all = await app.call('GET', `/insights/${id}/traces?page_size=100`, InsightTraceList)
    const isRefund = all.items.map(({ facets }) => facets?.['refund'])
    expect(new Set(isRefund)).toEqual(new Set([true, false]))
    const refunds = await app.call('GET', `/insights/${id}/traces?facet=refund:true&page_size=100`, InsightTraceList)
    expect(refunds.total).toBe(isRefund.filter((value) => value === true).length)
    const { whole } = await app.call('GET', `/insights/${id}/clusters`, ClustersAnswer)
    expect(whole.facets?.['refund']?.counts?.['true']).toBe(refunds.total)
    const csv = await (await fetch(`${app.url}/api/v1/insights/${id}/export?format=csv`)).text()
    expect(csv.split('\r\n')[0]).toMatch(/facet_refund,facet_turns$/)

    const only = await app.call('POST', '/insights', CreatedAnswer, {
      experiment_id: experimentId,
      instruction,
      scope: { filter: '' },
      options: { analyst, lens: { ...changed, only: 'refund' }, min_success_share: 0 },
    })
    const { counts } = await app.finished(only.id)
    expect(counts).toMatchObject({ selected: 40, summarized: refunds.total, skipped: 40 - (refunds.total ?? 0) })
  })
})

test('a lens that filters by what it does not ask for is refused', async () => {
  const { status, problem } = await app.ask('POST', '/insights', {
    experiment_id: experimentId,
    instruction,
    scope: { filter: '' },
    options: { lens: { extract: '', alike: '', ignore: '', facets: [], only: 'refund' } },
  })
  expect([status, problem.code, problem.errors?.[0]?.path]).toEqual([400, 'request.invalid', 'options.lens.only'])
})
