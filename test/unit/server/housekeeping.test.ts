import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTrackingServer, type TrackingServer } from '#/mocks/tracking/server.ts'
import { noUsage } from '#/pipeline/insight.ts'
import { addDraft, listAbandonedDrafts, removeDraft } from '#/server/db/drafts.ts'
import { appendEvents, listEvents } from '#/server/db/events.ts'
import { insertInsight, updateInsight } from '#/server/db/insights.ts'
import { requestIdTag } from '#/server/insights/create.ts'
import { keepHouse } from '#/server/insights/housekeeping.ts'
import { createMlflowClient } from '#/server/mlflow/client.ts'
import { createTestDatabase, type TestDatabase } from '#/test/support/database.ts'
import { anInsight } from '#/test/support/insight-rows.ts'

let opened: TestDatabase
let tracking: TrackingServer
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'insights-house-'))
  ;[opened, tracking] = await Promise.all([
    createTestDatabase('embedded'),
    startTrackingServer({ port: 0, dataDir: folder }),
  ])
})
afterAll(async () => {
  await opened?.[Symbol.asyncDispose]()
  await tracking?.close()
  await rm(folder, { recursive: true, force: true })
})

const { signal } = new AbortController()
const house = (now = Date.now) => ({
  database: opened.database,
  client: createMlflowClient({ trackingUri: tracking.url }),
  now,
})

test('a run whose making was cut short is ended, once nobody can be making it any more', async () => {
  const { client, database } = house()
  const experimentId = await client.createExperiment('drafts', { signal })
  const requestId = 'request-1'
  await addDraft(database.db, { requestId, experimentId })
  await addDraft(database.db, { requestId: 'request-without-run', experimentId })
  const { runId } = await client.createRun(
    { experimentId, name: 'cut short', startTimeMs: 1, tags: { [requestIdTag]: requestId }, uniqueTag: requestIdTag },
    { signal },
  )
  await keepHouse(house())
  expect((await client.getRun(runId, { signal })).status).toBe('RUNNING')
  await keepHouse(house(), { abandonedAfterS: 0 })
  expect(await client.getRun(runId, { signal })).toMatchObject({
    status: 'FAILED',
    tags: { 'mlflow.note.content': expect.stringContaining('Ask again') as string },
  })
  expect(await listAbandonedDrafts(database.db, 0)).toEqual([])
})

test('a run that MLflow refuses to look for keeps nobody from ending the others', async () => {
  const { client, database } = house()
  const experimentId = await client.createExperiment('refused drafts', { signal })
  const refused = "no ' such request"
  await addDraft(database.db, { requestId: refused, experimentId })
  await addDraft(database.db, { requestId: 'request-2', experimentId })
  await expect(keepHouse(house(), { abandonedAfterS: 0 })).rejects.toThrow('1 runs')
  expect((await listAbandonedDrafts(database.db, 0)).map(({ requestId }) => requestId)).toEqual([refused])
  await removeDraft(database.db, refused)
})

test('a day after its end an Insight keeps the events that say how it went', async () => {
  const { db } = opened.database
  const events = [
    { type: 'stage', stage: 'summarize', total: 2 },
    { type: 'summary', traceId: 'tr-1', title: 'A title', text: 'A text' },
    { type: 'progress', stage: 'summarize', done: 2, total: 2, failed: 0, usage: noUsage },
    { type: 'log', level: 'warn', message: 'Slow.' },
    { type: 'end', status: 'FINISHED' },
  ] as const
  const ends = { old: new Date(Date.now() - 2 * 86_400_000), fresh: new Date(), running: null }
  for (const [id, finishedAt] of Object.entries(ends)) {
    await insertInsight(db, anInsight(id))
    await updateInsight(db, id, { finishedAt })
    await appendEvents(db, id, events)
  }
  await keepHouse(house())
  const kept = async (id: string) => (await listEvents(db, id, 0)).map(({ event }) => event.type)
  expect(await kept('old')).toEqual(['stage', 'log', 'end'])
  expect(await kept('fresh')).toHaveLength(5)
  expect(await kept('running')).toHaveLength(5)
})
