// The app in real Chromium on the real service: what a person does with it, from a selection to a single span.
import { AxeBuilder } from '@axe-core/playwright'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ClustersAnswer, InsightTraceList } from '#/server/api/schemas/clusters.ts'
import { findChromium, openContext, openPage, type Watched } from '#/test/support/browser.ts'
import { hostileText, startBrowserWorld, type BrowserWorld } from '#/test/support/browser-world.ts'

const hasChromium = findChromium() !== undefined
if (!hasChromium && process.env['CI'] === 'true') throw new Error('There is no Chromium here, and CI needs it.')

// Skipped only where the machine has no Chromium; CI fails instead.
describe.skipIf(!hasChromium)('the app in a browser', () => {
  let world: BrowserWorld
  let context: BrowserContext
  let watched: Watched
  let page: Page
  /** Refusals that a test provokes on purpose: Chromium writes each failed request to the console. */
  let expectRefusals = false

  beforeAll(async () => {
    world = await startBrowserWorld()
    context = await openContext(world.browser, { baseUrl: world.app.url })
  }, 240_000)
  afterAll(() => world?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    expectRefusals = false
    watched = await openPage(context)
    page = watched.page
  })
  afterEach(async () => {
    const complaints = watched.complaints.filter(
      (text) => !(expectRefusals && text.startsWith('Failed to load resource')),
    )
    await watched.close()
    expect(complaints).toEqual([])
  })

  const insightsUrl = () => `/experiments/${world.experimentId}/insights`
  const tracesUrl = () => `/experiments/${world.experimentId}/traces`
  const insightUrl = (search = '') => `/insights/${world.insight.id}${search}`
  const total = () => String(world.traceIds.length)
  const drawer = () => page.locator('.drawer')
  const bodyRows = () => page.locator('tbody tr.openable')

  test('the start page is the Insights tab of the default experiment', async () => {
    await page.goto('/')
    await page.waitForURL(`**${insightsUrl()}`)
    const row = page.getByRole('row', { name: /Questions of customers/ })
    await row.waitFor()
    expect(await row.textContent()).toContain(total())
    expect(await row.getByText('Finished').count()).toBe(1)
  })

  test('from a selection of traces to a running Insight it takes two clicks and a question', async () => {
    await page.goto(tracesUrl())
    await bodyRows().first().waitFor()
    const boxes = page.locator('tbody input[type=checkbox]')
    await boxes.nth(0).click()
    await boxes.nth(5).click({ modifiers: ['Shift'] })
    await page.getByText('6 traces selected').waitFor()
    await page.getByRole('button', { name: /^Actions/ }).click()
    await page.getByRole('menuitem', { name: /of 6 selected/ }).click()
    await page.getByText('6 selected, 6 will be read').waitFor()
    await page.getByRole('button', { name: 'Where does the assistant fail, and why?' }).click()
    await page.getByRole('button', { name: 'Run analysis' }).click()
    await page.waitForURL(/\/insights\/[^/]+$/)
    await page.getByRole('heading', { level: 1, name: 'Where does the assistant fail, and why?' }).waitFor()
    await page.locator('.status-pill', { hasText: 'Finished' }).waitFor({ timeout: 60_000 })
    expect(await page.locator('.figure', { hasText: 'Selected' }).textContent()).toContain('6')
  }, 90_000)

  test('all traces that match a filter can be taken without ticking them', async () => {
    await page.goto(`${tracesUrl()}?state=ERROR`)
    await page.getByText(`of ${world.broken} traces`).waitFor()
    await page.getByRole('button', { name: /^Actions/ }).click()
    await page.getByRole('menuitem', { name: /all matching/ }).click()
    await page.getByText(`${world.broken} match, ${world.broken} will be read`).waitFor()
    expect(await page.getByPlaceholder(/status = 'ERROR' AND/).inputValue()).toBe("status = 'ERROR'")
  })

  test('the form says how many traces will be read, and how a sample is taken', async () => {
    await page.goto(`${insightsUrl()}?create=1`)
    await page.getByText(`${total()} match, ${total()} will be read`).waitFor()
    await page.getByLabel(/Read at most/).fill('50')
    await page.getByText(`${total()} match, 50 will be read: a fair random sample`).waitFor()
    await page.getByLabel('If more match').selectOption('all')
    await page.getByText('50 will be read: the newest').waitFor()
  })

  test('the form says what is missing at the field it is missing in', async () => {
    expectRefusals = true
    await page.goto(`${insightsUrl()}?create=1`)
    await page.getByRole('button', { name: 'Run analysis' }).click()
    await page.getByText('Ask a question about the traces, or choose one of the examples.').waitFor()
    expect(await page.getByLabel('What do you want to know?').getAttribute('aria-invalid')).toBe('true')
    await page.getByText('Traces that match a filter').click()
    await page.getByPlaceholder(/status = 'ERROR' AND/).fill('nonsense ===')
    await page.getByText(/This filter cannot be used/).waitFor()
  })

  test('the counts reconcile, and each number opens the traces it counts', async () => {
    await page.goto(insightUrl())
    const read = async (label: string) =>
      Number(
        (await page.locator('.figure', { hasText: label }).locator('.figure-value').textContent())?.replace(',', ''),
      )
    await page.locator('.figure').first().waitFor()
    expect(await read('Selected')).toBe((await read('Summarized')) + (await read('Skipped')) + (await read('Failed')))
    expect(await read('Summarized')).toBe((await read('Clustered')) + (await read('Unassigned')))
    const unassigned = await read('Unassigned')
    if (unassigned === 0) return
    await page.locator('a.figure', { hasText: 'Unassigned' }).click()
    await page.waitForURL(/cluster=unassigned/)
    await page.getByRole('heading', { name: 'Unassigned' }).waitFor()
    await page.locator('.filters-end', { hasText: `${unassigned} trace` }).waitFor()
  })

  test('the tree is walked with the arrow keys, and the URL follows', async () => {
    const { clusters } = await world.app.call('GET', `/insights/${world.insight.id}/clusters`, ClustersAnswer)
    await page.goto(insightUrl())
    await page.getByRole('treeitem', { name: /All summarized traces/ }).focus()
    await page.keyboard.press('ArrowDown')
    await page.waitForURL(/cluster=1$/)
    await page.getByRole('heading', { level: 2, name: clusters[0]!.title, exact: true }).waitFor()
    await page.keyboard.press('End')
    await page.waitForURL(/cluster=skipped/)
    await page.keyboard.press('Home')
    await page.waitForURL((url) => !url.search.includes('cluster'))
    await page.keyboard.press('ArrowDown')
    await page.waitForURL(/cluster=1$/)
    await page.goBack()
    await page.waitForURL((url) => !url.search.includes('cluster'))
  })

  test('a link to a cluster, a search and an open trace shows exactly that', async () => {
    const list = await world.app.call('GET', `/insights/${world.insight.id}/traces?cluster=1`, InsightTraceList)
    const chosen = list.items[1]!
    await page.goto(insightUrl(`?cluster=1&trace=${chosen.trace_id}`))
    await drawer().getByRole('heading', { name: chosen.summary_title }).waitFor()
    await page.locator('.filters-end', { hasText: `${list.total} trace` }).waitFor()
    await drawer().getByText(`2 of ${list.total}`, { exact: true }).waitFor()
  })

  test('j and k go through the traces of the table, and Escape closes the sidebar', async () => {
    const { items, total } = await world.app.call(
      'GET',
      `/insights/${world.insight.id}/traces?cluster=1`,
      InsightTraceList,
    )
    await page.goto(insightUrl('?cluster=1'))
    await bodyRows().first().click()
    await page.waitForURL(new RegExp(`trace=${items[0]!.trace_id}`))
    await drawer().getByText(`1 of ${total}`, { exact: true }).waitFor()
    await page.keyboard.press('j')
    await page.waitForURL(new RegExp(`trace=${items[1]!.trace_id}`))
    await page.keyboard.press('k')
    await page.waitForURL(new RegExp(`trace=${items[0]!.trace_id}`))
    await page.keyboard.press('Escape')
    await page.waitForURL((url) => !url.search.includes('trace='))
    await drawer().waitFor({ state: 'detached' })
  })

  test('a quote opens its trace with the words marked where they were said', async () => {
    await page.goto(insightUrl('?cluster=1'))
    const quote = page.locator('.cluster-panel .quote').first()
    const words = (await quote.locator('bdi').textContent())!.trim()
    await quote.click()
    const mark = drawer().locator('mark').first()
    await mark.waitFor()
    const marked = (await drawer().locator('mark').allTextContents()).join(' ')
    expect(marked.replaceAll(/\s+/g, ' ')).toContain(words.replaceAll(/\s+/g, ' '))
  })

  test('the sidebar shows conversation, spans with what went in and out, and assessments', async () => {
    await page.goto(insightUrl(`?trace=${world.traceIds[0]}`))
    await drawer().locator('.turn-user').waitFor()
    await drawer().getByRole('tab', { name: /Spans/ }).click()
    await drawer().locator('.span-row').first().click()
    await drawer().getByText('Inputs').waitFor()
    await drawer()
      .getByRole('tab', { name: /Assessments/ })
      .click()
    await drawer().getByText('insight_summary').first().waitFor()
  })

  test('text from a trace is shown as the characters it is, and never runs', async () => {
    await page.goto(`${tracesUrl()}?trace=${world.traceIds.at(-1)}`)
    const turn = drawer().locator('.turn-user .turn-text')
    await turn.waitFor()
    expect(await turn.textContent()).toBe(hostileText)
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.title()).not.toContain('hacked')
  })

  test('a long table keeps only the rows on the screen, and scrolling brings the rest', async () => {
    await page.goto(tracesUrl())
    await page.getByText(`100 of ${total()} traces`).waitFor()
    expect(await bodyRows().count()).toBeLessThan(60)
    await page.mouse.wheel(0, 100_000)
    await page.getByText(`${total()} of ${total()} traces`).waitFor()
    expect(await bodyRows().count()).toBeLessThan(60)
  })

  test('an Insight that does not exist and a page that does not exist say so', async () => {
    expectRefusals = true
    await page.goto('/insights/nope')
    await page.getByRole('heading', { name: 'There is no such Insight' }).waitFor()
    await page.goto('/no/such/page')
    await page.getByRole('heading', { name: 'This page does not exist' }).waitFor()
  })

  test('a service that refuses is quoted, with what to do', async () => {
    expectRefusals = true
    await page.route('**/api/v1/experiments/*/traces?**', (route) =>
      route.fulfill({
        status: 502,
        contentType: 'application/problem+json',
        body: JSON.stringify({
          type: 'about:blank',
          title: 'MLflow unreachable',
          status: 502,
          code: 'mlflow.unreachable',
          detail: 'MLflow did not answer at http://tracking:5000.',
        }),
      }),
    )
    await page.goto(tracesUrl())
    await page.getByText('MLflow did not answer at http://tracking:5000.').waitFor()
    await page.getByText(/Check MLFLOW_TRACKING_URI/).waitFor()
    await page.getByRole('button', { name: 'Try again' }).waitFor()
  })

  test('the theme that was chosen stays after a reload', async () => {
    await page.goto(insightsUrl())
    await page.getByRole('button', { name: /^Theme/ }).click()
    await page.getByRole('menuitemradio', { name: 'Dark' }).click()
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    await expect.poll(background).toBe('rgb(17, 23, 28)')
    await page.reload()
    await expect.poll(background).toBe('rgb(17, 23, 28)')
    await page.evaluate(() => localStorage.clear())
  })

  test('no page has an accessibility violation, in light or in dark', async () => {
    const pages = [
      '/experiments',
      insightsUrl(),
      `${insightsUrl()}?create=1`,
      tracesUrl(),
      insightUrl(),
      insightUrl('?cluster=1'),
      insightUrl('?view=treemap&color=p95&cluster=unassigned'),
      insightUrl('?tab=record'),
      tracesUrl() + '?filter=execution_time_ms%20%3E%20100&columns=state,user,assessment:insight_summary',
      insightUrl(`?cluster=1&trace=${world.traceIds[0]}`),
    ]
    const said: string[] = []
    for (const url of pages) {
      await page.goto(url)
      await page.locator('h1').first().waitFor()
      await page.waitForLoadState('networkidle')
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        // The legacy mode spares a second page; it differs only for frames of other sites, and there are none.
        const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] })
        for (const { id, nodes } of (await axe.analyze()).violations)
          said.push(`${url} ${colorScheme} ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
      }
    }
    expect(said).toEqual([])
  }, 180_000)

  for (const width of [1024, 390]) {
    test(`no page is wider than a screen of ${width} pixels`, async () => {
      const small = await openContext(world.browser, { baseUrl: world.app.url, width, height: 844 })
      const narrow = await openPage(small)
      try {
        for (const url of [
          insightsUrl(),
          `${insightsUrl()}?create=1`,
          tracesUrl(),
          insightUrl('?cluster=1'),
          insightUrl('?view=treemap&wide=1'),
          insightUrl('?tab=record'),
        ]) {
          await narrow.page.goto(url)
          await narrow.page.locator('h1').first().waitFor()
          await narrow.page.waitForLoadState('networkidle')
          const overflow = await narrow.page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          )
          expect(overflow, url).toBeLessThanOrEqual(0)
          const table = narrow.page.locator('.table').first()
          if ((await table.count()) === 0) continue
          const shares = await table.evaluate((element) => {
            const header = [...element.querySelectorAll('thead th')].map((cell) => cell.getBoundingClientRect().width)
            return header.reduce((sum, cell) => sum + cell, 0) / element.getBoundingClientRect().width
          })
          expect(shares, `the columns of ${url} fill their table`).toBeGreaterThan(0.98)
        }
      } finally {
        await small.close()
      }
    }, 60_000)
  }
})
