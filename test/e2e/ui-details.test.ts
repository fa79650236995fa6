// What an Insight says of its edges, in real Chromium: hidden groups, facets of the lens, what was skipped, failed or
// fits nowhere, and the pages that have nothing to show yet.
import { randomUUID } from 'node:crypto'
import { AxeBuilder } from '@axe-core/playwright'
import { sql } from 'drizzle-orm'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ErrorCode } from '#/pipeline/errors.ts'
import { ClustersAnswer, InsightTraceList } from '#/server/api/schemas/clusters.ts'
import { CreatedAnswer, type InsightAnswer } from '#/server/api/schemas/insights.ts'
import { updateInsight } from '#/server/db/insights.ts'
import { startBrowserWorld, type BrowserWorld } from '#/test/support/browser-world.ts'
import { findChromium, openContext, openPage, type Watched } from '#/test/support/browser.ts'
import { aFailure } from '#/test/support/insight-rows.ts'
import { seedLargeInsight } from '#/test/support/large-insight.ts'

const hasChromium = findChromium() !== undefined
if (!hasChromium && process.env['CI'] === 'true') throw new Error('There is no Chromium here, and CI needs it.')

// Skipped only where the machine has no Chromium; CI fails instead.
describe.skipIf(!hasChromium)('the edges of an Insight in a browser', () => {
  let world: BrowserWorld
  let context: BrowserContext
  let watched: Watched
  let page: Page
  /** With a facet of the lens, and with its small groups hidden. */
  let guarded: InsightAnswer
  /** Whose lens keeps only some of the traces. */
  let narrowed: InsightAnswer
  const refund = { name: 'asked_refund', type: 'boolean', description: 'A refund was asked for.' }
  const lens = { extract: 'the request', alike: 'the same request', ignore: '', facets: [refund] }

  beforeAll(async () => {
    world = await startBrowserWorld()
    guarded = await create({ lens, min_shown_size: 25 })
    narrowed = await create({ lens: { ...lens, only: refund.name }, min_success_share: 0 })
    context = await openContext(world.browser, { baseUrl: world.app.url })
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

  const insightsUrl = () => `/experiments/${world.experimentId}/insights`
  const panel = () => page.locator('.cluster-panel')
  const shownTotal = () => page.locator('.explorer .filters-end')
  const create = async (options: Record<string, unknown>) => {
    const { id } = await world.app.call('POST', '/insights', CreatedAnswer, {
      experiment_id: world.experimentId,
      instruction: 'What are customers asking for?',
      scope: { filter: '' },
      options: { seed: 7, ...options },
    })
    return world.app.finished(id)
  }

  test('the form can hide groups of a few traces, and says why one would', async () => {
    await page.goto(`${insightsUrl()}?create=1`)
    await page.getByLabel('What do you want to know?').fill('What are customers asking for?')
    await page.getByText('Advanced', { exact: true }).click()
    const few = page.getByLabel('Hide groups of fewer than')
    await few.fill('some')
    await page.getByRole('button', { name: 'Run analysis' }).click()
    await page.getByText('A whole number above zero, or nothing to show every group.').waitFor()
    await few.fill('7')
    await page.getByText('a group of a few may tell who they are').waitFor()
    const sent = page.waitForRequest((request) => request.url().endsWith('/api/v1/insights'))
    await page.getByRole('button', { name: 'Run analysis' }).click()
    expect((await sent).postDataJSON().options).toEqual({ min_shown_size: 7 })
    await page.waitForURL(/\/insights\/[0-9a-f]+$/)
  })

  test('of a hidden group nothing but its size is shown, and no zero stands where a number is not told', async () => {
    const { clusters } = await world.app.call('GET', `/insights/${guarded.id}/clusters`, ClustersAnswer)
    const hidden = clusters.find((cluster) => cluster.hidden === true)!
    await page.goto(`/insights/${guarded.id}?cluster=${hidden.id}`)
    await panel().getByText('Groups of fewer than 25 traces may tell who they are').waitFor()
    await panel().getByText(`${hidden.size} traces`).waitFor()
    expect(await panel().locator('.metric, .outcomes, .chips, .quotes').count()).toBe(0)
    await shownTotal().getByText(`${hidden.size} traces`).waitFor()
    expect(await page.getByLabel('Outcome', { exact: true }).locator('option', { hasText: '(0)' }).count()).toBe(0)

    await page.goto(`/insights/${guarded.id}?rank=worst&view=treemap&color=errors`)
    await page.locator('.compare-table tbody tr').last().getByText('(hidden)').waitFor()
    const row = page.locator('.compare-table tbody tr', { hasText: hidden.title })
    const [size, ...numbers] = await row.locator('td.number').allTextContents()
    expect(size).toContain(String(hidden.size))
    expect(new Set(numbers)).toEqual(new Set(['–']))
    await page.getByText('Of a hidden group only its size is shown.').waitFor()
    await page.locator(`.tile.no-value[data-cluster="${hidden.id}"]`).waitFor()
    await page.getByText('Striped: not known.').waitFor()
    await page.getByRole('button', { name: 'Run record' }).click()
    await page.getByText('fewer than 25 traces: only their size is shown').waitFor()
  })

  test('what the lens asked of every trace is counted, filters the table, and stands in its own column', async () => {
    const { total } = await world.app.call(
      'GET',
      `/insights/${guarded.id}/traces?facet=asked_refund:true`,
      InsightTraceList,
    )
    await page.goto(`/insights/${guarded.id}`)
    const counted = page.getByRole('region', { name: 'Asked refund' })
    await counted.getByText(`${total} ·`).waitFor()
    await counted.getByRole('button', { name: 'Yes' }).click()
    await page.waitForURL(/facets=asked_refund/)
    await shownTotal().getByText(`${total} traces`).waitFor()
    expect(await page.getByRole('combobox', { name: 'Asked refund' }).inputValue()).toBe('true')
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Asked refund' }).click()
    await page.keyboard.press('Escape')
    await page.reload()
    await shownTotal().getByText(`${total} traces`).waitFor()
    const row = page.locator('table.virtual tr.openable').first()
    expect(await row.locator('td').last().textContent()).toBe('Yes')
    await row.click()
    await page.locator('.drawer').getByText('Asked refund').waitFor()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
      expect(violations.map(({ id }) => id)).toEqual([])
    }
    await page.goto(`/insights/${guarded.id}?tab=record`)
    await page.getByText('A refund was asked for.').waitFor()
  }, 60_000)

  test('a trace that the lens left out says so, and nothing claims that it had no text', async () => {
    const { id, counts } = narrowed
    expect(counts.skipped).toBeGreaterThan(0)
    await page.goto(`/insights/${id}`)
    await page.locator('a.figure', { hasText: 'Skipped' }).click()
    await panel().getByText('they have no text to read, or the lens leaves them out; the list says which').waitFor()
    await panel().getByText('The lens keeps only traces of which this holds: A refund was asked for.').waitFor()
    const list = page.getByRole('region', { name: 'Traces skipped' })
    await list.getByText('The lens keeps others').waitFor()
    await list
      .getByText(/^Left out, since only traces are asked for/)
      .first()
      .waitFor()
    expect(await page.getByText('The trace itself is at fault').count()).toBe(0)
  })

  test('failures are a list by reason, each opens its trace, and those that another try can help are tried again', async () => {
    const id = 'f'.repeat(32)
    const { db } = world.app.database
    await seedLargeInsight(world.app.database, { id, traces: 200, experimentId: world.experimentId })
    const fail = (code: ErrorCode, next: 'retry' | 'none', ordinals: readonly number[]) =>
      Promise.all(
        ordinals.map((ordinal) => {
          const traceId = world.traceIds[ordinal]!
          return db.execute(sql`
            update insight_traces set status = 'failed', cluster_path = null, trace_id = ${traceId},
              failure = ${JSON.stringify(aFailure(traceId, { code, next }))}::jsonb
            where insight_id = ${id} and ordinal = ${ordinal}
          `)
        }),
      )
    await fail('model.too_long', 'none', [1, 2, 3])
    await fail('model.timeout', 'retry', [4, 5])
    await updateInsight(db, id, {
      counts: { selected: 200, summarized: 195, skipped: 0, failed: 5, clustered: 191, unassigned: 4 },
    })
    await page.goto(`/insights/${id}`)
    await page.locator('a.figure', { hasText: 'Failed' }).click()
    const list = page.getByRole('region', { name: 'Traces failed' })
    await list.getByText('5 traces failed').waitFor()
    const groups = await list.locator('summary').allTextContents()
    expect(groups.map((text) => text.replaceAll(/\s+/g, ' ').trim())).toEqual([
      '3 model.too_long The trace itself is at fault',
      '2 model.timeout Trying again may help',
    ])
    await list.locator('summary').first().click()
    await list.getByRole('button').first().click()
    await page.waitForURL(/trace=tr-/)
    await page.getByRole('button', { name: /^Retry/ }).waitFor()
  })

  test('what fits nowhere is a place of its own with the reasons, and another question can be asked of it', async () => {
    const id = randomUUID().replaceAll('-', '')
    await seedLargeInsight(world.app.database, { id, traces: 600, experimentId: world.experimentId })
    await page.goto(`/insights/${id}`)
    await page.getByRole('treeitem', { name: /^Unassigned/ }).click()
    await panel().getByText('They are kept apart rather than forced in.').waitFor()
    await panel().getByText('12 unlike_others').waitFor()
    await shownTotal().getByText('12 traces').waitFor()
    await panel().getByRole('button', { name: 'Ask about these' }).waitFor()
  })

  test('an experiment without traces says how they come, and a question to a few says that more would tell more', async () => {
    const empty = await world.app.mlflow.createExperiment('Nothing yet', { signal: AbortSignal.timeout(5_000) })
    await page.goto(`/experiments/${empty}/traces`)
    await page.getByRole('heading', { name: 'No traces yet' }).waitFor()
    await page.goto(`/experiments/${empty}/insights`)
    await page.getByRole('heading', { name: 'No Insights yet' }).waitFor()
    await page.getByRole('button', { name: 'Where does the assistant fail, and why?' }).click()
    expect(await page.getByLabel('What do you want to know?').inputValue()).toBe(
      'Where does the assistant fail, and why?',
    )
    await page.getByText('0 match, 0 will be read').waitFor()
    await page.getByRole('button', { name: 'Run analysis' }).click()
    await page.getByText('This experiment has no traces yet.').waitFor()
    await page.goto(`${insightsUrl()}?create=1`)
    await page.getByLabel(/Read at most/).fill('12')
    await page.getByText('Groups say more with at least 20 traces.').waitFor()
  })
})
