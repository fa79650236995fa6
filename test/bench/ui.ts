// `npm run bench:ui`: what a reader feels, in real Chromium without a graphics card, in an Insight of 100,000 traces.
// Options: --traces N, --database embedded|postgresql.
import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { startApp } from '#/test/support/app.ts'
import { openContext, openPage, startChromium } from '#/test/support/browser.ts'
import { buildUi } from '#/test/support/build-ui.ts'
import { seedLargeInsight } from '#/test/support/large-insight.ts'
import { conversations, writeTraceFile } from '#/test/support/trace-lines.ts'

const { values } = parseArgs({
  options: { traces: { type: 'string', default: '100000' }, database: { type: 'string', default: 'embedded' } },
})
const traces = Number(values.traces)
const insightId = 'b'.repeat(32)

const uiDir = await buildUi()
await using app = await startApp({ uiDir, database: values.database === 'postgresql' ? 'postgresql' : 'embedded' })
const path = join(await mkdtemp(join(tmpdir(), 'bench-ui-')), 'traces.jsonl')
await writeTraceFile(path, conversations(20))
const experimentId = await app.import({ path, experiment: 'Bench' })
await seedLargeInsight(app.database, { id: insightId, traces, experimentId })

const browser = await startChromium()
const figures: Record<string, number> = {}
try {
  const context = await openContext(browser, { baseUrl: app.url })
  context.setDefaultTimeout(60_000)
  await context.addInitScript(countDraws)
  const { page, complaints } = await openPage(context)

  figures['js_gzip_kb'] = await measureScripts()
  figures['tti_ms'] = await measureFirstLoad(page)
  figures['layout_shift'] = await page.evaluate(sumShifts)
  const opened = await measureClusters(page)
  figures['open_cluster_p50_ms'] = percentile(opened, 0.5)
  figures['open_cluster_p95_ms'] = percentile(opened, 0.95)
  figures['map_100k_fps'] = await measureMap(page)
  figures['scroll_fps'] = await measureScroll(page)
  figures['axe_violations'] = await countViolations(page)
  figures['console_errors'] = complaints.length
  for (const complaint of complaints) console.log(`console: ${complaint}`)
} finally {
  await browser.close()
}
console.table(figures)
console.log(`BENCH ${JSON.stringify({ traces, database: values.database, ...figures })}`)

/** Frames of the map are its images: whatever else moves on the page does not count. */
function countDraws(): void {
  const counted = globalThis as unknown as { draws: number }
  counted.draws = 0
  // oxlint-disable-next-line typescript/unbound-method -- called with its canvas below
  const draw = CanvasRenderingContext2D.prototype.putImageData
  CanvasRenderingContext2D.prototype.putImageData = new Proxy(draw, {
    apply: (target, canvas, input) => {
      counted.draws++
      return Reflect.apply(target, canvas, input) as unknown
    },
  })
}

async function measureScripts(): Promise<number> {
  const folder = join(uiDir, 'assets')
  const scripts = (await readdir(folder)).filter((name) => name.endsWith('.js'))
  const sizes = await Promise.all(scripts.map(async (name) => gzipSync(await readFile(join(folder, name))).length))
  return round(sizes.reduce((sum, size) => sum + size, 0) / 1000)
}

/** From the first byte asked for to the tree, the first rows and an idle main thread; the median of five cold pages. */
async function measureFirstLoad(page: Page): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < 5; run++) {
    await page.goto('about:blank')
    await page.goto(`/insights/${insightId}`)
    await page.locator('.tree-row').nth(5).waitFor()
    await page.locator('tbody tr.openable').first().waitFor()
    times.push(
      await page.evaluate(
        () => new Promise<number>((resolve) => requestIdleCallback(() => resolve(performance.now()))),
      ),
    )
  }
  return percentile(times, 0.5)
}

