import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pingDatabase } from '#/server/db/database.ts'
import { vacuumWhereNeeded } from '#/server/db/embedded/open-embedded.ts'
import { createTestDatabase } from '#/test/support/database.ts'
import type { TestDatabase } from '#/test/support/database.ts'

describe('the embedded database', () => {
  let opened: TestDatabase
  beforeAll(async () => {
    opened = await createTestDatabase('embedded')
    await opened.database.pool.query('create table numbers (number int primary key, word text)')
  })
  afterAll(() => opened[Symbol.asyncDispose]())
  const query = (sql: string, values?: unknown[]) => opened.database.pool.query(sql, values)

  test('answers an error with its code and goes on', async () => {
    await expect(query('select 1 / 0')).rejects.toMatchObject({ code: '22012' })
    await expect(query('select $1::int / 0', [1])).rejects.toMatchObject({ code: '22012' })
    await expect(pingDatabase(opened.database)).resolves.toBeUndefined()
  })

  test('a connection that broke inside a transaction leaves nothing of it behind', async () => {
    const client = await opened.database.pool.connect()
    await client.query('begin')
    await client.query('insert into numbers values (-1)')
    client.release(true)
    expect((await query('select count(*)::int as count from numbers')).rows).toEqual([{ count: 0 }])
  })

  test('serves many who ask at once, one after the other', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, number) =>
        query('select $1::int as number, repeat($2, 1000) as text', [number, 'ä']),
      ),
    )
    expect(answers.map(({ rows }) => rows[0]?.number as number)).toEqual(
      Array.from({ length: 200 }, (_, index) => index),
    )
  })

  test('carries answers and questions of many megabytes', async () => {
    const text = 'x'.repeat(8_000_000)
    const { rows } = await query('select $1::text as text', [text])
    expect(rows[0]?.text === text).toBe(true)
  })

  test('leaves the event loop free while it works', async () => {
    let ticks = 0
    const ticking = setInterval(() => ticks++, 5)
    await query('select count(*) from generate_series(1, 3000000)')
    await wait(1)
    clearInterval(ticking)
    expect(ticks).toBeGreaterThan(5)
  })

  test('sweeps tables that changed much, and only those', async () => {
    await query("insert into numbers select number, 'one' from generate_series(1, 5000) as number")
    await query("update numbers set word = 'two'")
    expect(await vacuumWhereNeeded(opened.database.pool)).toContain('public.numbers')
    expect(await vacuumWhereNeeded(opened.database.pool)).toEqual([])
  })
})
