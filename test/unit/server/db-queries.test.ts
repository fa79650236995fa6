import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCheckpoints } from '#/server/db/checkpoints.ts'
import { appendEvents, listEvents } from '#/server/db/events.ts'
import { claimKey, releaseKey, settleKey } from '#/server/db/idempotency.ts'
import {
  countOutside,
  listFailures,
  listInsightTraces,
  listMemberships,
  readInsightTraces,
  readMap,
} from '#/server/db/insight-traces.ts'
import type { InsightTracesQuery } from '#/server/db/insight-traces.ts'
import {
  countByExperiment,
  getInsight,
  findClusterSize,
  getTree,
  insertInsight,
  listInsights,
  updateInsight,
} from '#/server/db/insights.ts'
import type { InsightsQuery } from '#/server/db/insights.ts'
import { createTestDatabase, databaseKinds, whyNot } from '#/test/support/database.ts'
import type { TestDatabase } from '#/test/support/database.ts'
import { aCluster, aFailure, aRecord, aSpec, anInsight, someMetrics } from '#/test/support/insight-rows.ts'

for (const kind of databaseKinds) {
  const reason = await whyNot(kind)
  describe.skipIf(reason !== undefined)(`queries on ${kind}${reason === undefined ? '' : `: ${reason}`}`, () => {
    let opened: TestDatabase
    beforeAll(async () => {
      opened = await createTestDatabase(kind)
    })
    afterAll(() => opened[Symbol.asyncDispose]())
    const db = () => opened.database.db

    describe('the list of Insights', () => {
      const query: InsightsQuery = { experimentId: 'list', sort: 'created_at', order: 'desc', pageSize: 2 }
      const titles = ['beta', 'Alpha', 'gamma_1', 'Ärger', 'delta']
      beforeAll(async () => {
        for (const [index, name] of titles.entries()) {
          const spec = { ...aSpec, experimentId: 'list', name }
          // Two share a moment: the id tells them apart.
          const createdAt = new Date(1_700_000_000_000 + Math.min(index, 3) * 1_001)
          await insertInsight(db(), anInsight(`list-${index}`, { spec, createdAt }))
        }
      })
      const walk = async (more: Partial<InsightsQuery>) => {
        const names: string[] = []
        for (let pageToken: string | undefined; ;) {
          const page = await listInsights(db(), {
            ...query,
            ...more,
            ...(pageToken === undefined ? {} : { pageToken }),
          })
          expect(page.total).toBe(5)
          names.push(...page.items.map(({ name }) => name))
          if (page.nextPageToken === undefined) return names
          ;({ nextPageToken: pageToken } = page)
        }
      }

      test('pages through every order without losing or repeating one', async () => {
        expect(await walk({})).toEqual(['delta', 'Ärger', 'gamma_1', 'Alpha', 'beta'])
        expect(await walk({ order: 'asc' })).toEqual(['beta', 'Alpha', 'gamma_1', 'Ärger', 'delta'])
        expect(await walk({ sort: 'name', order: 'asc' })).toEqual(['Alpha', 'beta', 'delta', 'gamma_1', 'Ärger'])
        for (const sort of ['status', 'traces', 'updated_at'] as const) {
          expect((await walk({ sort })).toSorted()).toEqual(titles.toSorted())
        }
      })

      test('finds names by any part, and takes no letter for a wildcard', async () => {
        const search = async (search: string) =>
          (await listInsights(db(), { ...query, search })).items.map(({ name }) => name)
        expect(await search('ALPH')).toEqual(['Alpha'])
        expect(await search('a_1')).toEqual(['gamma_1'])
        expect(await search('%')).toEqual([])
        expect(await search('\\')).toEqual([])
        expect(await search("'; drop table insights; --\0")).toEqual([])
      })

      test('refuses a page token of another order', async () => {
        const { nextPageToken } = await listInsights(db(), query)
        await expect(listInsights(db(), { ...query, sort: 'name', pageToken: nextPageToken! })).rejects.toMatchObject({
          code: 'request.invalid',
        })
        await expect(listInsights(db(), { ...query, pageToken: 'nonsense' })).rejects.toMatchObject({
          code: 'request.invalid',
        })
      })

      test('leaves deleted ones out, which can still be read and restored', async () => {
        const spec = { ...aSpec, experimentId: 'deleted' }
        await insertInsight(db(), anInsight('gone', { spec }))
        expect((await countByExperiment(db())).get('deleted')).toBe(1)
        await updateInsight(db(), 'gone', { deletedAt: new Date() })
        expect(await listInsights(db(), { ...query, experimentId: 'deleted' })).toMatchObject({ items: [], total: 0 })
        expect((await countByExperiment(db())).get('deleted')).toBeUndefined()
        expect((await getInsight(db(), 'gone')).deletedAt).toBeInstanceOf(Date)
        await updateInsight(db(), 'gone', { deletedAt: null })
        expect(await listInsights(db(), { ...query, experimentId: 'deleted' })).toMatchObject({ total: 1 })
      })
    })

    test('an Insight keeps what it was made with and what it came to', async () => {
      const id = randomUUID()
      await insertInsight(db(), anInsight(id, { choices: { analyst: 'builtin' }, parentId: 'list-0' }))
      await insertInsight(db(), anInsight(id, { experimentName: 'Another' }))
      const finishedAt = new Date('2026-01-02T03:04:05.678Z')
      const done = {
        overview: 'Half of it \0 is refunds.',
        whole: someMetrics,
        status: 'FINISHED',
        finishedAt,
      } as const
      expect(await updateInsight(db(), id, done, { ifStatus: ['SCHEDULED'] })).toBe(true)
      expect(await updateInsight(db(), id, { status: 'KILLED' }, { ifStatus: ['SCHEDULED', 'RUNNING'] })).toBe(false)
      expect(await getInsight(db(), id)).toMatchObject({
        spec: aSpec,
        choices: { analyst: 'builtin' },
        parentId: 'list-0',
        experimentName: 'Support',
        overview: 'Half of it \ufffd is refunds.',
        status: 'FINISHED',
        finishedAt,
      })
      expect((await getTree(db(), id)).whole).toEqual(someMetrics)
      await expect(getInsight(db(), 'no\0ne')).rejects.toMatchObject({ code: 'insight.not_found' })
    })

    describe('the traces of an Insight', () => {
      const id = randomUUID()
      const all: InsightTracesQuery = { sort: 'typical', order: 'asc', pageSize: 3 }
      beforeAll(async () => {
        await insertInsight(db(), anInsight(id))
        const checkpoints = createCheckpoints(db(), id)
        await checkpoints.addSelected(Array.from({ length: 14 }, (_, number) => ({ traceId: `tr-${number}` })))
        await checkpoints.saveSummaries(
          Array.from({ length: 12 }, (_, number) =>
            aRecord(number, number === 4 ? { text: 'A 100% <b>odd</b> one', outcome: 'error' } : {}),
          ),
        )
        await checkpoints.saveFailures([aFailure('tr-12'), aFailure('tr-3', { stage: 'publish' })])
        await checkpoints.saveSkipped([{ traceId: 'tr-13', code: 'trace.empty', message: 'Nothing was said.' }])
        const paths = ['1.1', '1.1', '1.2', '1.2', '1.2', '1.10', '2', '2', '2', '11', null, null]
        await checkpoints.saveClusters(
          [
            aCluster(
              '1',
              'Refunds',
              [],
              [aCluster('1.1', 'Late', []), aCluster('1.2', 'Lost', []), aCluster('1.10', 'Odd', [])],
            ),
            aCluster('2', 'Delivery', ['tr-6', 'tr-7', 'tr-8']),
            aCluster('11', 'Chat', ['tr-9']),
          ],
          paths.map((clusterId, number) => ({
            traceId: `tr-${number}`,
            clusterId,
            reason: clusterId === null ? 'unlike_others' : 'Close to its centre.',
            x: number,
            y: -number,
            distance: clusterId === null ? Number.NaN : ((number * 5) % 12) / 12,
          })),
        )
      })

      const walk = async (more: Partial<InsightTracesQuery>) => {
        const numbers: number[] = []
        let total: number | undefined
        for (let pageToken: string | undefined; ;) {
          const page = await listInsightTraces(db(), id, {
            ...all,
            ...more,
            ...(pageToken === undefined ? {} : { pageToken }),
          })
          total ??= page.total
          expect(page.total).toBe(total)
          numbers.push(...page.items.map(({ ordinal }) => ordinal))
          if (page.nextPageToken === undefined) break
          ;({ nextPageToken: pageToken } = page)
        }
        expect(numbers).toHaveLength(total)
        return numbers
      }

      test('of a cluster are those of everything below it, and of nothing that only looks alike', async () => {
        expect((await walk({ cluster: '1' })).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5])
        expect(await walk({ cluster: '1.1' })).toEqual([0, 1])
        expect(await walk({ cluster: '11' })).toEqual([9])
        expect(await walk({ cluster: 'unassigned' })).toEqual([10, 11])
        expect(await walk({ cluster: 'failed' })).toEqual([12])
        expect(await walk({ cluster: '9.9' })).toEqual([])
        expect(await walk({})).toHaveLength(12)
      })

      test('come most typical first, or by time, duration or tokens, both ways', async () => {
        const typical = await walk({ cluster: '1' })
        expect(typical).toEqual([0, 5, 3, 1, 4, 2].toSorted((a, b) => ((a * 5) % 12) - ((b * 5) % 12)))
        expect(await walk({ cluster: '1', sort: 'request_time' })).toEqual([0, 1, 2, 3, 4, 5])
        expect(await walk({ cluster: '1', sort: 'tokens', order: 'desc' })).toEqual([5, 4, 3, 2, 1, 0])
        expect(await walk({ cluster: '1', sort: 'execution_time' })).toEqual([5, 4, 3, 2, 1, 0])
      })

      test('can be searched and filtered', async () => {
        expect(await walk({ search: '100%' })).toEqual([4])
        expect(await walk({ search: '<B>ODD' })).toEqual([4])
        expect(await walk({ outcome: 'error' })).toEqual([4])
        expect(await walk({ state: 'ERROR' })).toEqual([])
        expect(await walk({ cluster: '2', search: 'refund 7' })).toEqual([7])
        expect(await walk({ language: 'en' })).toHaveLength(12)
        expect(await walk({ language: 'nl' })).toEqual([])
        expect((await walk({ traceIds: ['tr-7', 'tr-2', 'tr-12', 'none'] })).toSorted((a, b) => a - b)).toEqual([2, 7])
      })

      test('are found by the area of the map they lie in', async () => {
        const corners: [number, number][] = [
          [3.5, 0],
          [7.5, 0],
          [7.5, -9],
          [3.5, -9],
        ]
        expect((await walk({ area: corners })).toSorted((a, b) => a - b)).toEqual([4, 5, 6, 7])
        expect(await walk({ area: corners, cluster: '2', sort: 'request_time' })).toEqual([6, 7])
      })

      test('can be read from any row on', async () => {
        const whole = await walk({ sort: 'request_time' })
        const page = await listInsightTraces(db(), id, { ...all, sort: 'request_time', offset: 7 })
        expect(page.items.map(({ ordinal }) => ordinal)).toEqual(whole.slice(7, 10))
        expect(page.total).toBe(whole.length)
      })

      test('tell all they know', async () => {
        const { items } = await listInsightTraces(db(), id, { ...all, cluster: '11' })
        expect(items[0]).toMatchObject({
          traceId: 'tr-9',
          clusterId: '11',
          title: 'Refund 9 asked for',
          tokens: 109,
          requestTimeMs: 1_700_000_000_009,
          evidence: [{ quote: 'refund 9', spanId: 's1', verified: true }],
          reason: 'Close to its centre.',
          status: 'summarized',
        })
        const failed = await listInsightTraces(db(), id, { ...all, cluster: 'failed' })
        expect(failed.items[0]).toMatchObject({ traceId: 'tr-12', title: null, failure: { code: 'model.refused' } })
      })

      test('the tree, the map, the failures and the rest account for every trace', async () => {
        expect(await getInsight(db(), id)).toMatchObject({ clusterCount: 6, leafCount: 5, depth: 2 })
        const { clusters } = await getTree(db(), id)
        expect(clusters.map(({ title, children }) => [title, children.length])).toEqual([
          ['Refunds', 3],
          ['Delivery', 0],
          ['Chat', 0],
        ])
        expect(JSON.stringify(clusters)).not.toContain('traceIds')
        for (const [path, count] of Object.entries({ 2: 3, 11: 1 })) {
          expect(await findClusterSize(db(), id, path)).toBe(count)
          expect(await walk({ cluster: path })).toHaveLength(count)
        }
        for (const path of ['3', '1.3', '2.1', 'unassigned', '$', '"', '1.']) {
          expect(await findClusterSize(db(), id, path)).toBe(undefined)
        }
        const map = await readMap(db(), id)
        expect(map.traceIds).toHaveLength(12)
        expect([map.x[5], map.y[5], map.clusterIds[5], map.clusterIds[10]]).toEqual([5, -5, '1.10', null])
        expect(await countOutside(db(), id)).toEqual({
          unassigned: 2,
          reasons: { unlike_others: 2 },
          failed: 1,
          skipped: 1,
        })
        const failures = await listFailures(db(), id, { kind: 'failed', pageSize: 1 })
        expect(failures).toMatchObject({ items: [{ traceId: 'tr-3', stage: 'publish' }], total: 2 })
        expect(
          await listFailures(db(), id, { kind: 'failed', pageSize: 1, pageToken: failures.nextPageToken! }),
        ).toMatchObject({
          items: [{ traceId: 'tr-12' }],
          nextPageToken: undefined,
        })
        const skipped = await listFailures(db(), id, { kind: 'skipped', pageSize: 5 })
        expect(skipped).toMatchObject({ items: [{ code: 'trace.empty', next: 'none' }], total: 1 })
        const listed = await listInsightTraces(db(), id, { ...all, cluster: 'skipped' })
        expect(listed.items.map(({ traceId }) => traceId)).toEqual(skipped.items.map(({ traceId }) => traceId))
        const exported = []
        for await (const page of readInsightTraces(db(), id, {}, 5)) exported.push(...page)
        expect(exported.map(({ ordinal }) => ordinal)).toEqual(Array.from({ length: 14 }, (_, number) => number))
        const ofOne = []
        for await (const page of readInsightTraces(db(), id, { cluster: '2', search: 'refund' }, 2)) ofOne.push(...page)
        expect(ofOne.map(({ ordinal }) => ordinal)).toEqual([6, 7, 8])
      })

      test('a trace knows the Insights it is in, with the titles above it', async () => {
        expect(await listMemberships(db(), 'tr-2')).toMatchObject([
          { insightId: id, clusterId: '1.2', clusterPath: ['Refunds', 'Lost'], title: 'Refund 2 asked for' },
        ])
        expect(await listMemberships(db(), 'tr-10')).toMatchObject([{ clusterId: null, clusterPath: [] }])
        expect(await listMemberships(db(), 'tr-12')).toEqual([])
        await updateInsight(db(), id, { deletedAt: new Date() })
        expect(await listMemberships(db(), 'tr-2')).toEqual([])
        await updateInsight(db(), id, { deletedAt: null })
      })
    })

    test('events are numbered from one without gaps, also when many append at once', async () => {
      const id = randomUUID()
      await insertInsight(db(), anInsight(id))
      const log = (message: string) => ({ type: 'log', level: 'info', message }) as const
      await Promise.all(Array.from({ length: 12 }, (_, n) => appendEvents(db(), id, [log(`${n}a`), log(`${n}b\0`)])))
      const events = await listEvents(db(), id, 0)
      expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 24 }, (_, index) => index + 1))
      expect(events[0]?.at.getTime()).toBeGreaterThan(Date.now() - 60_000)
      expect((await listEvents(db(), id, 20)).map(({ seq }) => seq)).toEqual([21, 22, 23, 24])
    })

    describe('an idempotency key', () => {
      const now = new Date('2026-01-01T00:00:00Z')
      const later = (ms: number) => new Date(now.getTime() + ms)

      test('is given to one of many who ask at once, and then stands for what that one made', async () => {
        const claims = await Promise.all(Array.from({ length: 8 }, () => claimKey(db(), 'race', 'body', now)))
        expect(claims.map(({ outcome }) => outcome).toSorted()).toEqual([
          'claimed',
          ...Array<string>(7).fill('in_progress'),
        ])
        await settleKey(db(), 'race', 'run-1')
        expect(await claimKey(db(), 'race', 'body', later(1_000))).toEqual({ outcome: 'done', insightId: 'run-1' })
        expect(await claimKey(db(), 'race', 'other', later(1_000))).toEqual({ outcome: 'different_body' })
      })

      test('is free again after 24 hours', async () => {
        await claimKey(db(), 'day', 'body', now)
        await settleKey(db(), 'day', 'run-2')
        expect(await claimKey(db(), 'day', 'body', later(86_399_000))).toMatchObject({ outcome: 'done' })
        expect(await claimKey(db(), 'day', 'other', later(86_400_000))).toEqual({ outcome: 'claimed' })
      })

      test('is free again when its request came to nothing or never came back', async () => {
        await claimKey(db(), 'failed', 'body', now)
        await releaseKey(db(), 'failed')
        expect(await claimKey(db(), 'failed', 'other', now)).toEqual({ outcome: 'claimed' })
        expect(await claimKey(db(), 'failed', 'other', later(59_000))).toEqual({ outcome: 'in_progress' })
        expect(await claimKey(db(), 'failed', 'other', later(61_000))).toEqual({ outcome: 'claimed' })
      })
    })
  })
}
