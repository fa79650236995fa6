// The traces of an Insight as its screens ask for them: the members of a cluster, failures, the map; and back, the Insights
// a trace is in.
import { sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import type { Evidence, Failure, Outcome } from '#/pipeline/insight.ts'
import type { FacetValues } from '#/pipeline/lens.ts'
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
  facets: FacetValues | null
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

/** Which traces of an Insight. */
export type TracesMatch = {
  /** A path such as `2.1` with everything below it, `unassigned`, `failed` or `skipped`; all summarized traces when left out. */
  cluster?: string
  /** Part of the summary's title or text, in any case. */
  search?: string
  state?: string
  outcome?: Outcome
  language?: string
  /** Facets that must have these values, as text: `true`, `3`, `refund`. */
  facets?: readonly { name: string; value: string }[]
  traceIds?: readonly string[]
  /** Corners of a polygon on the map. */
  area?: readonly (readonly [number, number])[]
}

export type InsightTracesQuery = TracesMatch & {
  sort: 'typical' | 'request_time' | 'execution_time' | 'tokens'
  order: 'asc' | 'desc'
  pageSize: number
  pageToken?: string
  /** A row to start at, for a reader who jumps; a page token goes on where a page ended. */
  offset?: number
  /** How many match, where the asker knows: counting 100,000 rows takes longer than reading a page of them. */
  total?: number
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
  s.title, s.text, t.outcome, s.language, s.facets, s.evidence, s.read_share as "readShare", s.model,
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
  const { match, needsSummary } = toMatch(insightId, query)
  const after = query.pageToken === undefined ? undefined : parsePageToken(order, query.pageToken, 'number')
  const beyond = query.order === 'asc' ? sql`>` : sql`<`
  const further =
    after === undefined
      ? sql``
      : sql`and (${key}, t.ordinal) ${beyond} (${String(after.value)}::float8, ${String(after.key)}::int)`
  const direction = query.order === 'asc' ? sql`asc` : sql`desc`
  // Which rows are shown is decided by their order alone: sorting thousands of whole rows to keep a page of them takes
  // twice as long. Only those of the page are then read, with what they say.
  const source = needsSummary ? withSummary : sql`insight_traces t`
  const found = await db.execute(sql`
    with page as (
      select t.insight_id, t.ordinal, ${key} as sort_value from ${source}
      where ${match} ${further} order by ${key} ${direction}, t.ordinal ${direction}
      limit ${query.pageSize + 1} offset ${query.offset ?? 0}
    )
    select ${shownColumns}, page.sort_value as "sortValue"
    from page join insight_traces t using (insight_id, ordinal) left join insight_summaries s using (insight_id, ordinal)
    order by page.sort_value ${direction}, page.ordinal ${direction}
  `)
  const rows = found.rows as unknown as (InsightTrace & { sortValue: number })[]
  const isAll = after === undefined && (query.offset ?? 0) === 0 && rows.length <= query.pageSize
  const total = isAll ? rows.length : (query.total ?? (await countRows(db, sql`${source} where ${match}`)))
  const last = rows.length > query.pageSize ? rows[query.pageSize - 1] : undefined
  return {
    items: rows.slice(0, query.pageSize),
    nextPageToken: last === undefined ? undefined : toPageToken(order, { value: last.sortValue, key: last.ordinal }),
    total,
  }
}

async function countRows(db: Db, from: SQL): Promise<number> {
  const { rows } = await db.execute<{ total: number }>(sql`select count(*)::int as total from ${from}`)
  return rows[0]?.total ?? 0
}

function toMatch(insightId: string, asked: TracesMatch): { match: SQL; needsSummary: boolean } {
  const conditions = [sql`t.insight_id = ${toStorableText(insightId)}`, inCluster(asked.cluster)]
  if (asked.state !== undefined) conditions.push(sql`t.state = ${toStorableText(asked.state)}`)
  if (asked.outcome !== undefined) conditions.push(sql`t.outcome = ${asked.outcome}`)
  if (asked.traceIds !== undefined) {
    conditions.push(sql`t.trace_id = any(${sql.param(asked.traceIds.map(toStorableText))})`)
  }
  if (asked.area !== undefined) {
    const corners = asked.area.map(([x, y]) => `(${x},${y})`).join(',')
    conditions.push(sql`${`(${corners})`}::polygon @> point(${onMap(sql`t.x`)}, ${onMap(sql`t.y`)})`)
  }
  const ofSummary: SQL[] = []
  for (const { name, value } of asked.facets ?? []) {
    ofSummary.push(sql`s.facets ->> ${toStorableText(name)} = ${toStorableText(value)}`)
  }
  if (asked.language !== undefined) ofSummary.push(sql`s.language = ${toStorableText(asked.language)}`)
  if (asked.search !== undefined && asked.search !== '') {
    const pattern = toPattern(asked.search)
    ofSummary.push(sql`(s.title ilike ${pattern} or s.text ilike ${pattern})`)
  }
  return { match: sql.join([...conditions, ...ofSummary], sql` and `), needsSummary: ofSummary.length > 0 }
}

function inCluster(cluster: string | undefined): SQL {
  if (cluster === 'failed') return sql`t.status = 'failed'`
  if (cluster === 'skipped') return sql`t.status = 'skipped'`
  if (cluster === undefined) return sql`t.status = 'summarized'`
  if (cluster === 'unassigned') {
    return sql`t.status = 'summarized' and t.cluster_path is null and t.reason is not null`
  }
  const path = toStorableText(cluster)
  // A range, since `/` is the character after `.`: the index on the path serves it.
  return sql`(t.cluster_path collate "C" = ${path}
    or (t.cluster_path collate "C" > ${`${path}.`} and t.cluster_path collate "C" < ${`${path}/`}))`
}

/** The traces that match, or with nothing asked every one that is done, in the order of the selection, in pages: for exports. */
export async function* readInsightTraces(
  db: Db,
  insightId: string,
  asked: TracesMatch = {},
  pageSize = 500,
): AsyncGenerator<InsightTrace[]> {
  const match =
    Object.keys(asked).length === 0
      ? sql`t.insight_id = ${toStorableText(insightId)} and t.status <> 'pending'`
      : toMatch(insightId, asked).match
  for (let after = -1; ;) {
    const { rows } = await db.execute(sql`
      select ${shownColumns} from ${withSummary}
      where ${match} and t.ordinal > ${after}
      order by t.ordinal limit ${pageSize}
    `)
    const page = rows as unknown as InsightTrace[]
    if (page.length > 0) yield page
    if (page.length < pageSize) return
    after = page.at(-1)!.ordinal
  }
}

/**
 * Traces that could not be done, and those that were done but could not be published; or those that were skipped: in order of
 * the selection.
 */
export async function listFailures(
  db: Db,
  insightId: string,
  query: { kind: 'failed' | 'skipped'; pageSize: number; pageToken?: string },
): Promise<Page<Failure>> {
  const order = query.kind === 'failed' ? 'failures' : 'skipped'
  const after = query.pageToken === undefined ? undefined : parsePageToken(order, query.pageToken, 'number')
  const isOfKind =
    query.kind === 'failed' ? sql`failure is not null and status in ('failed', 'summarized')` : sql`status = 'skipped'`
  const match = sql`insight_id = ${toStorableText(insightId)} and ${isOfKind}`
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
    nextPageToken: last === undefined ? undefined : toPageToken(order, { value: last.ordinal, key: '' }),
    total: counted.rows[0]?.total ?? 0,
  }
}

