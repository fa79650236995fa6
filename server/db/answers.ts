// The cache of models' answers: bounded in number and in age, and pruned while it grows.
import { sql } from 'drizzle-orm'
import type { Usage } from '#/pipeline/insight.ts'
import type { AnswerCache } from '#/pipeline/model/answer-cache.ts'
import type { Db } from './database.ts'
import { toStorableJson } from './storable.ts'

const defaultMaxAnswers = 500_000
/** Answers kept between two prunings. */
const savesPerPruning = 1_000

/**
 * Keeps answers until they were not used for so many days, or until so many newer ones are there. A key says nothing of
 * what it was made from: whoever can make it has the content already.
 */
export function createAnswerCache(
  db: Db,
  { days, maxAnswers = defaultMaxAnswers }: { days: number; maxAnswers?: number },
): AnswerCache {
  // The first answer saved prunes what was left by an earlier process.
  let saves = 0
  return {
    find: async (keys) => {
      const { rows } = await db.execute<{ key: string; value: unknown; usage: Usage; isStale: boolean }>(sql`
        select key, value, usage, used_at < now() - interval '1 day' as "isStale" from answers
        where key in (select json_array_elements_text(${JSON.stringify(keys)}::json))
      `)
      const found = keys.map((key) => rows.find((row) => row.key === key)).find((row) => row !== undefined)
      if (found === undefined) return undefined
      // Once a day is exact enough, and most reads need no write.
      if (found.isStale) await db.execute(sql`update answers set used_at = now() where key = ${found.key}`)
      return { value: found.value, usage: found.usage }
    },
    save: async (keys, { value, usage }) => {
      const rows = toStorableJson(keys.map((key) => ({ key, value, usage })))
      await db.execute(sql`
        insert into answers (key, value, usage)
        select key, value, usage from json_to_recordset(${rows}::json) as i(key text, value json, usage jsonb)
        on conflict (key) do nothing
      `)
      if (saves++ % savesPerPruning === 0) await prune(db, { days, maxAnswers })
    },
  }
}

async function prune(db: Db, { days, maxAnswers }: { days: number; maxAnswers: number }): Promise<void> {
  await db.execute(sql`delete from answers where used_at < now() - make_interval(days => ${days}::int)`)
  await db.execute(sql`
    delete from answers where key in (select key from answers order by used_at desc, key offset ${maxAnswers})
  `)
}
