// Insights: one row each, and lists of them.
import { and, eq, isNotNull, isNull, sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import { AppError } from '#/pipeline/errors.ts'
import type { InsightSpec, RunStatus } from '#/pipeline/insight.ts'
import type { PastRun } from '#/pipeline/pace.ts'
import type { Db } from './database.ts'
import { isTurn } from './in-turn.ts'
import { parsePageToken, toPageToken } from './page-token.ts'
import type { InsightChoices, StoredCluster } from './records.ts'
import { insights } from './schema.ts'
import { toStorableJson, toStorableText } from './storable.ts'

type Row = typeof insights.$inferSelect

/** An Insight without its tree, which can be large and is asked for by itself. */
export type InsightRecord = Omit<Row, 'clusters' | 'clusterTitles' | 'treeVersion' | 'whole' | 'turn'>

const columns = {
  id: insights.id,
  experimentId: insights.experimentId,
  experimentName: insights.experimentName,
  name: insights.name,
  description: insights.description,
  instruction: insights.instruction,
  spec: insights.spec,
  choices: insights.choices,
  parentId: insights.parentId,
  status: insights.status,
  stage: insights.stage,
  progress: insights.progress,
  waiting: insights.waiting,
  selection: insights.selection,
  provisionalOf: insights.provisionalOf,
  counts: insights.counts,
  usage: insights.usage,
  models: insights.models,
  prompts: insights.prompts,
  overview: insights.overview,
  keyPoints: insights.keyPoints,
  quality: insights.quality,
  estimate: insights.estimate,
  stageUsage: insights.stageUsage,
  stageSeconds: insights.stageSeconds,
  clusterCount: insights.clusterCount,
  leafCount: insights.leafCount,
  depth: insights.depth,
  error: insights.error,
  attempts: insights.attempts,
  deadlineAt: insights.deadlineAt,
  createdAt: insights.createdAt,
  updatedAt: insights.updatedAt,
  startedAt: insights.startedAt,
  finishedAt: insights.finishedAt,
  deletedAt: insights.deletedAt,
}

const { spec: _spec, choices: _choices, ...listedColumns } = columns

// ---- writing ---------------------------------------------------------------------------------------------------

export type NewInsight = {
  id: string
  experimentName: string
  spec: InsightSpec
  choices: InsightChoices
  models: Row['models'] | undefined
  estimate?: Row['estimate'] | undefined
  prompts: Row['prompts']
  parentId?: string
  createdAt?: Date
}

/** Adds a scheduled Insight; one with the same id stays as it is. */
export async function insertInsight(db: Db, insight: NewInsight): Promise<void> {
  const { id, experimentName, spec, choices, models, estimate, prompts, parentId, createdAt } = insight
  await db
    .insert(insights)
    .values({
      id,
      experimentId: spec.experimentId,
      experimentName: toStorableText(experimentName),
      name: toStorableText(spec.name),
      description: toStorableText(spec.description),
      instruction: toStorableText(spec.instruction),
      spec: json(spec),
      choices: json(choices),
      models: models === undefined ? null : json(models),
      estimate: estimate == null ? null : json(estimate),
      prompts: json(prompts),
      parentId: parentId ?? null,
      ...(createdAt === undefined ? {} : { createdAt, updatedAt: createdAt }),
    })
    .onConflictDoNothing()
}

export type InsightPatch = Partial<
  Pick<
    Row,
    | 'name'
    | 'description'
    | 'spec'
    | 'status'
    | 'stage'
    | 'progress'
    | 'waiting'
    | 'selection'
    | 'provisionalOf'
    | 'counts'
    | 'usage'
    | 'models'
    | 'prompts'
    | 'overview'
    | 'keyPoints'
    | 'quality'
    | 'stageUsage'
    | 'stageSeconds'
    | 'whole'
    | 'error'
    | 'attempts'
    | 'startedAt'
    | 'finishedAt'
    | 'deletedAt'
  >
>

/** Changes the fields named; `false` when there is no such Insight. `ifStatus` and `ifTurn` make it a condition. */
export async function updateInsight(
  db: Db,
  id: string,
  patch: InsightPatch,
  options: { ifStatus?: readonly RunStatus[]; ifTurn?: number } = {},
): Promise<boolean> {
  const values = Object.fromEntries(Object.entries(patch).map(([name, value]) => [name, storable(value)]))
  const { rowCount } = await db
    .update(insights)
    .set({ ...values, updatedAt: sql`now()` })
    .where(
      and(
        isTurn({ insightId: id, number: options.ifTurn }),
        options.ifStatus === undefined ? undefined : sql`${insights.status} = any(${sql.param([...options.ifStatus])})`,
      ),
    )
  return (rowCount ?? 0) > 0
}

function storable(value: unknown): unknown {
  if (typeof value === 'string') return toStorableText(value)
  return typeof value === 'object' && value !== null && !(value instanceof Date) ? json(value) : value
}

function json<T>(value: T): T {
  return JSON.parse(toStorableJson(value)) as T
}

// ---- reading ---------------------------------------------------------------------------------------------------

/** The Insight, deleted ones included, or `undefined`. */
export async function findInsight(db: Db, id: string): Promise<InsightRecord | undefined> {
  const [row] = await db
    .select(columns)
    .from(insights)
    .where(eq(insights.id, toStorableText(id)))
  return row
}

/** The Insight, deleted ones included. Throws `insight.not_found`. */
export async function getInsight(db: Db, id: string): Promise<InsightRecord> {
  const found = await findInsight(db, id)
  if (found === undefined) throw notFound(id)
  return found
}

/** The tree and the metrics of all its traces together. Throws `insight.not_found`. */
export async function getTree(
  db: Db,
  id: string,
): Promise<{ clusters: StoredCluster[]; whole: Row['whole']; provisionalOf: number | null }> {
  const [row] = await db
    .select({ clusters: insights.clusters, whole: insights.whole, provisionalOf: insights.provisionalOf })
    .from(insights)
    .where(eq(insights.id, toStorableText(id)))
  if (row === undefined) throw notFound(id)
  return row
}

/** How many traces the tree says are in a cluster with all below it; `undefined` for one that is not in the tree. */
export async function findClusterSize(db: Db, id: string, clusterId: string): Promise<number | undefined> {
  const parts = clusterId.split('.')
  const trail = parts.map((_, depth) => parts.slice(0, depth + 1).join('.'))
  const path = trail.map((_, depth) => `[*] ? (@.id == $trail[${depth}])`).join('.children')
  const { rows } = await db.execute<{ size: number | null }>(sql`
    select jsonb_path_query_first(clusters, ${`$${path}.size`}::jsonpath, ${toStorableJson({ trail })}::jsonb)::int as size
    from insights where id = ${toStorableText(id)}
  `)
  return rows[0]?.size ?? undefined
}

function notFound(id: string): AppError {
  return new AppError('insight.not_found', `There is no Insight ${toStorableText(id).slice(0, 100)}.`)
}

export type InsightsQuery = {
  experimentId?: string
  status?: RunStatus
  /** Part of the name, the description or the instruction, in any case. */
  search?: string
  /** Those that are deleted, instead of those that are not. */
  deleted?: boolean
  sort: 'created_at' | 'name' | 'status' | 'traces' | 'updated_at'
  order: 'asc' | 'desc'
  pageSize: number
  pageToken?: string
}

/** Sort keys as the database compares them; text by code point, so that a page token compares as the index does. */
const sortKeys: Record<InsightsQuery['sort'], { key: SQL; cast: SQL }> = {
  created_at: { key: sql`extract(epoch from ${insights.createdAt})`, cast: sql`numeric` },
  updated_at: { key: sql`extract(epoch from ${insights.updatedAt})`, cast: sql`numeric` },
  name: { key: sql`(lower(${insights.name}) collate "C")`, cast: sql`text` },
  status: { key: sql`(${insights.status} collate "C")`, cast: sql`text` },
  traces: { key: sql`(${insights.counts} ->> 'selected')::int`, cast: sql`int` },
}

export type Page<T> = { items: T[]; nextPageToken: string | undefined; total: number }

/** An Insight as lists show it: without its specification, which may name 100,000 traces. */
export type InsightListed = Omit<InsightRecord, 'spec' | 'choices'>

/** A page of Insights. Throws `request.invalid` for a page token of another order. */
export async function listInsights(db: Db, query: InsightsQuery): Promise<Page<InsightListed>> {
  const { key, cast } = sortKeys[query.sort]
  const order = `${query.sort} ${query.order}`
  const match = and(
    query.deleted === true ? isNotNull(insights.deletedAt) : isNull(insights.deletedAt),
    query.experimentId === undefined ? undefined : eq(insights.experimentId, toStorableText(query.experimentId)),
    query.status === undefined ? undefined : eq(insights.status, query.status),
    query.search === undefined || query.search === '' ? undefined : matches(query.search),
  )
  const after =
    query.pageToken === undefined
      ? undefined
      : parsePageToken(order, query.pageToken, query.sort === 'name' || query.sort === 'status' ? 'text' : 'number')
  const beyond = query.order === 'asc' ? sql`>` : sql`<`
  const direction = query.order === 'asc' ? sql`asc` : sql`desc`
  const rows = await db
    .select({ record: listedColumns, sortValue: sql<string | number>`${key}` })
    .from(insights)
    .where(
      and(
        match,
        after === undefined
          ? undefined
          : sql`(${key}, ${insights.id} collate "C") ${beyond} (${String(after.value)}::${cast}, ${String(after.key)} collate "C")`,
      ),
    )
    .orderBy(sql`${key} ${direction}`, sql`${insights.id} collate "C" ${direction}`)
    .limit(query.pageSize + 1)
  const items = rows.slice(0, query.pageSize)
  const last = items.at(-1)
  return {
    items: items.map(({ record }) => record),
    nextPageToken:
      rows.length > query.pageSize && last !== undefined
        ? toPageToken(order, { value: last.sortValue, key: last.record.id })
        : undefined,
    total: await db.$count(insights, match),
  }
}

function matches(search: string): SQL {
  const pattern = toPattern(search)
  return sql`(${insights.name} ilike ${pattern} or ${insights.description} ilike ${pattern} or ${insights.instruction} ilike ${pattern})`
}

/** A pattern for `like` that finds the text anywhere and takes none of it for a wildcard. */
export function toPattern(search: string): string {
  return `%${toStorableText(search).replace(/[\\%_]/g, '\\$&')}%`
}

/** How many Insights each experiment has, deleted ones left out. */
export async function countByExperiment(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .select({ id: insights.experimentId, count: sql<number>`count(*)::int` })
    .from(insights)
    .where(isNull(insights.deletedAt))
    .groupBy(insights.experimentId)
  return new Map(rows.map(({ id, count }) => [id, count]))
}

/** What the newest finished Insights of the same summary model took, for guessing what the next one will. */
export async function readPastRuns(db: Db, summaryModel: string): Promise<PastRun[]> {
  const rows = await db
    .select({ counts: insights.counts, stageSeconds: insights.stageSeconds })
    .from(insights)
    .where(and(eq(insights.status, 'FINISHED'), sql`${insights.models} ->> 'summary' = ${summaryModel}`))
    .orderBy(sql`${insights.finishedAt} desc`)
    .limit(10)
  return rows.map(({ counts, stageSeconds }) => ({ traces: counts.selected, stageSeconds }))
}
