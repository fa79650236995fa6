// The job's memory in the database: what is written here outlives the process, and may be written twice.
import { sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import {
  type Failure,
  noUsage,
  type SkippedTrace,
  type Summary,
  type SummaryRecord,
  type TraceFacts,
  type Usage,
} from '#/pipeline/insight.ts'
import type { FacetValues } from '#/pipeline/lens.ts'
import type { Checkpoints, PublishStep } from '#/pipeline/ports.ts'
import { batches, firstOfEach } from './batches.ts'
import type { Db } from './database.ts'
import { Interrupted } from '#/server/jobs/interrupted.ts'
import { type Turn, writeInTurn } from './in-turn.ts'
import { getInsight, updateInsight } from './insights.ts'
import { saveClusters } from './save-clusters.ts'
import { addedUsage, findStep, readStageUsage, saveStep, sumUsage } from './steps.ts'
import { toStorableJson, toStorableText } from './storable.ts'
import { readVectors, saveVectors } from './vectors.ts'

const defaultPageSize = 500

/**
 * The `Checkpoints` of one Insight, which must exist. Each call is durable when it resolves; each may be repeated. Pages hold
 * `pageSize` rows and are read when asked for, so memory does not grow with the number of traces. With a `turn`, writing
 * throws `Interrupted` once another run of the job has started.
 */
export function createCheckpoints(
  db: Db,
  insightId: string,
  options: { pageSize?: number; turn?: number } = {},
): Checkpoints {
  const pageSize = options.pageSize ?? defaultPageSize
  const turn: Turn = { insightId, number: options.turn }

  /** Pages of rows in order of `ordinal`; a row that changes behind the reader does not shift the pages. */
  async function* pages<Row extends { ordinal: number }>(read: (after: number) => SQL): AsyncGenerator<Row[]> {
    for (let after = -1; ;) {
      const rows = (await db.execute(read(after))).rows as unknown as Row[]
      if (rows.length > 0) yield rows
      if (rows.length < pageSize) return
      after = rows.at(-1)!.ordinal
    }
  }

  return {
    addSelected: async (traces) => {
      for (const batch of batches(traces)) {
        const rows = batch.map(({ traceId, requestTimeMs, state, executionMs, totalTokens }, place) => ({
          trace_id: traceId,
          place,
          state,
          request_time_ms: requestTimeMs,
          execution_ms: executionMs,
          total_tokens: totalTokens,
        }))
        await writeInTurn(
          db,
          turn,
          sql`input as (
            select distinct on (trace_id) * from json_to_recordset(${toStorableJson(rows)}::json) as i(
              trace_id text, place int, state text, request_time_ms float8, execution_ms float8, total_tokens float8
            )
            order by trace_id, place
          ), fresh as (
            select *, row_number() over (order by place) as number from input
            where not exists (
              select from insight_traces t where t.insight_id = ${insightId} and t.trace_id = input.trace_id
            )
          ), added as (
            insert into insight_traces (
              insight_id, ordinal, trace_id, state, request_time_ms, execution_ms, total_tokens
            )
            select ${insightId}, number - 1 + coalesce(
              (select max(ordinal) + 1 from insight_traces where insight_id = ${insightId}), 0
            ), trace_id, state, request_time_ms, execution_ms, total_tokens
            from fresh where exists (select from mine)
          )`,
        )
      }
    },

    countSelected: async () => {
      const { rows } = await db.execute<{ count: number }>(
        sql`select count(*)::int as count from insight_traces where insight_id = ${insightId}`,
      )
      return rows[0]?.count ?? 0
    },

    saveSelection: async (selection) => {
      const isMine = await updateInsight(
        db,
        insightId,
        { selection },
        options.turn === undefined ? {} : { ifTurn: options.turn },
      )
      if (!isMine) throw new Interrupted('lost')
    },

    selection: async () => (await getInsight(db, insightId)).selection ?? undefined,

    pending: () =>
      pages<{ traceId: string; ordinal: number }>(
        (after) => sql`
          select trace_id as "traceId", ordinal from insight_traces
          where insight_id = ${insightId} and ordinal > ${after} and status = 'pending'
          order by ordinal limit ${pageSize}
        `,
      ),

    saveSummaries: async (records) => {
      for (const batch of batches(firstOfEach(records))) await saveSummaries(db, turn, batch)
    },

    saveFailures: async (failures, usage = noUsage) => {
      // The last of a trace counts: an earlier one was tried again.
      const last = firstOfEach([...failures].reverse())
      for (const [at, batch] of [...batches(last)].entries()) {
        const paid = addedUsage(insightId, 'summarize', at === 0 ? usage : noUsage, sql`exists (select from failed)`)
        const rows = toStorableJson(batch.map((failure) => ({ trace_id: failure.traceId, failure })))
        await writeInTurn(
          db,
          turn,
          sql`failed as (
            update insight_traces t
            set status = case t.status when 'summarized' then t.status else 'failed' end,
              failure = i.failure || jsonb_build_object('attempts', (i.failure ->> 'attempts')::int + ${earlierAttempts})
            from json_to_recordset(${rows}::json) as i(trace_id text, failure jsonb)
            where t.insight_id = ${insightId} and t.trace_id = i.trace_id and exists (select from mine)
            returning 1
          ), paid as (${paid})`,
        )
      }
    },

    saveSkipped: async (skipped, usage = noUsage) => {
      for (const [at, batch] of [...batches(firstOfEach(skipped))].entries()) {
        const paid = addedUsage(insightId, 'summarize', at === 0 ? usage : noUsage, sql`exists (select from skipped)`)
        const rows = toStorableJson(batch.map((one) => ({ trace_id: one.traceId, failure: toSkipped(one) })))
        await writeInTurn(
          db,
          turn,
          sql`skipped as (
            update insight_traces t set status = 'skipped', failure = i.failure
            from json_to_recordset(${rows}::json) as i(trace_id text, failure jsonb)
            where t.insight_id = ${insightId} and t.trace_id = i.trace_id and t.status not in ('summarized', 'skipped')
              and exists (select from mine)
            returning 1
          ), paid as (${paid})`,
        )
      }
    },

    summaries: async function* () {
      for await (const page of pages<SummaryRow>((after) => selectSummaries(insightId, after, pageSize))) {
        yield page.map(toSummaryRecord)
      }
    },

    failures: async () => {
      const { rows } = await db.execute<{ failure: Failure }>(sql`
        select failure from insight_traces
        where insight_id = ${insightId} and failure is not null and status in ('failed', 'summarized')
        order by ordinal
      `)
      return rows.map(({ failure }) => failure)
    },

    skipped: async () => {
      const { rows } = await db.execute<{ failure: Failure }>(sql`
        select failure from insight_traces where insight_id = ${insightId} and status = 'skipped' order by ordinal
      `)
      return rows.map(({ failure: { traceId, code, message } }) => ({ traceId, code, message }))
    },

    counts: async () => {
      const { rows } = await db.execute<Omit<Awaited<ReturnType<Checkpoints['counts']>>, 'usage'>>(sql`
        select count(*)::int as selected,
          count(*) filter (where status = 'summarized')::int as summarized,
          count(*) filter (where status = 'skipped')::int as skipped,
          count(*) filter (where status = 'failed')::int as failed
        from insight_traces where insight_id = ${insightId}
      `)
      return { ...rows[0]!, usage: await sumUsage(db, insightId) }
    },

    saveVectors: (vectors, by) => saveVectors(db, turn, vectors, by),

    vectors: (model) => readVectors(db, insightId, model, pageSize),

    saveClusters: (clusters, assignments, about) => saveClusters(db, turn, clusters, assignments, about),

    saveStep: (name, step) => saveStep(db, turn, name, step),

    findStep: (name, inputHash) => findStep(db, insightId, name, inputHash),

    stageUsage: () => readStageUsage(db, insightId),

    unpublished: async function* (step) {
      const isOpen =
        step === 'assessment' ? sql`not assessment_published` : sql`not cluster_published and reason is not null`
      const read = (after: number) => sql`
        select trace_id as "traceId", ordinal from insight_traces
        where insight_id = ${insightId} and ordinal > ${after} and status = 'summarized' and ${isOpen}
        order by ordinal limit ${pageSize}
      `
      for await (const page of pages<{ traceId: string; ordinal: number }>(read)) {
        yield page.map(({ traceId }) => traceId)
      }
    },

    markPublished: async (step: PublishStep, traceIds) => {
      const column = step === 'assessment' ? sql`assessment_published` : sql`cluster_published`
      for (const batch of batches(traceIds)) {
        const ids = JSON.stringify(batch.map(toStorableText))
        await writeInTurn(
          db,
          turn,
          sql`marked as (
            update insight_traces
            set ${column} = true, failure = case when failure ->> 'stage' = 'publish' then null else failure end
            where insight_id = ${insightId} and trace_id in (select json_array_elements_text(${ids}::json))
              and exists (select from mine)
          )`,
        )
      }
    },
  }
}

// ---- summaries -------------------------------------------------------------------------------------------------

/** One statement a batch: either both rows of a trace are there or none. The first summary of a trace stays. */
async function saveSummaries(db: Db, turn: Turn, records: readonly SummaryRecord[]): Promise<void> {
  const { insightId } = turn
  const rows = records.map(({ traceId, summary, facts }) => ({
    trace_id: traceId,
    outcome: summary.outcome,
    state: facts.state,
    request_time_ms: facts.requestTimeMs,
    execution_ms: facts.executionMs,
    total_tokens: facts.totalTokens,
    title: summary.title,
    text: summary.text,
    grouping_text: summary.groupingText,
    language: summary.language,
    evidence: summary.evidence,
    dropped_quotes: summary.droppedQuotes ?? 0,
    facets: summary.facets,
    read_share: summary.readShare,
    model: summary.model,
    input_tokens: summary.usage.inputTokens,
    output_tokens: summary.usage.outputTokens,
    cached_tokens: summary.usage.cachedTokens,
    calls: summary.usage.calls,
    cost_usd: summary.usage.costUsd,
    request_preview: facts.requestPreview,
    session: facts.session,
    user_name: facts.user,
    trace_cost_usd: facts.costUsd,
    positive: facts.feedback.positive,
    negative: facts.feedback.negative,
  }))
  await writeInTurn(
    db,
    turn,
    sql`input as (
      select * from json_to_recordset(${toStorableJson(rows)}::json) as i(
        trace_id text, outcome text, state text, request_time_ms float8, execution_ms float8, total_tokens float8,
        title text, text text, grouping_text text, language text, evidence jsonb,
        dropped_quotes int, facets jsonb, read_share float8, model text,
        input_tokens int8, output_tokens int8, cached_tokens int8, calls int, cost_usd float8,
        request_preview text, session text, user_name text, trace_cost_usd float8, positive int, negative int
      )
    ), marked as (
      update insight_traces t
      set status = 'summarized', failure = null, outcome = i.outcome, state = i.state,
        request_time_ms = i.request_time_ms, execution_ms = i.execution_ms, total_tokens = i.total_tokens
      from input i
      where t.insight_id = ${insightId} and t.trace_id = i.trace_id and t.status <> 'summarized'
        and exists (select from mine)
      returning t.ordinal, t.trace_id
    ), added as (
      insert into insight_summaries (
        insight_id, ordinal, title, text, grouping_text, language, evidence, dropped_quotes, facets, read_share, model, input_tokens,
        output_tokens, cached_tokens, calls, cost_usd, request_preview, session, user_name, trace_cost_usd,
        feedback_positive, feedback_negative
      )
      select ${insightId}, marked.ordinal, i.title, i.text, i.grouping_text, i.language, i.evidence,
        i.dropped_quotes, i.facets, i.read_share,
        i.model, i.input_tokens, i.output_tokens, i.cached_tokens, i.calls, i.cost_usd, i.request_preview, i.session,
        i.user_name, i.trace_cost_usd, i.positive, i.negative
      from input i join marked using (trace_id)
    )`,
  )
}

type SummaryRow = Omit<Summary, 'usage' | 'facets'> &
  Usage & {
    traceId: string
    ordinal: number
    facets: FacetValues | null
    state: string
    requestTimeMs: number
    executionMs: number | null
    totalTokens: number | null
    traceCostUsd: number | null
    requestPreview: string
    session: string | null
    user: string | null
    positive: number
    negative: number
  }

const selectSummaries = (insightId: string, after: number, limit: number) => sql`
  select t.trace_id as "traceId", t.ordinal, s.title, s.text, s.grouping_text as "groupingText", t.outcome, s.language,
    s.evidence, s.dropped_quotes as "droppedQuotes", s.facets, s.read_share as "readShare", s.model, s.input_tokens::float8 as "inputTokens",
    s.output_tokens::float8 as "outputTokens", s.cached_tokens::float8 as "cachedTokens", s.calls, s.cost_usd as "costUsd",
    t.state, t.request_time_ms as "requestTimeMs", t.execution_ms as "executionMs", t.total_tokens as "totalTokens",
    s.trace_cost_usd as "traceCostUsd", s.request_preview as "requestPreview", s.session, s.user_name as "user",
    s.feedback_positive as positive, s.feedback_negative as negative
  from insight_summaries s join insight_traces t using (insight_id, ordinal)
  where s.insight_id = ${insightId} and s.ordinal > ${after}
  order by s.ordinal limit ${limit}
`

function toSummaryRecord(row: SummaryRow): SummaryRecord {
  const { inputTokens, outputTokens, cachedTokens, costUsd, calls } = row
  const facts: TraceFacts = {
    requestTimeMs: row.requestTimeMs,
    state: row.state,
    feedback: { positive: row.positive, negative: row.negative },
    requestPreview: row.requestPreview,
    ...(row.executionMs === null ? {} : { executionMs: row.executionMs }),
    ...(row.totalTokens === null ? {} : { totalTokens: row.totalTokens }),
    ...(row.traceCostUsd === null ? {} : { costUsd: row.traceCostUsd }),
    ...(row.session === null ? {} : { session: row.session }),
    ...(row.user === null ? {} : { user: row.user }),
  }
  const {
    title,
    text,
    groupingText,
    outcome,
    language,
    evidence,
    droppedQuotes,
    readShare,
    model,
    facets: values,
  } = row
  const usage = { inputTokens, outputTokens, cachedTokens, costUsd, calls }
  return {
    traceId: row.traceId,
    ordinal: row.ordinal,
    summary: {
      title,
      text,
      groupingText,
      outcome,
      language,
      evidence,
      readShare,
      usage,
      model,
      ...(droppedQuotes === 0 ? {} : { droppedQuotes }),
      ...(values === null ? {} : { facets: values }),
    },
    facts,
  }
}

/** A trace that was opened for another try keeps its failure while it is pending: every attempt counts. */
const earlierAttempts = sql`
  case t.status when 'pending' then coalesce((t.failure ->> 'attempts')::int, 0) else 0 end`

/** A skipped trace is kept in the shape of a failure: nothing would help it, and its reason reads the same. */
function toSkipped(skipped: SkippedTrace): Failure {
  return { ...skipped, stage: 'summarize', attempts: 1, next: 'none' }
}
