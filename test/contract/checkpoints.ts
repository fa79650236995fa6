// What every implementation of the `Checkpoints` port must do.
import { describe, expect, test } from 'vitest'
import { noUsage } from '#/pipeline/insight.ts'
import type { Checkpoints, ClusterAssignment } from '#/pipeline/ports.ts'
import { aCluster, aFailure, aRecord } from '#/test/support/insight-rows.ts'

type Subject = { checkpoints: Checkpoints; pageSize: number }

const ids = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ traceId: `tr-${from + index}` }))

async function collect<T>(pages: AsyncIterable<T[]>): Promise<T[]> {
  const rows: T[] = []
  for await (const page of pages) rows.push(...page)
  return rows
}

const place = (traceId: string, clusterId: string | null, reason = 'Close to its centre.'): ClusterAssignment => ({
  traceId,
  clusterId,
  reason,
  x: 0.5,
  y: -0.5,
  distance: clusterId === null ? Number.NaN : 0.25,
})

/** `create` gives checkpoints of an Insight that has none yet, with pages as small as `pageSize`. */
export function checkpointsContract(create: (options: { pageSize: number }) => Promise<Checkpoints>): void {
  const subject = async (selected = 0, pageSize = 4): Promise<Subject> => {
    const checkpoints = await create({ pageSize })
    if (selected > 0) await checkpoints.addSelected(ids(0, selected))
    return { checkpoints, pageSize }
  }

  describe('selecting', () => {
    test('ordinals follow the order of arrival, over several calls', async () => {
      const { checkpoints } = await subject()
      await checkpoints.addSelected([{ traceId: 'b' }, { traceId: 'a' }])
      await checkpoints.addSelected([{ traceId: 'c' }])
      expect(await collect(checkpoints.pending())).toEqual([
        { traceId: 'b', ordinal: 0 },
        { traceId: 'a', ordinal: 1 },
        { traceId: 'c', ordinal: 2 },
      ])
    })

    test('a trace selected twice is selected once', async () => {
      const { checkpoints } = await subject(5)
      await checkpoints.addSelected([...ids(3, 7), ...ids(3, 7)])
      expect(await checkpoints.countSelected()).toBe(7)
      expect((await collect(checkpoints.pending())).map(({ ordinal }) => ordinal)).toEqual([0, 1, 2, 3, 4, 5, 6])
    })

    test('more traces than a page or a statement holds all arrive in order', async () => {
      const { checkpoints } = await subject(2_503, 1_000)
      const pending = await collect(checkpoints.pending())
      expect(pending).toHaveLength(2_503)
      expect(pending.every(({ traceId, ordinal }) => traceId === `tr-${ordinal}`)).toBe(true)
    })

    test('what the scope came to is kept', async () => {
      const { checkpoints } = await subject()
      expect(await checkpoints.selection()).toBeUndefined()
      const selection = {
        matched: 9,
        strata: [{ value: 'a"b', available: 5, wanted: 6, selected: 5 }],
        strataCount: 1,
        shortCount: 1,
      }
      await checkpoints.saveSelection(selection)
      expect(await checkpoints.selection()).toEqual(selection)
    })

    test('nothing selected gives no pages', async () => {
      const { checkpoints } = await subject()
      expect(await collect(checkpoints.pending())).toEqual([])
      expect(await checkpoints.countSelected()).toBe(0)
    })
  })

  describe('finishing traces', () => {
    test('a summary comes back as it was, under the ordinal of the selection', async () => {
      const { checkpoints } = await subject(3)
      const record = aRecord(2, {
        readShare: 1 / 3,
        title: 'Zurück – 返金 👍',
        evidence: [{ spanId: 's', quote: '"quoted" \\ \\u0000 {a,b}', verified: false }],
      })
      await checkpoints.saveSummaries([{ ...record, ordinal: 99 }])
      expect(await collect(checkpoints.summaries())).toEqual([record])
    })

    test('facts that are unknown stay unknown', async () => {
      const { checkpoints } = await subject(1)
      const record = aRecord(0)
      const { executionMs, totalTokens, session, user, ...known } = record.facts
      expect([executionMs, totalTokens, session, user]).not.toContain(undefined)
      await checkpoints.saveSummaries([{ ...record, facts: known }])
      expect((await collect(checkpoints.summaries()))[0]?.facts).toEqual(known)
    })

    test('summaries come in ordinal order whatever order they were saved in', async () => {
      const { checkpoints } = await subject(9)
      await checkpoints.saveSummaries([aRecord(7), aRecord(3)])
      await checkpoints.saveSummaries([aRecord(0), aRecord(8), aRecord(5)])
      expect((await collect(checkpoints.summaries())).map(({ ordinal }) => ordinal)).toEqual([0, 3, 5, 7, 8])
    })

    test('what is done is no longer pending', async () => {
      const { checkpoints } = await subject(5)
      await checkpoints.saveSummaries([aRecord(0)])
      await checkpoints.saveFailures([aFailure('tr-1')])
      await checkpoints.saveSkipped([{ traceId: 'tr-2', code: 'trace.empty', message: 'Nothing was said.' }])
      expect(await collect(checkpoints.pending())).toEqual([
        { traceId: 'tr-3', ordinal: 3 },
        { traceId: 'tr-4', ordinal: 4 },
      ])
    })

    test('a reader of pending traces is not disturbed by traces that finish behind it', async () => {
      const { checkpoints, pageSize } = await subject(10)
      const seen: string[] = []
      for await (const page of checkpoints.pending()) {
        expect(page.length).toBeLessThanOrEqual(pageSize)
        seen.push(...page.map(({ traceId }) => traceId))
        await checkpoints.saveSummaries(page.map(({ ordinal }) => aRecord(ordinal)))
      }
      expect(seen).toEqual(ids(0, 10).map(({ traceId }) => traceId))
    })

    test('the same summaries saved again change nothing, and the first one stays', async () => {
      const { checkpoints } = await subject(3)
      await checkpoints.saveSummaries([aRecord(0), aRecord(1)])
      await checkpoints.saveSummaries([aRecord(0, { text: 'Another text.' }), aRecord(1), aRecord(1), aRecord(2)])
      expect(await collect(checkpoints.summaries())).toEqual([aRecord(0), aRecord(1), aRecord(2)])
      expect((await checkpoints.counts()).usage.calls).toBe(3)
    })

    test('a trace that was never selected is left alone', async () => {
      const { checkpoints } = await subject(1)
      await checkpoints.saveSummaries([aRecord(5)])
      await checkpoints.saveFailures([aFailure('tr-5')])
      expect(await checkpoints.counts()).toMatchObject({ selected: 1, summarized: 0, failed: 0 })
    })

    test('counts add up and usage is summed', async () => {
      const { checkpoints } = await subject(6)
      await checkpoints.saveSummaries([aRecord(0), aRecord(1), aRecord(2)])
      await checkpoints.saveFailures([aFailure('tr-3')])
      await checkpoints.saveSkipped([{ traceId: 'tr-4', code: 'trace.empty', message: 'Nothing was said.' }])
      expect(await checkpoints.counts()).toEqual({
        selected: 6,
        summarized: 3,
        skipped: 1,
        failed: 1,
        usage: { inputTokens: 300, outputTokens: 60, cachedTokens: 30, costUsd: 1.5, calls: 3 },
      })
    })
  })

  describe('failures', () => {
    test('failures come back whole, in ordinal order, the last of each trace', async () => {
      const { checkpoints } = await subject(3)
      await checkpoints.saveFailures([aFailure('tr-2'), aFailure('tr-0')])
      await checkpoints.saveFailures([aFailure('tr-2', { attempts: 4, next: 'retry' })])
      expect(await checkpoints.failures()).toEqual([aFailure('tr-0'), aFailure('tr-2', { attempts: 4, next: 'retry' })])
    })

    test('a failed trace that is summarized later is no failure any more', async () => {
      const { checkpoints } = await subject(1)
      await checkpoints.saveFailures([aFailure('tr-0')])
      await checkpoints.saveSummaries([aRecord(0)])
      expect(await checkpoints.failures()).toEqual([])
      expect(await checkpoints.counts()).toMatchObject({ summarized: 1, failed: 0 })
    })

    test('a summarized trace that cannot be published stays summarized, and says so until it is published', async () => {
      const { checkpoints } = await subject(1)
      await checkpoints.saveSummaries([aRecord(0)])
      await checkpoints.saveFailures([aFailure('tr-0', { stage: 'publish', code: 'mlflow.not_found' })])
      expect(await checkpoints.counts()).toMatchObject({ summarized: 1, failed: 0 })
      expect(await checkpoints.failures()).toHaveLength(1)
      await checkpoints.markPublished('assessment', ['tr-0'])
      expect(await checkpoints.failures()).toEqual([])
    })

    test('a skipped trace is no failure', async () => {
      const { checkpoints } = await subject(1)
      await checkpoints.saveSkipped([{ traceId: 'tr-0', code: 'trace.empty', message: 'Nothing was said.' }])
      expect(await checkpoints.failures()).toEqual([])
      expect(await checkpoints.skipped()).toEqual([
        { traceId: 'tr-0', code: 'trace.empty', message: 'Nothing was said.' },
      ])
    })
  })

  describe('publishing', () => {
    test('a summary is unpublished until it is marked', async () => {
      const { checkpoints } = await subject(6)
      await checkpoints.saveSummaries([0, 1, 2, 3, 4].map((number) => aRecord(number)))
      await checkpoints.markPublished('assessment', ['tr-1', 'tr-3'])
      await checkpoints.markPublished('assessment', ['tr-1'])
      expect(await collect(checkpoints.unpublished('assessment'))).toEqual(['tr-0', 'tr-2', 'tr-4'])
    })

    test('marking each page while reading misses none', async () => {
      const { checkpoints } = await subject(11)
      await checkpoints.saveSummaries(ids(0, 11).map((_, number) => aRecord(number)))
      const seen: string[] = []
      for await (const page of checkpoints.unpublished('assessment')) {
        await checkpoints.markPublished('assessment', page)
        seen.push(...page)
      }
      expect(seen).toHaveLength(11)
      expect(await collect(checkpoints.unpublished('assessment'))).toEqual([])
    })

    test('a place in the tree is unpublished once there is one, unassigned ones included', async () => {
      const { checkpoints } = await subject(3)
      await checkpoints.saveSummaries([aRecord(0), aRecord(1)])
      expect(await collect(checkpoints.unpublished('cluster'))).toEqual([])
      await checkpoints.saveClusters([aCluster('1', 'Refunds', ['tr-0'])], [place('tr-0', '1'), place('tr-1', null)])
      expect(await collect(checkpoints.unpublished('cluster'))).toEqual(['tr-0', 'tr-1'])
      await checkpoints.markPublished('cluster', ['tr-0'])
      expect(await collect(checkpoints.unpublished('cluster'))).toEqual(['tr-1'])
    })

    test('the same tree saved again leaves published what is; a new place is published anew', async () => {
      const { checkpoints } = await subject(3)
      await checkpoints.saveSummaries([aRecord(0), aRecord(1), aRecord(2)])
      const tree = [aCluster('1', 'Refunds', ['tr-0', 'tr-1', 'tr-2'])]
      const places = [place('tr-0', '1'), place('tr-1', '1'), place('tr-2', '1')]
      await checkpoints.saveClusters(tree, places)
      await checkpoints.markPublished('cluster', ['tr-0', 'tr-1', 'tr-2'])
      await checkpoints.saveClusters(tree, places)
      expect(await collect(checkpoints.unpublished('cluster'))).toEqual([])
      await checkpoints.saveClusters(tree, [place('tr-0', '1'), place('tr-1', null, 'Unlike all others.')])
      expect(await collect(checkpoints.unpublished('cluster'))).toEqual(['tr-1'])
    })

    test('vectors come back by their model, and what they cost is counted once', async () => {
      const { checkpoints } = await subject(4)
      const usage = { inputTokens: 10, outputTokens: 0, cachedTokens: 0, costUsd: 0.25, calls: 1 }
      const rows = [
        { traceId: 'tr-2', vector: Float32Array.of(0.1, -2) },
        { traceId: 'tr-0', vector: Float32Array.of(3, 4) },
      ]
      await checkpoints.saveVectors(rows, { model: 'small', usage })
      await checkpoints.saveVectors(rows, { model: 'small', usage })
      expect(await collect(checkpoints.vectors('small'))).toEqual([rows[1], rows[0]])
      expect(await collect(checkpoints.vectors('large'))).toEqual([])
      expect((await checkpoints.counts()).usage).toEqual(usage)
      await checkpoints.saveVectors([rows[0]!], { model: 'large', usage })
      expect(await collect(checkpoints.vectors('small'))).toEqual([rows[1]])
      expect((await checkpoints.counts()).usage.calls).toBe(2)
    })

    test('a step is found for its input only, the first result stays, and every cost is counted', async () => {
      const { checkpoints } = await subject(1)
      const usage = { inputTokens: 10, outputTokens: 5, cachedTokens: 1, costUsd: 0.5, calls: 2 }
      const named = (title: string) => ({ names: [{ id: '1', title, summary: 'All of it.' }], usage })
      expect(await checkpoints.findStep('name', 'a')).toBeUndefined()
      await checkpoints.saveStep('name', { inputHash: 'a', result: named('First'), usage })
      await checkpoints.saveStep('name', { inputHash: 'a', result: named('Second'), usage })
      expect(await checkpoints.findStep('name', 'a')).toEqual(named('First'))
      expect(await checkpoints.findStep('name', 'b')).toBeUndefined()
      expect(await checkpoints.findStep('overview', 'a')).toBeUndefined()
      await checkpoints.saveStep('name', { inputHash: 'b', result: named('Third'), usage })
      expect(await checkpoints.findStep('name', 'a')).toBeUndefined()
      expect(await checkpoints.findStep('name', 'b')).toEqual(named('Third'))
      await checkpoints.saveFailures([aFailure('tr-0')], usage)
      await checkpoints.saveFailures([aFailure('tr-0')], usage)
      expect(await checkpoints.stageUsage()).toMatchObject({ name: { calls: 4 }, summarize: { calls: 4 } })
      expect((await checkpoints.counts()).usage).toEqual({
        inputTokens: 40,
        outputTokens: 20,
        cachedTokens: 4,
        costUsd: 2,
        calls: 8,
      })
    })

    test('empty calls do nothing', async () => {
      const { checkpoints } = await subject(1)
      await checkpoints.addSelected([])
      await checkpoints.saveSummaries([])
      await checkpoints.saveFailures([])
      await checkpoints.saveSkipped([])
      await checkpoints.saveVectors([], { model: 'small', usage: noUsage })
      await checkpoints.saveClusters([], [])
      await checkpoints.markPublished('assessment', [])
      expect(await checkpoints.countSelected()).toBe(1)
    })
  })
}
