// Every hostile trace in real Chromium: it is shown wherever traces are shown, and nothing of it runs, loads or leaks out of
// its place.
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Trace } from '#/pipeline/trace.ts'
import { CreatedAnswer } from '#/server/api/schemas/insights.ts'
import { type ImportResult, importTraces } from '#/server/import/import-traces.ts'
import { startApp, type TestApp } from '#/test/support/app.ts'
import { findChromium, openContext, openPage, startChromium, type Watched } from '#/test/support/browser.ts'
import { buildUi } from '#/test/support/build-ui.ts'
import { hostileTraces } from '#/test/support/hostile-traces.ts'
import { conversations, toTraceLine } from '#/test/support/trace-lines.ts'

const hasChromium = findChromium() !== undefined
if (!hasChromium && process.env['CI'] === 'true') throw new Error('There is no Chromium here, and CI needs it.')

// Skipped only where the machine has no Chromium; CI fails instead.
describe.skipIf(!hasChromium)('hostile traces in a browser', () => {
  const stack = new AsyncDisposableStack()
  let app: TestApp
  let stored: ImportResult
  let experimentId: string
  let insightId: string
  let watched: Watched
  let page: Page
  const attempts: string[] = []

  beforeAll(async () => {
    const uiDir = await buildUi()
    stack.defer(() => rm(uiDir, { recursive: true, force: true }))
    app = stack.use(await startApp({ uiDir, timeoutMs: 180_000 }))
    const browser: Browser = await startChromium()
    stack.defer(() => browser.close())
    const path = join(await mkdtemp(join(tmpdir(), 'hostile-')), 'hostile.jsonl')
    const lines = [
      ...hostileTraces.map(({ trace }) => toLine(trace)),
      ...conversations(30).map((one, at) => toTraceLine(one, at)),
    ]
    await writeFile(path, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`)
    stored = await importTraces(app.mlflow, { path, experiment: 'Strangers', signal: new AbortController().signal })
    experimentId = stored.experimentId
    const body = { experiment_id: experimentId, instruction: 'What are customers asking for?', scope: { filter: '' } }
    insightId = (await app.call('POST', '/insights', CreatedAnswer, body)).id
    await app.finished(insightId)
    const context = await openContext(browser, { baseUrl: app.url })
    watched = await openPage(context)
    page = watched.page
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url())
      if (protocol.startsWith('http') && host !== new URL(app.url).host) attempts.push(`asked for ${request.url()}`)
    })
    page.on('response', (response) => {
      if (response.status() >= 400) attempts.push(`${response.status()} ${response.url()}`)
    })
    page.on('dialog', (dialog) => {
      attempts.push(`said ${dialog.message()}`)
      void dialog.dismiss()
    })
    context.on('page', () => attempts.push('opened a page'))
  }, 300_000)
  afterAll(() => stack.disposeAsync())

  const tracesUrl = (search = '') => `/experiments/${experimentId}/traces${search}`

  /** Nothing has run or loaded, no markup of theirs is in the page, and text that turns its direction turns only itself. */
  async function expectHarmless(where: string): Promise<void> {
    expect([...attempts, ...watched.complaints], where).toEqual([])
    expect(await page.evaluate(findHarm), where).toEqual([])
  }

  test('all of them can be stored', () => {
    expect(stored.failures).toEqual([])
  })

  test('the table of traces shows them all as text', async () => {
    await page.goto(tracesUrl())
    await page.locator('tbody tr.openable').first().waitFor()
    for (let scrolled = 0; scrolled < 12; scrolled++) {
      await expectHarmless(`table, ${scrolled} screens down`)
      await page.mouse.move(700, 600)
      await page.mouse.wheel(0, 600)
      await page.waitForTimeout(50)
    }
  }, 60_000)

  test('the record of each shows what was said, and does nothing', async () => {
    await page.goto(tracesUrl())
    for (const { name, trace } of hostileTraces) {
      // As the browser's own arrows do it: the page is not loaded anew ninety times.
      await page.evaluate(
        (url) => {
          history.pushState({}, '', url)
          dispatchEvent(new PopStateEvent('popstate'))
        },
        tracesUrl(`?trace=${idOf(trace)}&part=spans`),
      )
      await page.locator('.drawer').getByText(idOf(trace)).waitFor()
      const row = page.locator('.drawer .span-row').first()
      await row.waitFor()
      // A span that failed is open from the start.
      if ((await row.getAttribute('aria-expanded')) === 'false') await row.click()
      await page.locator('.drawer').getByText('Inputs').first().waitFor()
      await expectHarmless(`spans of ${name}`)
      await page
        .locator('.drawer')
        .getByRole('tab', { name: /Conversation/ })
        .click()
      await page.locator('.drawer .turn-text').first().waitFor()
      await expectHarmless(`conversation of ${name}`)
    }
  }, 300_000)

  test.each(['?view=map', '?view=treemap', '?cluster=1', '?cluster=unassigned'])(
    'the Insight over them is harmless as %s',
    async (search) => {
      await page.goto(`/insights/${insightId}${search}`)
      await page.locator('.tree-row').first().waitFor()
      await page.locator('tbody tr').first().waitFor()
      await expectHarmless(search)
    },
    60_000,
  )

  test('in its table for spreadsheets no cell begins as a formula does, and nothing is hidden in one', async () => {
    const response = await fetch(`${app.url}/api/v1/insights/${insightId}/export?format=csv`)
    const cells = readCsv(await response.text())
    expect(cells.length).toBeGreaterThan(hostileTraces.length)
    expect(cells.flat().join(' ')).toContain('PWNED')
    for (const cell of cells.flat()) {
      if (!/^-?\d+(?:\.\d+)?$/.test(cell)) expect(cell).not.toMatch(/^[\s"]*[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/)
      expect(cell).not.toMatch(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/)
    }
    for (const row of cells) expect(row).toHaveLength(cells[0]!.length)
  })
})

/** Runs in the page. */
function findHarm(): string[] {
  const harm: string[] = []
  if (/PWNED|^1$/.test(document.title)) harm.push(`the title is ${document.title}`)
  for (const element of document.querySelectorAll('*')) {
    const handler = [...element.attributes].find(({ name }) => name.startsWith('on'))
    if (handler !== undefined) harm.push(`${element.tagName} has ${handler.name}`)
  }
  for (const { tagName } of document.querySelectorAll(
    'img, iframe, object, embed, base, form[action], details[ontoggle]',
  ))
    harm.push(`there is ${tagName}`)
  // The tracking server has another port of this machine.
  for (const link of document.querySelectorAll<HTMLAnchorElement>('a[href]'))
    if (new URL(link.href).hostname !== location.hostname) harm.push(`a link leads to ${link.href}`)
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
    if (!/[\u202A-\u202E\u2066-\u2069]/.test(text.textContent ?? '')) continue
    const holder = text.parentElement?.closest('bdi, [dir=auto]') ?? null
    const isIsolated = holder !== null && /isolate|plaintext/.test(getComputedStyle(holder).unicodeBidi)
    if (!isIsolated) harm.push(`text turns what is around it: ${text.parentElement?.outerHTML.slice(0, 200)}`)
  }
  return harm
}

const idOf = ({ info }: Pick<Trace, 'info'>): string =>
  `tr-${createHash('sha256').update(info.traceId).digest('hex').slice(0, 32)}`

function toLine({ info, spans }: Trace): Record<string, unknown> {
  const nanos = (ms = 0) => ms * 1_000_000
  return {
    trace_id: idOf({ info }),
    request_time: new Date(info.requestTimeMs).toISOString(),
    execution_duration_ms: info.executionMs,
    state: info.state,
    request_preview: info.requestPreview.slice(0, 1_000),
    response_preview: info.responsePreview,
    tags: {},
    trace_metadata: {
      ...(info.user === undefined ? {} : { 'mlflow.trace.user': info.user }),
      ...(info.session === undefined ? {} : { 'mlflow.trace.session': info.session }),
    },
    assessments: info.assessments.map(({ name, value, rationale, source }) => ({
      name: name.slice(0, 40).replace(/[^\w ]/g, ''),
      source_type: source.type,
      source_id: source.id,
      value,
      rationale,
    })),
    spans: spans.map((span) => ({
      span_id: span.spanId,
      parent_id: span.parentId,
      name: span.name,
      span_type: span.type,
      start_time_unix_nano: nanos(span.startMs),
      end_time_unix_nano: nanos(span.endMs),
      status: span.status,
      status_message: span.statusMessage,
      inputs: span.inputs,
      outputs: span.outputs,
      attributes: {},
      events: [],
    })),
  }
}

/** Rows of cells (RFC 4180). */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]]
  for (const { 1: cell = '', 2: end } of text
    .replace(/\r?\n$/, '')
    .matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|$)/g)) {
    rows.at(-1)?.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
    if (end === '') break
    if (end !== ',') rows.push([])
  }
  return rows
}