/** How many traces are unassigned, by reason, and how many failed or were skipped. */
export async function countOutside(
  db: Db,
  insightId: string,
): Promise<{ unassigned: number; reasons: Record<string, number>; failed: number; skipped: number }> {
  const id = toStorableText(insightId)
  const reasons = await db.execute<{ reason: string; count: number }>(sql`
    select reason, count(*)::int as count from insight_traces
    where insight_id = ${id} and status = 'summarized' and cluster_path is null and reason is not null
    group by reason order by count desc, reason collate "C"
  `)
  const others = await db.execute<{ failed: number; skipped: number }>(sql`
    select count(*) filter (where status = 'failed')::int as failed,
      count(*) filter (where status = 'skipped')::int as skipped
    from insight_traces where insight_id = ${id}
  `)
  return {
    unassigned: reasons.rows.reduce((sum, { count }) => sum + count, 0),
    reasons: Object.fromEntries(reasons.rows.map(({ reason, count }) => [reason, count])),
    failed: others.rows[0]?.failed ?? 0,
    skipped: others.rows[0]?.skipped ?? 0,
  }
}

export type MapColumns = { traceIds: string[]; x: number[]; y: number[]; clusterIds: (string | null)[] }

/** A coordinate as the map shows it: five decimals are more than a screen has, and a third of the bytes. */
function onMap(coordinate: SQL): SQL {
  return sql`(round(${coordinate}::float8 * 100000) / 100000)`
}

