// What the later steps of a job came to, and what each has cost.
import { sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import type { StageUsage } from '#/pipeline/estimate/estimate.ts'
import type { Usage } from '#/pipeline/insight.ts'
import type { StepName, StepResults } from '#/pipeline/ports.ts'
import type { Db } from './database.ts'
import { type Turn, writeInTurn } from './in-turn.ts'
import { toStorableJson } from './storable.ts'

const summed = sql`
  input_tokens = kept.input_tokens + excluded.input_tokens, output_tokens = kept.output_tokens + excluded.output_tokens,
  cached_tokens = kept.cached_tokens + excluded.cached_tokens, cost_usd = kept.cost_usd + excluded.cost_usd,
  calls = kept.calls + excluded.calls`

const toValues = (usage: Usage) => sql`
  ${usage.inputTokens}::int8, ${usage.outputTokens}::int8, ${usage.cachedTokens}::int8, ${usage.costUsd}::float8,
  ${usage.calls}::int`

/** A statement that counts what was spent, for a `with`; only where `condition` holds. */
export function addedUsage(insightId: string, step: StepName, usage: Usage, condition: SQL): SQL {
  return sql`
    insert into insight_steps as kept (insight_id, step, input_tokens, output_tokens, cached_tokens, cost_usd, calls)
    select ${insightId}, ${step}, ${toValues(usage)} where ${condition}
    on conflict (insight_id, step) do update set ${summed}
    returning 1`
}

/** Keeps the result in place of one for another input, and adds what it cost; one for this input stays. */
export async function saveStep(
  db: Db,
  turn: Turn,
  name: StepName,
  step: { inputHash: string; result: unknown; usage: Usage },
): Promise<void> {
  await writeInTurn(
    db,
    turn,
    sql`saved as (
      insert into insight_steps as kept
        (insight_id, step, input_hash, result, input_tokens, output_tokens, cached_tokens, cost_usd, calls)
      select ${turn.insightId}, ${name}, ${step.inputHash}, ${toStorableJson(step.result)}::json, ${toValues(step.usage)}
      where exists (select from mine)
      on conflict (insight_id, step) do update
      set input_hash = excluded.input_hash, result = excluded.result, ${summed}
      where kept.input_hash is distinct from excluded.input_hash
      returning 1
    )`,
  )
}

export async function findStep<Name extends keyof StepResults>(
  db: Db,
  insightId: string,
  name: Name,
  inputHash: string,
): Promise<StepResults[Name] | undefined> {
  const { rows } = await db.execute<{ result: StepResults[Name] }>(sql`
    select result from insight_steps where insight_id = ${insightId} and step = ${name} and input_hash = ${inputHash}
  `)
  return rows[0]?.result
}

/** What each stage has spent: on summaries, on what came of the later steps, and on what came to nothing. */
export async function readStageUsage(db: Db, insightId: string): Promise<StageUsage> {
  const { rows } = await db.execute<Usage & { step: StepName }>(sql`
    select step, sum(input_tokens)::float8 as "inputTokens", sum(output_tokens)::float8 as "outputTokens",
      sum(cached_tokens)::float8 as "cachedTokens", sum(cost_usd::numeric)::float8 as "costUsd", sum(calls)::float8 as calls
    from (
      select 'summarize' as step, input_tokens, output_tokens, cached_tokens, cost_usd, calls
      from insight_summaries where insight_id = ${insightId}
      union all
      select step, input_tokens, output_tokens, cached_tokens, cost_usd, calls
      from insight_steps where insight_id = ${insightId}
    ) spent group by step
  `)
  return Object.fromEntries(rows.map(({ step, ...usage }) => [step, usage]))
}

/**
 * Everything spent on the Insight: on its summaries, on its steps, and on what came to nothing. Costs are summed as decimals,
 * which come to the same in whatever order the traces were finished.
 */
export async function sumUsage(db: Db, insightId: string): Promise<Usage> {
  const { rows } = await db.execute<Usage>(sql`
    select coalesce(sum(input_tokens), 0)::float8 as "inputTokens",
      coalesce(sum(output_tokens), 0)::float8 as "outputTokens",
      coalesce(sum(cached_tokens), 0)::float8 as "cachedTokens",
      coalesce(sum(cost_usd::numeric), 0)::float8 as "costUsd",
      coalesce(sum(calls), 0)::float8 as calls
    from (
      select input_tokens, output_tokens, cached_tokens, cost_usd, calls
      from insight_summaries where insight_id = ${insightId}
      union all
      select input_tokens, output_tokens, cached_tokens, cost_usd, calls
      from insight_steps where insight_id = ${insightId}
    ) spent
  `)
  return rows[0]!
}
