// Insights: one row each, and lists of them.
import { and, eq, isNull, sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import { AppError } from '#/pipeline/errors.ts'
import type { InsightSpec, RunStatus } from '#/pipeline/insight.ts'
import type { Db } from './database.ts'
import { parsePageToken, toPageToken } from './page-token.ts'
import type { InsightChoices, StoredCluster } from './records.ts'
import { insights } from './schema.ts'
import { toStorableJson, toStorableText } from './storable.ts'

type Row = typeof insights.$inferSelect

/** An Insight without its tree, which can be large and is asked for by itself. */
export type InsightRecord = Omit<Row, 'clusters' | 'clusterTitles' | 'treeVersion' | 'whole'>

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
  counts: insights.counts,
  usage: insights.usage,
  models: insights.models,
  prompts: insights.prompts,
  overview: insights.overview,
  keyPoints: insights.keyPoints,
  quality: insights.quality,
  stageSeconds: insights.stageSeconds,
  clusterCount: insights.clusterCount,
  leafCount: insights.leafCount,
  depth: insights.depth,
  error: insights.error,
  attempts: insights.attempts,
  createdAt: insights.createdAt,
  updatedAt: insights.updatedAt,
  startedAt: insights.startedAt,
  finishedAt: insights.finishedAt,
  deletedAt: insights.deletedAt,
}

const { spec: _spec, ...listedColumns } = columns

// ---- writing ---------------------------------------------------------------------------------------------------

export type NewInsight = {
  id: string
  experimentName: string
  spec: InsightSpec
  choices: InsightChoices
  models: Row['models'] | undefined
  prompts: Row['prompts']
  parentId?: string
  createdAt?: Date
}

/** Adds a scheduled Insight; one with the same id stays as it is. */
export async function insertInsight(db: Db, insight: NewInsight): Promise<void> {
  const { id, experimentName, spec, choices, models, prompts, parentId, createdAt } = insight
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
    | 'status'
    | 'stage'
    | 'progress'
    | 'counts'
    | 'usage'
    | 'models'
    | 'prompts'
    | 'overview'
    | 'keyPoints'
    | 'quality'
    | 'stageSeconds'
    | 'whole'
    | 'error'
    | 'attempts'
    | 'startedAt'
    | 'finishedAt'
    | 'deletedAt'
  >
>

/** Changes the fields named; `false` when there is no such Insight. `ifStatus` makes it a condition. */
export async function updateInsight(
  db: Db,
  id: string,
  patch: InsightPatch,
  options: { ifStatus?: readonly RunStatus[] } = {},
): Promise<boolean> {
  const values = Object.fromEntries(Object.entries(patch).map(([name, value]) => [name, storable(value)]))
  const { rowCount } = await db
    .update(insights)
    .set({ ...values, updatedAt: sql`now()` })
    .where(
      options.ifStatus === undefined
        ? eq(insights.id, id)
        : sql`${insights.id} = ${id} and ${insights.status} = any(${sql.param([...options.ifStatus])})`,
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
export async function getTree(db: Db, id: string): Promise<{ clusters: StoredCluster[]; whole: Row['whole'] }> {
  const [row] = await db
    .select({ clusters: insights.clusters, whole: insights.whole })
    .from(insights)
    .where(eq(insights.id, toStorableText(id)))
  if (row === undefined) throw notFound(id)
  return row
}

function notFound(id: string): AppError {
  return new AppError('insight.not_found', `There is no Insight ${toStorableText(id).slice(0, 100)}.`)
}

export type InsightsQuery = {
  experimentId?: string
  status?: RunStatus
  /** Part of the name, the description or the instruction, in any case. */
  search?: string
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
export type InsightListed = Omit<InsightRecord, 'spec'>

/** A page of the Insights that are not deleted. Throws `request.invalid` for a page token of another order. */
export async function listInsights(db: Db, query: InsightsQuery): Promise<Page<InsightListed>> {
  const { key, cast } = sortKeys[query.sort]
  const order = `${query.sort} ${query.order}`
  const match = and(
    isNull(insights.deletedAt),
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