/**
 * The map as columns, one entry a trace that has a place on it, in order of the selection. Each page comes as one row of
 * joined values: rows by themselves took the embedded database eight times as long, and everybody else waited meanwhile.
 */
export async function readMap(db: Db, insightId: string): Promise<MapColumns> {
  const columns: MapColumns = { traceIds: [], x: [], y: [], clusterIds: [] }
  const pageSize = 10_000
  for (let after = -1; ;) {
    type Joined = { count: number; last: number; ids: string[]; x: string; y: string; clusters: string }
    const { rows } = await db.execute<Joined>(sql`
      select count(*)::int as count, max(ordinal) as last, json_agg(trace_id order by ordinal) as ids,
        string_agg(${onMap(sql`x`)}::text, ',' order by ordinal) as x,
        string_agg(${onMap(sql`y`)}::text, ',' order by ordinal) as y,
        string_agg(coalesce(cluster_path, ''), ',' order by ordinal) as clusters
      from (
        select ordinal, trace_id, x, y, cluster_path from insight_traces
        where insight_id = ${toStorableText(insightId)} and ordinal > ${after} and x is not null and y is not null
        order by ordinal limit ${pageSize}
      ) as page
    `)
    const page = rows[0]
    if (page === undefined || page.count === 0) return columns
    for (const id of page.ids) columns.traceIds.push(id)
    for (const x of page.x.split(',')) columns.x.push(Number(x))
    for (const y of page.y.split(',')) columns.y.push(Number(y))
    for (const cluster of page.clusters.split(',')) columns.clusterIds.push(cluster === '' ? null : cluster)
    if (page.count < pageSize) return columns
    after = page.last
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
  facets: FacetValues | null
  reason: string
  evidence: Omit<Evidence, 'traceId'>[]
  readShare: number
}

/** The newest fifty Insights that summarized the trace, newest first, deleted ones left out. */
export async function listMemberships(db: Db, traceId: string): Promise<Membership[]> {
  type Row = Omit<Membership, 'clusterPath'> & { titles: (string | null)[] }
  const { rows } = await db.execute(sql`
    select i.id as "insightId", i.name as "insightName", i.instruction, t.cluster_path as "clusterId",
      coalesce(t.reason, '') as reason, s.title, s.text, t.outcome, s.facets, s.evidence, s.read_share as "readShare",
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

const isReopenable = sql`status = 'failed' and failure ->> 'next' in ('retry', 'settings')`

/** How many failed traces another try can help. */
export async function countReopenable(db: Db, insightId: string): Promise<number> {
  const { rows } = await db.execute<{ count: number }>(
    sql`select count(*)::int as count from insight_traces where insight_id = ${insightId} and ${isReopenable}`,
  )
  return rows[0]?.count ?? 0
}

/** Makes the failed traces pending again that another try can help; the others stay failed, with their reason. The attempts so far stay counted. */
export async function reopenFailures(db: Db, insightId: string): Promise<void> {
  await db.execute(sql`
    update insight_traces set status = 'pending' where insight_id = ${insightId} and ${isReopenable}
  `)
}