/** Cumulative layout shift of the first load; anything below 0.1 is called good. */
async function sumShifts(): Promise<number> {
  const entries = await new Promise<PerformanceEntryList>((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries())).observe({ type: 'layout-shift', buffered: true })
    setTimeout(() => resolve([]), 500)
  })
  const sum = entries.reduce((total, entry) => total + (entry as PerformanceEntry & { value: number }).value, 0)
  return Math.round(sum * 1000) / 1000
}

/** Click to rows, for clusters never opened before: the page says when the name and the rows of the new one are there. */
async function measureClusters(page: Page): Promise<number[]> {
  const times: number[] = []
  for (const id of ['1', '2', '3', '4', '5', '6']) {
    for (const chosen of [id, ...[1, 2, 3, 4, 5, 6].map((child) => `${id}.${child}`)]) {
      times.push(await page.evaluate(openCluster, chosen))
    }
  }
  return times
}

async function openCluster(id: string): Promise<number> {
  const row = document.querySelector<HTMLElement>(`[data-id="${id}"]`)
  if (row === null) throw new Error(`There is no row ${id}.`)
  const from = performance.now()
  row.click()
  const isThere = () =>
    document.querySelector('.cluster-panel h2')?.textContent?.endsWith(` ${id}`) === true &&
    document.querySelector('table.virtual tr.openable') !== null &&
    document.querySelector('table.virtual.stale') === null
  while (!isThere()) await new Promise((resolve) => requestAnimationFrame(resolve))
  const took = performance.now() - from
  // Its children come into the tree for the clicks to follow.
  row.querySelector<HTMLElement>('.tree-toggle:not(.open):not(.leaf)')?.click()
  await new Promise((resolve) => setTimeout(resolve, 150))
  return took
}

async function measureMap(page: Page): Promise<number> {
  await page.goto(`/insights/${insightId}?wide=1&at=2.00,0.5,0.5`)
  const canvas = page.locator('.map-box canvas')
  await canvas.waitFor()
  await page.waitForLoadState('networkidle')
  const box = (await page.locator('.map-box').boundingBox())!
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.mouse.down()
  const draws = () => page.evaluate(() => (globalThis as unknown as { draws: number }).draws)
  const before = await draws()
  const from = performance.now()
  for (let step = 0; performance.now() - from < 4_000; step++) {
    await page.mouse.move(
      box.x + box.width / 2 + 150 * Math.sin(step / 9),
      box.y + box.height / 2 + 100 * Math.cos(step / 7),
    )
  }
  const fps = ((await draws()) - before) / ((performance.now() - from) / 1000)
  await page.mouse.up()
  return round(fps)
}

/** Four seconds down a table of all traces, a screen's third each frame. */
async function measureScroll(page: Page): Promise<number> {
  await page.goto(`/insights/${insightId}`)
  await page.locator('tbody tr.openable').first().waitFor()
  await page.waitForLoadState('networkidle')
  return page.evaluate(async () => {
    const from = performance.now()
    let frames = 0
    while (performance.now() - from < 4_000) {
      scrollBy(0, 300)
      await new Promise((resolve) => requestAnimationFrame(resolve))
      frames++
    }
    return Math.round((frames / (performance.now() - from)) * 10_000) / 10
  })
}

async function countViolations(page: Page): Promise<number> {
  let count = 0
  const pages = [
    `/insights/${insightId}?cluster=1.2`,
    `/insights/${insightId}?view=treemap&color=p95`,
    `/insights/${insightId}?tab=record`,
    `/experiments/${experimentId}/insights`,
    `/experiments/${experimentId}/traces`,
  ]
  for (const url of pages) {
    await page.goto(url)
    await page.waitForLoadState('networkidle')
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      const { violations } = await new AxeBuilder({ page })
        .setLegacyMode()
        .options({ resultTypes: ['violations'] })
        .analyze()
      for (const { id, nodes } of violations)
        console.log(`axe ${url} ${colorScheme} ${id}: ${nodes[0]?.html.slice(0, 200)}`)
      count += violations.length
    }
  }
  return count
}

function percentile(values: readonly number[], share: number): number {
  const ascending = values.toSorted((a, b) => a - b)
  return round(ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)] ?? 0)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
