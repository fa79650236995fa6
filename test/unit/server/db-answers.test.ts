import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noUsage } from '#/pipeline/insight.ts'
import { createAnswerCache } from '#/server/db/answers.ts'
import { createTestDatabase, databaseKinds, type TestDatabase, whyNot } from '#/test/support/database.ts'

const usage = { ...noUsage, inputTokens: 7, calls: 1 }

for (const kind of databaseKinds) {
  const reason = await whyNot(kind)
  describe.skipIf(reason !== undefined)(`answers in ${kind}${reason === undefined ? '' : `: ${reason}`}`, () => {
    let test_: TestDatabase
    beforeAll(async () => {
      test_ = await createTestDatabase(kind)
    })
    afterAll(() => test_[Symbol.asyncDispose]())
    const count = async (): Promise<unknown> =>
      (await test_.database.db.execute(sql`select count(*)::int as n from answers`)).rows[0]?.['n']

    test('are found under the first key that has one, and the first kept stays', async () => {
      const cache = createAnswerCache(test_.database.db, { days: 90 })
      expect(await cache.find(['one'])).toBeUndefined()
      await cache.save(['one', 'two'], { value: { title: 'A \0 b' }, usage })
      await cache.save(['two', 'three'], { value: { title: 'C' }, usage })
      expect(await cache.find(['one'])).toEqual({ value: { title: 'A \uFFFD b' }, usage })
      expect((await cache.find(['three', 'one']))?.value).toEqual({ title: 'C' })
      expect((await cache.find(['none', 'two']))?.value).toEqual({ title: 'A \uFFFD b' })
    })

    test('that were not used for long go, and of too many the longest unused', async () => {
      await test_.database.db.execute(sql`delete from answers`)
      const one = createAnswerCache(test_.database.db, { days: 90 })
      for (const key of ['a', 'b', 'c', 'd']) await one.save([key], { value: key, usage })
      await test_.database.db.execute(sql`update answers set used_at = now() - interval '91 days' where key = 'a'`)
      await test_.database.db.execute(
        sql`update answers set used_at = now() - interval '2 days' where key in ('b', 'c')`,
      )
      await one.find(['c'])
      await createAnswerCache(test_.database.db, { days: 90, maxAnswers: 3 }).save(['e'], { value: 'e', usage })
      expect(await count()).toBe(3)
      expect(await one.find(['a'])).toBeUndefined()
      expect(await one.find(['b'])).toBeUndefined()
      expect((await one.find(['c']))?.value).toBe('c')
    })
  })
}
