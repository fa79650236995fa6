// Looking around in an Insight, in real Chromium: one selection in tree, treemap and map, the tables, the record, and what
// can be done to it.
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ClustersAnswer, InsightTraceList } from '#/server/api/schemas/clusters.ts'
import { CreatedAnswer, InsightAnswer } from '#/server/api/schemas/insights.ts'
import { updateInsight } from '#/server/db/insights.ts'
import { startBrowserWorld, type BrowserWorld } from '#/test/support/browser-world.ts'
import { findChromium, openContext, openPage, type Watched } from '#/test/support/browser.ts'
import { dataSets, findDataDir } from '#/test/support/data.ts'
import { seedLargeInsight } from '#/test/support/large-insight.ts'

const hasChromium = findChromium() !== undefined
if (!hasChromium && process.env['CI'] === 'true') throw new Error('There is no Chromium here, and CI needs it.')

// Skipped only where the machine has no Chromium; CI fails instead.
describe.skipIf(!hasChromium)('an Insight explored in a browser', () => {
  let world: BrowserWorld
  let context: BrowserContext
  let watched: Watched
  let page: Page
  let clusters: ClustersAnswer['clusters']
  /** Three levels of clusters over 5,000 traces, written straight into the database. */
  const deepId = 'd'.repeat(32)
  const deepTraces = 5_000

  beforeAll(async () => {
    world = await startBrowserWorld()
    context = await openContext(world.browser, { baseUrl: world.app.url })
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await seedLargeInsight(world.app.database, {
      id: deepId,
      traces: deepTraces,
      experimentId: world.experimentId,
    })
    ;({ clusters } = await world.app.call('GET', `/insights/${world.insight.id}/clusters`, ClustersAnswer))
  }, 240_000)
  afterAll(() => world?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    watched = await openPage(context)
    page = watched.page
  })
  afterEach(async () => {
    const { complaints } = watched
    await watched.close()
    expect(complaints).toEqual([])
  })

  const insightUrl = (search = '') => `/insights/${world.insight.id}${search}`
  const insightsUrl = () => `/experiments/${world.experimentId}/insights`
  const tracesUrl = (search = '') => `/experiments/${world.experimentId}/traces${search}`
  const panel = () => page.locator('.cluster-panel')
  const chosenRow = () => page.locator('.tree-row[aria-selected=true]')
  const shownTotal = () => page.locator('.explorer .filters-end')
  const param = (name: string) => new URL(page.url()).searchParams.get(name)
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText())

  test('what is chosen in the treemap is chosen in the tree, in the panel and on the map, and a link keeps it', async () => {
    const { id, title } = clusters[0]!
    await page.goto(insightUrl('?view=treemap'))
    await page.locator(`.tile[data-cluster="${id}"]`).click({ position: { x: 8, y: 8 } })
    await page.waitForURL(/cluster=1/)
    await panel().getByRole('heading', { level: 2, name: title, exact: true }).waitFor()
    expect(await chosenRow().getAttribute('data-id')).toBe(id)
    expect(await page.locator(`.tile[data-cluster="${id}"]`).getAttribute('aria-pressed')).toBe('true')
    await page.getByRole('button', { name: 'Map', exact: true }).click()
    await page.locator(`.map-label.chosen[data-cluster="${id}"]`).waitFor()
    await page.reload()
    await page.locator(`.map-label.chosen[data-cluster="${id}"]`).waitFor()
    await page.goBack()
    await page.waitForURL((url) => !url.searchParams.has('cluster'))
  })

  test('arrow keys move in the treemap, and its legend says in words what size and colour mean', async () => {
    await page.goto(insightUrl('?view=treemap'))
    const tiles = page.locator('.tile')
    await tiles.first().focus()
    await page.keyboard.press('ArrowRight')
    const second = await tiles.nth(1).getAttribute('data-cluster')
    await page.waitForURL(new RegExp(`cluster=${second}`))
    await page.getByLabel('Colour of the tiles').selectOption('p95')
    await page.waitForURL(/color=p95/)
    await page
      .getByText(/Size: number of traces\. Colour: execution time that 95% of the traces stay under, from/)
      .waitFor()
    expect(await tiles.last().getAttribute('title')).toMatch(/: \d+ \(<?\d+%\) · \d+/)
    expect(await tiles.last().textContent()).toMatch(/\d m?s/)
  })

  test('names on the map get finer as one looks closer, and the URL keeps the place', async () => {
    await page.goto(`/insights/${deepId}`)
    const labels = page.locator('.map-label')
    await labels.first().waitFor()
    const depths = async () =>
      (await labels.evaluateAll((all) => all.map((label) => (label as HTMLElement).dataset['cluster'] ?? ''))).map(
        (id) => id.split('.').length,
      )
    await expect.poll(async () => new Set(await depths())).toEqual(new Set([1]))
    const place = (await page.locator('.map-label[data-cluster="4"]').boundingBox())!
    await page.mouse.move(place.x + place.width / 2, place.y + place.height + 6)
    await page.keyboard.down('Control')
    await page.mouse.wheel(0, -300)
    await page.keyboard.up('Control')
    await page.waitForURL(/at=2\.72/)
    await expect.poll(async () => new Set(await depths())).toEqual(new Set([2]))
    const before = await labels.allTextContents()
    await page.reload()
    await labels.first().waitFor()
    await expect.poll(() => labels.allTextContents()).toEqual(before)
    await page.getByRole('button', { name: 'Show the whole map' }).click()
    await page.waitForURL((url) => !url.searchParams.has('at'))
  })

  test('a lasso on the map chooses traces: the table holds exactly them, and another question can be asked of them', async () => {
    await page.goto(insightUrl())
    const box = (await page.locator('.map-box').boundingBox())!
    await page.getByRole('button', { name: /^Lasso/ }).click()
    const corners = [
      [0.1, 0.02],
      [0.98, 0.02],
      [0.98, 0.55],
      [0.1, 0.55],
      [0.1, 0.05],
    ] as const
    await page.mouse.move(box.x + box.width * 0.02, box.y + box.height * 0.02)
    await page.mouse.down()
    for (const [x, y] of corners) await page.mouse.move(box.x + box.width * x, box.y + box.height * y, { steps: 4 })
    await page.mouse.up()
    await page.waitForURL(/area=/)
    const area = encodeURIComponent(param('area') ?? '')
    const list = await world.app.call('GET', `/insights/${world.insight.id}/traces?area=${area}`, InsightTraceList)
    const count = list.total ?? 0
    expect(count).toBeGreaterThan(0)
    await panel()
      .locator('.tag')
      .first()
      .filter({ hasText: `${count} ` })
      .waitFor()
    await shownTotal().getByText(`${count} trace`).waitFor()
    await panel().getByRole('button', { name: 'Ask about these' }).click()
    await page.getByText(`${count} selected, ${count} will be read`).waitFor()
  })

  test('clusters stand side by side with their numbers, the worst first where one asks for it', async () => {
    await page.goto(insightUrl())
    const table = page.locator('.compare-table')
    const sizes = async () =>
      (await table.locator('tbody td:nth-child(2)').allTextContents()).map((text) => Number.parseInt(text, 10))
    await table.waitFor()
    expect(await sizes()).toEqual((await sizes()).toSorted((a, b) => b - a))
    await page.getByLabel('Order of the clusters').selectOption('p95')
    await page.waitForURL(/rank=p95/)
    expect(await table.locator('th[aria-sort=descending]').textContent()).toBe('Time p95')
    await table.getByRole('button', { name: 'Error rate' }).click()
    await page.waitForURL(/rank=errors/)
    expect(await table.locator('th[aria-sort=descending]').textContent()).toBe('Error rate')
    const first = (await table.locator('tbody .strong').first().textContent())!
    await table.locator('tbody .row-link').first().click()
    await panel().getByRole('heading', { level: 2, name: first, exact: true }).waitFor()
  })

  test('a cluster is found by its words, with the path that leads to it', async () => {
    await page.goto(`/insights/${deepId}`)
    await page.getByLabel(/^Find a cluster/).fill('depot 7.3.2')
    await page.waitForURL(/find=/)
    const found = page.locator('.tree-row:not(.place)')
    await page.locator('.tree-row[data-id="7.3.2"]').waitFor()
    expect(await found.evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset['id']))).toEqual([
      '7',
      '7.3',
      '7.3.2',
    ])
    await page.getByLabel(/^Find a cluster/).fill('zzz nothing says this')
    await page.getByText('No cluster says “zzz nothing says this”.').waitFor()
  })

  test('a cluster shows its examples, each with the reason, and they open', async () => {
    const leaf = clusters.flatMap(function down(one): typeof clusters {
      return one.children.length === 0 ? [one] : one.children.flatMap(down)
    })[0]!
    await page.goto(insightUrl(`?cluster=${leaf.id}`))
    const typical = page.getByRole('region', { name: 'Most typical traces' })
    await typical.waitFor()
    const example = leaf.examples.find(({ role }) => role === 'representative')!
    await typical.getByText(example.reason).first().waitFor()
    await typical.getByRole('button').first().click()
    await page.waitForURL(new RegExp(`trace=${example.trace_id}`))
  })

  test('the name of a cluster in the overview opens it', async () => {
    await page.goto(insightUrl())
    const link = page.locator('.overview-text a').first()
    const name = (await link.textContent())!
    await link.click()
    await page.waitForURL(/cluster=/)
    const heading = panel().getByRole('heading', { level: 2 })
    await expect.poll(async () => (await heading.textContent())?.toLowerCase()).toBe(name.toLowerCase())
  })

  test('the table is filtered by facets and shows the columns one chooses; both are in the link and in the export', async () => {
    await page.goto(insightUrl())
    const outcome = page.getByLabel('Outcome', { exact: true })
    await outcome.waitFor()
    const written = await outcome
      .locator('option', { hasText: /\([1-9]/ })
      .first()
      .textContent()
    const [, word = '', count = ''] = /^(.*) \((\d+)\)$/.exec(written ?? '') ?? []
    await outcome.selectOption({ label: written ?? '' })
    await shownTotal().getByText(`${count} trace`).waitFor()
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Cluster' }).click()
    await page.keyboard.press('Escape')
    await page.waitForURL(/columns=.*cluster/)
    await page.reload()
    await page.getByRole('columnheader', { name: 'Cluster', exact: true }).last().waitFor()
    await page.locator('tbody tr.openable', { hasText: word }).first().waitFor()
    await page.getByRole('button', { name: 'Export these traces' }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('menuitem', { name: /^JSON/ }).click()
    const stream = await (await download).createReadStream()
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    expect(JSON.parse(Buffer.concat(chunks).toString())).toHaveLength(Number(count))
  })

  test('the end of a table of 5,000 is one jump away, without fetching what lies between', async () => {
    const asked: string[] = []
    page.on('request', (request) => {
      if (request.url().includes('/traces?')) asked.push(request.url())
    })
    await page.goto(`/insights/${deepId}?sort=request_time&order=asc`)
    await page.locator('tbody tr.openable').first().waitFor()
    await page.waitForLoadState('networkidle')
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight))
    await page.locator(`tr.openable[aria-rowindex="${deepTraces + 1}"]`).waitFor()
    expect(await page.locator('tbody tr.openable').count()).toBeLessThan(60)
    expect(asked.length).toBeLessThan(8)
  })

  test('the record of the run adds up and can be copied', async () => {
    await page.goto(insightUrl())
    await page.getByRole('button', { name: 'Run record' }).click()
    await page.waitForURL(/tab=record/)
    const { counts } = world.insight
    await page
      .getByText(`${counts.summarized} = ${counts.clustered} clustered + ${counts.unassigned} unassigned`)
      .waitFor()
    await page.getByText('mlflow_insights_cluster_details.json').waitFor()
    await page.getByRole('button', { name: 'Copy the run id' }).click()
    expect(await clipboard()).toBe(world.insight.id)
    await page.getByRole('button', { name: 'Copy the record as JSON' }).click()
    expect(InsightAnswer.parse(JSON.parse(await clipboard())).id).toBe(world.insight.id)
  })

  test('a cluster can be copied as text, for a colleague or a model', async () => {
    await page.goto(insightUrl('?cluster=1'))
    await panel().getByRole('button', { name: 'Copy' }).click()
    const text = await clipboard()
    expect(text).toContain(`# ${clusters[0]!.title}`)
    expect(text).toContain(world.insight.instruction)
  })

  test('what is shown of an open trace is in its link', async () => {
    await page.goto(insightUrl(`?trace=${world.traceIds[0]}`))
    await page.locator('.drawer').getByRole('tab', { name: /Spans/ }).click()
    await page.waitForURL(/part=spans/)
    await page.reload()
    await page.locator('.drawer .span-row').first().waitFor()
  })

  test('a filter is put together from conditions, and each can be taken away again', async () => {
    await page.goto(tracesUrl())
    await page.getByRole('button', { name: /^Filters/ }).click()
    await page.getByLabel('Milliseconds').fill('quick')
    await page.getByRole('button', { name: 'Add condition' }).click()
    await page.getByText('A number is needed.').waitFor()
    await page.getByLabel('Milliseconds').fill('600')
    await page.getByRole('button', { name: 'Add condition' }).click()
    await page.waitForURL(/filter=execution_time_ms/)
    const { total } = await world.app.call(
      'POST',
      `/experiments/${world.experimentId}/traces/count`,
      InsightTraceList.pick({ total: true }),
      { filter: 'execution_time_ms > 600' },
    )
    await page.getByText(`of ${total} traces`).waitFor()
    await page.getByLabel('Field').selectOption('tag')
    await page.getByLabel('Key of the tag').fill('none.has.this')
    await page.getByLabel('Value', { exact: true }).fill('x')
    await page.getByRole('button', { name: 'Add condition' }).click()
    await page.getByRole('heading', { name: 'No traces found' }).waitFor()
    await page.getByRole('button', { name: /^Remove the condition tag/ }).click()
    await page.getByText(`of ${total} traces`).waitFor()
  })

  test('the traces table shows an assessment as a column', async () => {
    await page.goto(tracesUrl('?columns=state,assessment:insight_summary'))
    await page.getByRole('columnheader', { name: 'insight_summary' }).waitFor()
    expect(await page.locator('tbody tr.openable').first().locator('td').last().textContent()).not.toBe('–')
  })

  test('the form says what it will take before anything is spent', async () => {
    await page.goto(`${insightsUrl()}?create=1`)
    await page.getByText(/The estimate appears once there is a question/).waitFor()
    await page.getByRole('button', { name: 'What makes users frustrated or angry?' }).click()
    const estimate = page.locator('.estimate summary')
    await estimate.getByText('Free of charge').waitFor()
    await estimate.click()
    await page.locator('.estimate-table').getByRole('rowheader', { name: 'Summarize' }).waitFor()
  })

  test('the form shows how the question will be read, and what is changed there is how it is read', async () => {
    await page.goto(`${insightsUrl()}?create=1`)
    const estimates = page.waitForRequest(
      (request) => request.url().endsWith('/estimate') && request.postData()?.includes('asked_why') === true,
    )
    await page.getByText('How the question will be read').click()
    expect(await page.getByRole('button', { name: 'Suggest a reading' }).isDisabled()).toBe(true)
    await page.getByLabel('What do you want to know?').fill('What are customers asking for?')
    await page.getByRole('button', { name: 'Suggest a reading' }).click()
    const extract = page.getByLabel('What to take from each trace')
    expect(await extract.inputValue()).toContain('customers')
    await page.getByLabel('What to leave aside').fill('greetings')

    await page.getByRole('button', { name: 'Add a facet' }).click()
    await page.getByRole('button', { name: 'Run analysis' }).click()
    await page.getByText(/^Facet \d+ is not complete/).waitFor()
    const facet = page.getByRole('group', { name: /^Facet/ }).last()
    await facet.getByLabel('Name').fill('asked_why')
    await facet.getByLabel('What is asked').fill('Why they ask.')
    await facet.getByLabel(/^Choices/).fill('late, lost, broken')
    await page.getByRole('button', { name: 'Add a facet' }).click()
    const condition = page.getByRole('group', { name: /^Facet/ }).last()
    await condition.getByLabel('Name').fill('parcel')
    await condition.getByLabel('Type').selectOption({ label: 'Yes or no' })
    await condition.getByLabel('What holds').fill('A parcel is spoken of.')
    await page.getByLabel('Keep only traces of which this holds').selectOption({ label: 'parcel' })
    await estimates

    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
      expect(violations.map(({ id }) => id)).toEqual([])
    }
    const sent = page.waitForRequest((request) => request.url().endsWith('/api/v1/insights'))
    await page.getByRole('button', { name: 'Run analysis' }).click()
    const { lens } = (await sent).postDataJSON().options
    expect(lens).toMatchObject({ ignore: 'greetings', only: 'parcel' })
    expect(lens.facets.slice(-2)).toEqual([
      { name: 'asked_why', type: 'category', description: 'Why they ask.', values: ['late', 'lost', 'broken'] },
      { name: 'parcel', type: 'boolean', description: 'A parcel is spoken of.' },
    ])
    await page.waitForURL(/\/insights\/[0-9a-f]+$/)
  })

  test('a lens can be taken out again, and the question alone decides', async () => {
    await page.goto(`${insightsUrl()}?create=1`)
    await page.getByLabel('What do you want to know?').fill('What are customers asking for?')
    await page.getByText('How the question will be read').click()
    await page.getByRole('button', { name: 'Suggest a reading' }).click()
    await page.getByRole('button', { name: 'Let the question alone decide' }).click()
    await page.getByLabel('What to take from each trace').waitFor({ state: 'detached' })
    const sent = page.waitForRequest((request) => request.url().endsWith('/api/v1/insights'))
    await page.getByRole('button', { name: 'Run analysis' }).click()
    expect((await sent).postDataJSON().options).toBe(undefined)
    await page.waitForURL(/\/insights\/[0-9a-f]+$/)
  })

  test('a deleted Insight is brought back with one click, and a recomputed one leads to the result before it', async () => {
    await page.goto(insightsUrl())
    const row = page.getByRole('row', { name: /Questions of customers/ })
    const act = async (name: RegExp) => {
      await row.getByRole('button', { name: /^Actions on/ }).click()
      await page.getByRole('menuitem', { name }).click()
    }
    await act(/^Delete/)
    await page.getByText('The Insight and its run are deleted.').waitFor()
    await row.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Undo' }).click()
    await row.waitFor()
    await act(/^Recompute/)
    await page.waitForURL(/\/insights\/[0-9a-f]+$/)
    await page.getByRole('link', { name: 'The result before it' }).click()
    await page.waitForURL(`**${insightUrl()}`)
    await page.locator('.status-pill', { hasText: 'Finished' }).waitFor()
  })

  test('while summaries arrive, what they fall into so far is shown as provisional', async () => {
    const id = 'e'.repeat(32)
    const { db } = world.app.database
    await seedLargeInsight(world.app.database, { id, traces: 600, experimentId: world.experimentId })
    await updateInsight(db, id, { status: 'RUNNING', stage: 'summarize', provisionalOf: 200, finishedAt: null })
    await page.goto(`/insights/${id}`)
    const groups = page.getByRole('region', { name: 'Provisional groups' })
    await groups.getByText('of the first 200 summaries').waitFor()
    await groups.getByText('Parcels of depot 12').waitFor()
    await page.locator('.rail-stage.now', { hasText: 'Summarize' }).waitFor()
    // A summary is longer than a narrow screen is wide: it ends in dots.
    await page.locator('.live-item').first().waitFor()
    await page.setViewportSize({ width: 390, height: 900 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    await updateInsight(db, id, { status: 'FINISHED', provisionalOf: null })
  })

  test('what was cancelled says what is kept and not paid for again, and can go on', async () => {
    const id = 'f'.repeat(32)
    await seedLargeInsight(world.app.database, { id, traces: 600, experimentId: world.experimentId })
    const counts = { selected: 900, summarized: 600, skipped: 0, failed: 0, clustered: 0, unassigned: 0 }
    await updateInsight(world.app.database.db, id, { status: 'KILLED', stage: 'summarize', counts })
    await page.goto(`/insights/${id}`)
    const bar = page.getByRole('alert')
    await bar.getByText('600 summaries are kept and not paid for again.').waitFor()
    await bar.getByText('Resume goes on from there.').waitFor()
    await page.getByText('Not read').waitFor()
    await page.getByRole('button', { name: 'Resume', exact: true }).waitFor()
  })

  const dataDir = findDataDir()
  describe.skipIf(dataDir === undefined)('of banking77, 3,080 traces (needs the labelled data)', () => {
    let id: string
    let experimentId: string
    beforeAll(async () => {
      experimentId = await world.app.import({ path: join(dataDir ?? '', dataSets.banking77), experiment: 'Banking' })
      const body = {
        experiment_id: experimentId,
        instruction: 'What are customers asking for?',
        scope: { filter: '' },
        options: { seed: 7 },
      }
      ;({ id } = await world.app.call('POST', '/insights', CreatedAnswer, body))
    }, 120_000)

    test('while it runs one sees how far it is, cancels it, and goes on with nothing lost', async () => {
      await page.goto(`/insights/${id}`)
      await page.getByRole('button', { name: 'Cancel', exact: true }).click()
      await page.locator('.status-pill', { hasText: 'Cancelled' }).waitFor()
      await page.getByText('Resume goes on from there.').waitFor()
      await page.getByRole('button', { name: 'Resume', exact: true }).click()
      await page.locator('.rail-stage.now').waitFor()
      await page
        .getByText(/ of 3,080/)
        .first()
        .waitFor({ timeout: 30_000 })
    }, 90_000)

    test('every trace has its dot, every top cluster its tile, and the numbers are the same everywhere', async () => {
      await page.goto(`/insights/${id}?wide=1`)
      await page.locator('.status-pill', { hasText: 'Finished' }).waitFor({ timeout: 300_000 })
      const { counts } = await world.app.call('GET', `/insights/${id}`, InsightAnswer)
      expect(counts.selected).toBe(3_080)
      expect(counts.summarized).toBe(counts.clustered + counts.unassigned)
      const answer = await world.app.call('GET', `/insights/${id}/clusters`, ClustersAnswer)
      await page.getByText(/^3,080 traces, near means alike/).waitFor()
      await page.getByRole('button', { name: 'Treemap' }).click()
      for (const cluster of answer.clusters) {
        const tile = page.locator(`.tile[data-cluster="${cluster.id}"]`)
        expect(await tile.getAttribute('title')).toContain(`${cluster.size.toLocaleString('en')} (`)
      }
      await page.locator('tbody tr.openable').first().waitFor()
      await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight))
      await page.locator('tr.openable[aria-rowindex="3081"]').waitFor()
    }, 330_000)
  })
})
