// The traces of an Insight as its screens ask for them: the members of a cluster, failures, the map; and back, the Insights
// a trace is in.
import { sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import type { Evidence, Failure, Outcome } from '#/pipeline/insight.ts'
import type { Db } from './database.ts'
import { toPattern } from './insights.ts'
import type { Page } from './insights.ts'
import { parsePageToken, toPageToken } from './page-token.ts'
import type { TraceStatus } from './schema.ts'
import { toStorableText } from './storable.ts'

/** A trace as its Insight sees it. What a summary would tell is `null` for a trace that has none. */
export type InsightTrace = {
  traceId: string
  ordinal: number
  status: TraceStatus
  clusterId: string | null
  reason: string | null
  distance: number | null
  title: string | null
  text: string | null
  outcome: Outcome | null
  language: string | null
  evidence: Omit<Evidence, 'traceId'>[] | null
  readShare: number | null
  model: string | null
  requestPreview: string | null
  requestTimeMs: number | null
  executionMs: number | null
  state: string | null
  tokens: number | null
  session: string | null
  user: string | null
  positive: number | null
  negative: number | null
  failure: Failure | null
}

export type InsightTracesQuery = {
  /** A path such as `2.1` with everything below it, `unassigned`, or `failed`; all summarized traces when left out. */
  cluster?: string
  /** Part of the summary's title or text, in any case. */
  search?: string
  state?: string
  outcome?: Outcome
  sort: 'typical' | 'request_time' | 'execution_time' | 'tokens'
  order: 'asc' | 'desc'
  pageSize: number
  pageToken?: string
}

/** Never null, or a page token could not be compared: a trace that does not know its time or place comes at an end. */
const sortKeys: Record<InsightTracesQuery['sort'], SQL> = {
  typical: sql`coalesce(t.distance, 9)::float8`,
  request_time: sql`coalesce(t.request_time_ms, -1)`,
  execution_time: sql`coalesce(t.execution_ms, -1)`,
  tokens: sql`coalesce(t.total_tokens, -1)`,
}

const shownColumns = sql`
  t.trace_id as "traceId", t.ordinal, t.status, t.cluster_path as "clusterId", t.reason, t.distance::float8 as distance,
  s.title, s.text, t.outcome, s.language, s.evidence, s.read_share as "readShare", s.model,
  s.request_preview as "requestPreview", t.request_time_ms as "requestTimeMs", t.execution_ms as "executionMs", t.state,
  t.total_tokens as tokens, s.session, s.user_name as "user", s.feedback_positive as positive,
  s.feedback_negative as negative, t.failure
`

const withSummary = sql`insight_traces t left join insight_summaries s using (insight_id, ordinal)`

/** A page of an Insight's traces. Throws `request.invalid` for a page token of another order. */
export async function listInsightTraces(
  db: Db,
  insightId: string,
  query: InsightTracesQuery,
): Promise<Page<InsightTrace>> {
  const key = sortKeys[query.sort]
  const order = `${query.sort} ${query.order}`
  const conditions = [sql`t.insight_id = ${toStorableText(insightId)}`, inCluster(query.cluster)]
  if (query.state !== undefined) conditions.push(sql`t.state = ${toStorableText(query.state)}`)
  if (query.outcome !== undefined) conditions.push(sql`t.outcome = ${query.outcome}`)
  if (query.search !== undefined && query.search !== '') {
    const pattern = toPattern(query.search)
    conditions.push(sql`(s.title ilike ${pattern} or s.text ilike ${pattern})`)
  }
  const match = sql.join(conditions, sql` and `)
  const after = query.pageToken === undefined ? undefined : parsePageToken(order, query.pageToken, 'number')
  const beyond = query.order === 'asc' ? sql`>` : sql`<`
  const further =
    after === undefined
      ? sql``
      : sql`and (${key}, t.ordinal) ${beyond} (${String(after.value)}::float8, ${String(after.key)}::int)`
  const direction = query.order === 'asc' ? sql`asc` : sql`desc`
  // The narrow table decides which rows are shown; only those are joined with what they say, unless that is searched.
  const found = await db.execute(sql`
    select ${shownColumns}, ${key} as "sortValue" from ${withSummary}
    where ${match} ${further} order by ${key} ${direction}, t.ordinal ${direction} limit ${query.pageSize + 1}
  `)
  const counted = await db.execute<{ total: number }>(
    query.search === undefined || query.search === ''
      ? sql`select count(*)::int as total from insight_traces t where ${match}`
      : sql`select count(*)::int as total from ${withSummary} where ${match}`,
  )
  const rows = found.rows as unknown as (InsightTrace & { sortValue: number })[]
  const last = rows.length > query.pageSize ? rows[query.pageSize - 1] : undefined
  return {
    items: rows.slice(0, query.pageSize),
    nextPageToken: last === undefined ? undefined : toPageToken(order, { value: last.sortValue, key: last.ordinal }),
    total: counted.rows[0]?.total ?? 0,
  }
}

function inCluster(cluster: string | undefined): SQL {
  if (cluster === 'failed') return sql`t.status = 'failed'`
  if (cluster === undefined) return sql`t.status = 'summarized'`
  if (cluster === 'unassigned') {
    return sql`t.status = 'summarized' and t.cluster_path is null and t.reason is not null`
  }
  const path = toStorableText(cluster)
  // A range, since `/` is the character after `.`: the index on the path serves it.
  return sql`(t.cluster_path collate "C" = ${path}
    or (t.cluster_path collate "C" > ${`${path}.`} and t.cluster_path collate "C" < ${`${path}/`}))`
}

/** Every trace of an Insight that is done, in the order of the selection, in pages: for exports. */
export async function* readInsightTraces(db: Db, insightId: string, pageSize = 500): AsyncGenerator<InsightTrace[]> {
  for (let after = -1; ;) {
    const { rows } = await db.execute(sql`
      select ${shownColumns} from ${withSummary}
      where t.insight_id = ${toStorableText(insightId)} and t.ordinal > ${after} and t.status <> 'pending'
      order by t.ordinal limit ${pageSize}
    `)
    const page = rows as unknown as InsightTrace[]
    if (page.length > 0) yield page
    if (page.length < pageSize) return
    after = page.at(-1)!.ordinal
  }
}

/** Traces that could not be done, and those that were done but could not be published, in order of the selection. */
export async function listFailures(
  db: Db,
  insightId: string,
  query: { pageSize: number; pageToken?: string },
): Promise<Page<Failure>> {
  const after = query.pageToken === undefined ? undefined : parsePageToken('failures', query.pageToken, 'number')
  const match = sql`insight_id = ${toStorableText(insightId)} and failure is not null and status <> 'skipped'`
  const { rows } = await db.execute<{ ordinal: number; failure: Failure }>(sql`
    select ordinal, failure from insight_traces
    where ${match} and ordinal > ${Number(after?.value ?? -1)} order by ordinal limit ${query.pageSize + 1}
  `)
  const counted = await db.execute<{ total: number }>(
    sql`select count(*)::int as total from insight_traces where ${match}`,
  )
  const last = rows.length > query.pageSize ? rows[query.pageSize - 1] : undefined
  return {
    items: rows.slice(0, query.pageSize).map(({ failure }) => failure),
    nextPageToken: last === undefined ? undefined : toPageToken('failures', { value: last.ordinal, key: '' }),
    total: counted.rows[0]?.total ?? 0,
  }
}

/** How many traces are unassigned, by reason, and how many failed. */
export async function countOutside(
  db: Db,
  insightId: string,
): Promise<{ unassigned: number; reasons: Record<string, number>; failed: number }> {
  const id = toStorableText(insightId)
  const reasons = await db.execute<{ reason: string; count: number }>(sql`
    select reason, count(*)::int as count from insight_traces
    where insight_id = ${id} and status = 'summarized' and cluster_path is null and reason is not null
    group by reason order by count desc, reason collate "C"
  `)
  const failed = await db.execute<{ count: number }>(
    sql`select count(*)::int as count from insight_traces where insight_id = ${id} and status = 'failed'`,
  )
  return {
    unassigned: reasons.rows.reduce((sum, { count }) => sum + count, 0),
    reasons: Object.fromEntries(reasons.rows.map(({ reason, count }) => [reason, count])),
    failed: failed.rows[0]?.count ?? 0,
  }
}

export type MapColumns = { traceIds: string[]; x: number[]; y: number[]; clusterIds: (string | null)[] }

/** The map as columns, one entry a trace that has a place on it, in order of the selection. */
export async function readMap(db: Db, insightId: string): Promise<MapColumns> {
  const columns: MapColumns = { traceIds: [], x: [], y: [], clusterIds: [] }
  const pageSize = 10_000
  for (let after = -1; ;) {
    type Dot = { ordinal: number; id: string; x: number; y: number; cluster: string | null }
    const { rows } = await db.execute<Dot>(sql`
      select ordinal, trace_id as id, x::float8 as x, y::float8 as y, cluster_path as cluster from insight_traces
      where insight_id = ${toStorableText(insightId)} and ordinal > ${after} and x is not null and y is not null
      order by ordinal limit ${pageSize}
    `)
    for (const row of rows) {
      columns.traceIds.push(row.id)
      columns.x.push(row.x)
      columns.y.push(row.y)
      columns.clusterIds.push(row.cluster)
    }
    if (rows.length < pageSize) return columns
    after = rows.at(-1)!.ordinal
  }
}

/** What one Insight says of a trace. */
export type Membership = {
  insightId: string
  insightName: string
  instruction: string
  clusterId: string | null
  /** Titles from the top; empty when unassigned or not grouped yet. */
  clusterPath: string[]
  title: string
  text: string
  outcome: Outcome
  reason: string
  evidence: Omit<Evidence, 'traceId'>[]
  readShare: number
}

/** The newest fifty Insights that summarized the trace, newest first, deleted ones left out. */
export async function listMemberships(db: Db, traceId: string): Promise<Membership[]> {
  type Row = Omit<Membership, 'clusterPath'> & { titles: (string | null)[] }
  const { rows } = await db.execute(sql`
    select i.id as "insightId", i.name as "insightName", i.instruction, t.cluster_path as "clusterId",
      coalesce(t.reason, '') as reason, s.title, s.text, t.outcome, s.evidence, s.read_share as "readShare",
      array(
        select i.cluster_titles ->> array_to_string(parts[1:level], '.')
        from (select string_to_array(t.cluster_path, '.') as parts) as path,
          generate_series(1, cardinality(parts)) as level
        order by level
      ) as titles
    from insight_traces t
    join insights i on i.id = t.insight_id
    join insight_summaries s on s.insight_id = t.insight_id and s.ordinal = t.ordinal
    where t.trace_id = ${toStorableText(traceId)} and i.deleted_at is null
    order by i.created_at desc, i.id limit 50
  `)
  return (rows as unknown as Row[]).map(({ titles, ...membership }) => ({
    ...membership,
    clusterPath: titles.filter((title) => title !== null),
  }))
}

/** Makes the failed traces pending again that another try can help; the others stay failed, with their reason. */
export async function reopenFailures(db: Db, insightId: string): Promise<void> {
  await db.execute(sql`
    update insight_traces set status = 'pending', failure = null
    where insight_id = ${insightId} and status = 'failed' and failure ->> 'next' in ('retry', 'settings')
  `)
}
