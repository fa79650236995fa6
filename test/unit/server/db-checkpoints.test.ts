import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noUsage } from '#/pipeline/insight.ts'
import type { Checkpoints } from '#/pipeline/ports.ts'
import { createCheckpoints } from '#/server/db/checkpoints.ts'
import { takeTurn } from '#/server/db/in-turn.ts'
import { insertInsight } from '#/server/db/insights.ts'
import { readVectors } from '#/server/db/vectors.ts'
import { Interrupted } from '#/server/jobs/interrupted.ts'
import { checkpointsContract } from '#/test/contract/checkpoints.ts'
import { createTestDatabase, databaseKinds, whyNot } from '#/test/support/database.ts'
import type { TestDatabase } from '#/test/support/database.ts'
import { aCluster, aFailure, anInsight, aRecord } from '#/test/support/insight-rows.ts'
import { createMemoryCheckpoints } from '#/test/support/memory-checkpoints.ts'

describe('checkpoints in memory', () => {
  checkpointsContract(async (options) => createMemoryCheckpoints(options))
})

for (const kind of databaseKinds) {
  const reason = await whyNot(kind)
  describe.skipIf(reason !== undefined)(`checkpoints in ${kind}${reason === undefined ? '' : `: ${reason}`}`, () => {
    let test_: TestDatabase
    beforeAll(async () => {
      test_ = await createTestDatabase(kind)
    })
    afterAll(() => test_[Symbol.asyncDispose]())

    const create = async (options: { pageSize?: number } = {}) => {
      const id = randomUUID()
      const { db } = test_.database
      await insertInsight(db, anInsight(id))
      return { id, db, checkpoints: createCheckpoints(db, id, options) }
    }

    checkpointsContract(async (options) => (await create(options)).checkpoints)

    test('text that PostgreSQL cannot store is kept with a mark where it could not', async () => {
      const { checkpoints } = await create()
      await checkpoints.addSelected([{ traceId: 'tr-0' }])
      const record = aRecord(0, {
        text: 'nul \0 and half a pair \ud83d here',
        evidence: [{ spanId: 's\0', quote: 'cut \udc4d, spelled \\u0000', verified: true }],
      })
      await checkpoints.saveSummaries([record])
      for await (const [saved] of checkpoints.summaries()) {
        expect(saved?.summary.text).toBe('nul \ufffd and half a pair \ufffd here')
        expect(saved?.summary.evidence[0]).toEqual({
          spanId: 's\ufffd',
          quote: 'cut \ufffd, spelled \\u0000',
          verified: true,
        })
      }
      await checkpoints.saveFailures([
        { traceId: 'tr-0', stage: 'publish', code: 'mlflow.not_found', message: '\0\ud800', attempts: 1, next: 'none' },
      ])
      expect((await checkpoints.failures())[0]?.message).toBe('\ufffd\ufffd')
    })

    test('a vector comes back bit by bit', async () => {
      const { checkpoints, db, id } = await create()
      await checkpoints.addSelected([{ traceId: 'tr-0' }, { traceId: 'tr-1' }])
      const vector = Float32Array.from({ length: 1_536 }, (_, index) => Math.sin(index) / 3)
      await checkpoints.saveVectors([{ traceId: 'tr-1', vector }], { model: 'small', usage: noUsage })
      const pages = []
      for await (const page of readVectors(db, id, 'small')) pages.push(...page)
      expect(pages).toEqual([{ traceId: 'tr-1', vector }])
    })

    test('once another run of the job has started, an older one writes nothing any more', async () => {
      const { db, id } = await create()
      const older = createCheckpoints(db, id, { turn: (await takeTurn(db, id))! })
      await older.addSelected([{ traceId: 'tr-0' }, { traceId: 'tr-1' }])
      const newer = createCheckpoints(db, id, { turn: (await takeTurn(db, id))! })
      const result = { names: [], usage: noUsage }
      const place = { traceId: 'tr-1', clusterId: '1', reason: 'Close.', x: 0, y: 0, distance: 0 }
      const writes: Record<string, (checkpoints: Checkpoints) => Promise<void>> = {
        addSelected: ({ addSelected }) => addSelected([{ traceId: 'tr-2' }]),
        saveSummaries: ({ saveSummaries }) => saveSummaries([aRecord(1)]),
        saveFailures: ({ saveFailures }) => saveFailures([aFailure('tr-0')]),
        saveSkipped: ({ saveSkipped }) => saveSkipped([{ traceId: 'tr-0', code: 'trace.empty', message: 'Empty.' }]),
        saveVectors: ({ saveVectors }) =>
          saveVectors([{ traceId: 'tr-1', vector: Float32Array.of(1) }], { model: 'small', usage: noUsage }),
        saveClusters: ({ saveClusters }) => saveClusters([aCluster('1', 'Refunds', ['tr-1'])], [place]),
        saveEmptyTree: ({ saveClusters }) => saveClusters([], []),
        saveStep: ({ saveStep }) => saveStep('name', { inputHash: 'a', result, usage: noUsage }),
        markPublished: ({ markPublished }) => markPublished('assessment', ['tr-1']),
      }
      for (const [name, write] of Object.entries(writes)) {
        await expect(write(older), name).rejects.toBeInstanceOf(Interrupted)
      }
      expect(await newer.counts()).toMatchObject({ selected: 2, summarized: 0, failed: 0, skipped: 0 })
      expect(await newer.findStep('name', 'a')).toBeUndefined()
      for (const write of Object.values(writes)) await write(newer)
      expect(await newer.counts()).toMatchObject({ selected: 3, summarized: 1, skipped: 1 })
    })

    test('a batch that cannot be stored leaves nothing of itself', async () => {
      const { checkpoints } = await create()
      await checkpoints.addSelected([{ traceId: 'tr-0' }, { traceId: 'tr-1' }])
      const broken = aRecord(1)
      // @ts-expect-error A missing title is what a bug would send.
      broken.summary.title = undefined
      await expect(checkpoints.saveSummaries([aRecord(0), broken])).rejects.toThrow()
      expect(await checkpoints.counts()).toMatchObject({ summarized: 0 })
    })

    test('everything is there after the database was closed and opened again', async () => {
      const { checkpoints, id } = await create()
      await checkpoints.addSelected([{ traceId: 'tr-0' }, { traceId: 'tr-1' }])
      await checkpoints.saveSummaries([aRecord(0)])
      const { db } = await test_.reopen()
      const again = createCheckpoints(db, id)
      expect(await again.counts()).toMatchObject({ selected: 2, summarized: 1 })
    })
  })
}
