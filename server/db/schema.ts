// The tables. `npx drizzle-kit generate` turns a change here into a file in migrations/, applied at the next start.
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  real,
  smallint,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import type {
  ClusterMetrics,
  Counts,
  Evidence,
  Failure,
  InsightSpec,
  KeyPoint,
  Outcome,
  RunStatus,
  Stage,
  Usage,
} from '#/pipeline/insight.ts'
import type { Analyst } from '#/pipeline/ports.ts'
import type { InsightChoices, Progress, StoredCluster, StoredEvent } from './records.ts'

/** To the millisecond, as JavaScript's dates are: a page token made from a date must compare equal to its row. */
const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' })
const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' })

export const insights = pgTable(
  'insights',
  {
    /** The MLflow run's id. */
    id: text('id').primaryKey(),
    experimentId: text('experiment_id').notNull(),
    experimentName: text('experiment_name').notNull(),
    name: text('name').notNull(),
    description: text('description').notNull().default(''),
    instruction: text('instruction').notNull(),
    spec: jsonb('spec').$type<InsightSpec>().notNull(),
    choices: jsonb('choices').$type<InsightChoices>().notNull().default({}),
    parentId: text('parent_id'),
    status: text('status').$type<RunStatus>().notNull().default('SCHEDULED'),
    stage: text('stage').$type<Stage>().notNull().default('load'),
    progress: jsonb('progress').$type<Progress>(),
    counts: jsonb('counts')
      .$type<Counts>()
      .notNull()
      .default({ selected: 0, summarized: 0, skipped: 0, failed: 0, clustered: 0, unassigned: 0 }),
    usage: jsonb('usage')
      .$type<Usage>()
      .notNull()
      .default({ inputTokens: 0, outputTokens: 0, cachedTokens: 0, costUsd: 0, calls: 0 }),
    models: jsonb('models').$type<Analyst['models']>(),
    prompts: jsonb('prompts').$type<{ name: string; version: string; sha256: string }[]>().notNull().default([]),
    overview: text('overview').notNull().default(''),
    keyPoints: jsonb('key_points').$type<KeyPoint[]>().notNull().default([]),
    quality: jsonb('quality').$type<{
      silhouette: number | null
      stability: number | null
      coverage: number | null
    }>(),
    stageSeconds: jsonb('stage_seconds').$type<Partial<Record<Stage, number>>>().notNull().default({}),
    /** The tree without its trace ids: those are rows of `insight_traces`. */
    clusters: jsonb('clusters').$type<StoredCluster[]>().notNull().default([]),
    /** Cluster id to title, so that a trace can tell the titles above it without the whole tree. */
    clusterTitles: jsonb('cluster_titles').$type<Record<string, string>>().notNull().default({}),
    clusterCount: integer('cluster_count').notNull().default(0),
    leafCount: integer('leaf_count').notNull().default(0),
    depth: smallint('depth').notNull().default(0),
    /** Counts the saves of a tree: rows of an older one lose their place. */
    treeVersion: integer('tree_version').notNull().default(0),
    whole: jsonb('whole').$type<ClusterMetrics>(),
    error: jsonb('error').$type<{ code: string; detail: string }>(),
    /** Attempts in a row that ended in an error worth retrying. */
    attempts: integer('attempts').notNull().default(0),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
    deletedAt: instant('deleted_at'),
  },
  (table) => [
    index('insights_by_time').on(table.createdAt.desc(), table.id.desc()),
    index('insights_by_experiment').on(table.experimentId, table.createdAt.desc()),
  ],
)

const insightId = () =>
  text('insight_id')
    .notNull()
    .references(() => insights.id, { onDelete: 'cascade' })

export const traceStatuses = ['pending', 'summarized', 'skipped', 'failed'] as const
export type TraceStatus = (typeof traceStatuses)[number]

/**
 * One narrow row a selected trace: what changes on its way (status, place in the tree, what is published) and what lists are
 * sorted and filtered by. The wide part is written once, into the two tables below: PostgreSQL copies a row on each change.
 */
export const insightTraces = pgTable(
  'insight_traces',
  {
    insightId: insightId(),
    ordinal: integer('ordinal').notNull(),
    traceId: text('trace_id').notNull(),
    status: text('status').$type<TraceStatus>().notNull().default('pending'),
    outcome: text('outcome').$type<Outcome>(),
    state: text('state'),
    requestTimeMs: doublePrecision('request_time_ms'),
    executionMs: doublePrecision('execution_ms'),
    totalTokens: doublePrecision('total_tokens'),
    /** Why it failed or was skipped; of a summarized trace, what failed afterwards. */
    failure: jsonb('failure').$type<Failure>(),
    treeVersion: integer('tree_version'),
    clusterPath: text('cluster_path'),
    reason: text('reason'),
    distance: real('distance'),
    x: real('x'),
    y: real('y'),
    assessmentPublished: boolean('assessment_published').notNull().default(false),
    clusterPublished: boolean('cluster_published').notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.insightId, table.ordinal] }),
    // Trace first: the same index finds the Insights a trace is in.
    uniqueIndex('insight_traces_by_trace').on(table.traceId, table.insightId),
    // "C": a cluster with all below it is one range of paths.
    index('insight_traces_by_cluster').on(table.insightId, sql`"cluster_path" collate "C"`, table.distance),
  ],
)

/** What the analyst said of a trace, and the facts of the trace that are shown with it. Written once. */
export const insightSummaries = pgTable(
  'insight_summaries',
  {
    insightId: insightId(),
    ordinal: integer('ordinal').notNull(),
    title: text('title').notNull(),
    text: text('text').notNull(),
    groupingText: text('grouping_text').notNull(),
    language: text('language').notNull(),
    evidence: jsonb('evidence').$type<Omit<Evidence, 'traceId'>[]>().notNull(),
    readShare: doublePrecision('read_share').notNull(),
    model: text('model').notNull(),
    inputTokens: bigint('input_tokens', { mode: 'number' }).notNull(),
    outputTokens: bigint('output_tokens', { mode: 'number' }).notNull(),
    cachedTokens: bigint('cached_tokens', { mode: 'number' }).notNull(),
    calls: integer('calls').notNull(),
    costUsd: doublePrecision('cost_usd').notNull(),
    requestPreview: text('request_preview').notNull(),
    session: text('session'),
    user: text('user_name'),
    traceCostUsd: doublePrecision('trace_cost_usd'),
    positive: integer('feedback_positive').notNull(),
    negative: integer('feedback_negative').notNull(),
  },
  (table) => [primaryKey({ columns: [table.insightId, table.ordinal] })],
)

/** The embedding of each summary: little-endian float32. */
export const insightVectors = pgTable(
  'insight_vectors',
  { insightId: insightId(), ordinal: integer('ordinal').notNull(), vector: bytes('vector').notNull() },
  (table) => [primaryKey({ columns: [table.insightId, table.ordinal] })],
)

/** Append-only. `seq` counts from one without gaps, so a reader that saw `n` has seen everything up to `n`. */
export const insightEvents = pgTable(
  'insight_events',
  {
    insightId: insightId(),
    seq: integer('seq').notNull(),
    at: instant('at').notNull().defaultNow(),
    type: text('type').$type<StoredEvent['type']>().notNull(),
    data: jsonb('data').$type<StoredEvent>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.insightId, table.seq] })],
)

export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    key: text('key').primaryKey(),
    bodyHash: text('body_hash').notNull(),
    /** Absent while the first request is still at work. */
    insightId: text('insight_id'),
    claimedAt: instant('claimed_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [index('idempotency_keys_by_expiry').on(table.expiresAt)],
)
