// What the browser tests look at: the built app on a real service, with one finished Insight over traces of which one is
// hostile.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { CreatedAnswer, type InsightAnswer } from '#/server/api/schemas/insights.ts'
import { startApp, type TestApp } from './app.ts'
import { startChromium } from './browser.ts'
import { buildUi } from './build-ui.ts'
import { conversations, writeTraceFile } from './trace-lines.ts'

export const hostileText =
  '<img src=x onerror="document.title=`hacked`"> \u202Erefund\u202C =HYPERLINK("http://evil") please'

export type BrowserWorld = AsyncDisposable & {
  app: TestApp
  browser: Browser
  experimentId: string
  insight: InsightAnswer
  /** In the order of the import; the last one is hostile. */
  traceIds: string[]
  /** How many of them have the state ERROR. */
  broken: number
}

/** More than the 100 of a page, so that scrolling has to bring the rest. */
const traceCount = 130
const isBroken = (at: number) => at % 17 === 3

/** Builds the app, starts the service and Chromium, and waits for the first Insight. */
export async function startBrowserWorld(): Promise<BrowserWorld> {
  await using stack = new AsyncDisposableStack()
  const uiDir = await buildUi()
  stack.defer(() => rm(uiDir, { recursive: true, force: true }))
  const app = stack.use(await startApp({ uiDir, timeoutMs: 120_000 }))
  const browser = await startChromium()
  stack.defer(() => browser.close())
  const path = join(await mkdtemp(join(tmpdir(), 'ui-traces-')), 'support.jsonl')
  const spoken = conversations(traceCount - 1).map((one, at) => ({
    ...one,
    state: isBroken(at) ? ('ERROR' as const) : ('OK' as const),
  }))
  const traceIds = await writeTraceFile(path, [...spoken, { user: hostileText, assistant: 'I cannot do that.' }])
  const experimentId = await app.import({ path, experiment: 'Nordlys support' })
  const { id } = await app.call('POST', '/insights', CreatedAnswer, {
    experiment_id: experimentId,
    instruction: 'What are customers asking for?',
    name: 'Questions of customers',
    scope: { filter: '' },
    options: { seed: 7 },
  })
  const insight = await app.finished(id)
  const kept = stack.move()
  const broken = spoken.filter(({ state }) => state === 'ERROR').length
  return { app, browser, experimentId, insight, traceIds, broken, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}
