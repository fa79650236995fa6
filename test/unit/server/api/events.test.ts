// The stream of an Insight's events, seen from one who reads slowly, leaves, or comes back.
import { setTimeout as wait } from 'node:timers/promises'
import { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CallerEnv } from '#/server/api/caller.ts'
import { eventRoutes } from '#/server/api/events.ts'
import { insertInsight, updateInsight } from '#/server/db/insights.ts'
import type { EventRecord } from '#/server/db/records.ts'
import { createMlflowClient } from '#/server/mlflow/client.ts'
import { createTestDatabase, silentLog, type TestDatabase } from '#/test/support/database.ts'
import { anInsight } from '#/test/support/insight-rows.ts'

let opened: TestDatabase
beforeAll(async () => {
  opened = await createTestDatabase('embedded')
  await insertInsight(opened.database.db, anInsight('running'))
  await updateInsight(opened.database.db, 'running', { status: 'RUNNING' })
})
afterAll(() => opened?.[Symbol.asyncDispose]())

/** The route over a log that never ends, and how far it was read. */
function createSubject() {
  const seen = { pulled: 0, after: -1, isOver: false }
  const route = eventRoutes({
    database: opened.database,
    now: Date.now,
    log: silentLog,
    events: {
      writer: () => ({ emit: () => {}, close: async () => {} }),
      append: async () => {},
      subscribe: async function* (_id, { after, signal }): AsyncGenerator<EventRecord> {
        seen.after = after
        signal.addEventListener('abort', () => {
          seen.isOver = true
        })
        for (let seq = after + 1; !signal.aborted; seq++) {
          seen.pulled++
          yield { seq, at: new Date(), event: { type: 'log', level: 'info', message: 'x'.repeat(1_000) } }
        }
      },
      [Symbol.asyncDispose]: async () => {},
    },
  })
  const client = createMlflowClient({ trackingUri: 'http://127.0.0.1:9' })
  const app = new Hono<CallerEnv>()
    .use(async (c, next) => {
      c.set('caller', {
        client,
        canRead: async () => true,
        getExperiment: () => Promise.reject(new Error('not asked')),
      })
      await next()
    })
    .route('/', route)
  return { app, seen }
}

test('a reader that stops reading stops the reading of the log: nothing piles up for it', async () => {
  const { app, seen } = createSubject()
  const answer = await app.request('/insights/running/events')
  const reader = answer.body!.getReader()
  await reader.read()
  await wait(300)
  const pulled = seen.pulled
  expect(pulled).toBeLessThan(20)
  for (let chunk = 0; chunk < 200; chunk++) await reader.read()
  expect(seen.pulled).toBeGreaterThan(pulled + 50)
  await reader.cancel()
  await expect.poll(() => seen.isOver).toBe(true)
})

test('Last-Event-ID goes on after the event that was seen last', async () => {
  const { app, seen } = createSubject()
  const answer = await app.request('/insights/running/events', { headers: { 'last-event-id': '41' } })
  const reader = answer.body!.getReader()
  let text = ''
  while (!text.includes('id: 42')) text += new TextDecoder().decode((await reader.read()).value)
  expect(seen.after).toBe(41)
  expect(text).toMatch(/^event: state\n/)
  await reader.cancel()
})

test('a Last-Event-ID that no event can have counts as none', async () => {
  const { app, seen } = createSubject()
  const answer = await app.request('/insights/running/events', { headers: { 'last-event-id': '99999999999' } })
  const reader = answer.body!.getReader()
  await reader.read()
  await reader.read()
  expect(seen.after).toBe(0)
  await reader.cancel()
})
