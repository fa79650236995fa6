// Prompts kept in the registry of the tracking server: chosen by an alias, frozen with the Insight, and on its record.
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type ModelServer, startModelServer } from '#/mocks/model/server.ts'
import { prompts } from '#/pipeline/model/analyst.ts'
import { summarizePrompt } from '#/pipeline/model/prompts/summarize.ts'
import { toTemplate } from '#/pipeline/model/prompts/template.ts'
import { CreatedAnswer } from '#/server/api/schemas/insights.ts'
import { registerPrompts } from '#/server/insights/prompts.ts'
import { startApp, type TestApp } from '#/test/support/app.ts'
import { conversations, writeTraceFile } from '#/test/support/trace-lines.ts'

let app: TestApp
let model: ModelServer
let body: { experiment_id: string; instruction: string; scope: { filter: string } }
const options = { signal: new AbortController().signal }
const name = 'trace-insights-summarize'
const alias = 'production'

beforeAll(async () => {
  model = await startModelServer()
  app = await startApp({
    env: { OPENAI_BASE_URL: model.url, INSIGHTS_MODEL: 'gpt-4.1-mini', INSIGHTS_PROMPT_ALIAS: alias },
  })
  const path = join(await mkdtemp(join(tmpdir(), 'traces-')), 'support.jsonl')
  await writeTraceFile(path, conversations(12))
  const experimentId = await app.import({ path, experiment: 'support' })
  body = { experiment_id: experimentId, instruction: 'What are customers asking for?', scope: { filter: '' } }
})
afterAll(async () => {
  await app?.[Symbol.asyncDispose]()
  await model?.close()
})

/** A new version of the prompt for summaries, with the alias at it. */
async function edit(change: (template: string) => string): Promise<string> {
  const { version } = await app.mlflow.registerPrompt(
    { name, template: change(toTemplate(summarizePrompt)), message: 'Edited' },
    options,
  )
  await app.mlflow.setPromptAlias({ name, alias, version }, options)
  return version
}

async function create(): Promise<string> {
  return (await app.call('POST', '/insights', CreatedAnswer, body)).id
}

const Call = z.object({ messages: z.array(z.object({ role: z.string(), content: z.string() })) })
/** What the model was told before each summary it wrote. */
function rulesOfSummaries(): string[] {
  return model.calls().flatMap(({ body: sent }) => {
    const { data } = Call.safeParse(sent)
    const rules = data?.messages.find(({ role }) => role === 'system')?.content ?? ''
    return rules.includes('one interaction with an AI system (a trace)') ? [rules] : []
  })
}

test('what the registry does not have is the built-in prompt, and the record says so', async () => {
  const insight = await app.finished(await create())
  expect(insight.prompts).toHaveLength(prompts.length)
  expect(new Set(insight.prompts.map(({ source }) => source))).toEqual(new Set(['file']))
  expect((await app.mlflow.getRun(insight.id, options)).params).toMatchObject({ prompt_alias: alias })
})

test('the version at the alias is used, is on record, and misses the answers kept for other words', async () => {
  expect(await registerPrompts(app.mlflow, { alias }, options)).toContainEqual({ name, version: '1', isNew: true })
  expect((await registerPrompts(app.mlflow, { alias }, options)).some(({ isNew }) => isNew)).toBe(false)
  const before = rulesOfSummaries().length
  await app.finished(await create())
  expect(rulesOfSummaries(), 'the same words have been answered').toHaveLength(before)

  const version = await edit((template) => template.replace('You read', 'Carefully you read'))
  const insight = await app.finished(await create())
  expect(rulesOfSummaries().filter((rules) => rules.startsWith('Carefully you read'))).toHaveLength(12)
  expect(insight.prompts.find((prompt) => prompt.name === 'summarize')).toMatchObject({
    version: `registry-${version}`,
    source: `prompts:/${name}/${version}`,
  })
  const run = await app.mlflow.getRun(insight.id, options)
  expect(run.params['prompt_versions']).toContain(`summarize@registry-${version}`)
  expect(JSON.parse(run.tags['mlflow.linkedPrompts'] ?? '')).toContainEqual({ name, version })
})

test('a version that could not be relied on is refused before anything is spent', async () => {
  const before = model.calls().length
  await edit((template) => template.replace('{{data_rules}} ', ''))
  for (const path of ['/insights', '/insights/estimate', '/insights/lens']) {
    const { status, problem } = await app.ask('POST', path, path === '/insights/lens' ? { instruction: 'Why?' } : body)
    expect([path, status, problem.code]).toEqual([path, 422, 'prompt.invalid'])
    expect(problem.detail).toContain('it lacks {{data_rules}}. Register a mended version')
  }
  expect(model.calls()).toHaveLength(before)
})
