// The tables. `npx drizzle-kit generate` turns a change here into a file in migrations/, applied at the next start.
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  customType,
  doublePrecision,
  index,
  integer,
  json,
  jsonb,
  pgTable,
  primaryKey,
  real,
  smallint,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import type { Estimate, StageUsage } from '#/pipeline/estimate/estimate.ts'
import type {
  ClusterMetrics,
  Counts,
  Evidence,
  Failure,
  InsightSpec,
  KeyPoint,
  Outcome,
  RunStatus,
  Selection,
  Stage,
  Usage,
} from '#/pipeline/insight.ts'
import type { FacetValues } from '#/pipeline/lens.ts'
import type { Analyst, StepName, StepResults, PromptRecord } from '#/pipeline/ports.ts'
import type { InsightChoices, Progress, StoredCluster, StoredEvent, Waiting } from './records.ts'

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
    /** Why nothing goes on right now; null while something does. */
    waiting: jsonb('waiting').$type<Waiting>(),
    /** What the scope came to. */
    selection: jsonb('selection').$type<Selection>(),
    counts: jsonb('counts')
      .$type<Counts>()
      .notNull()
      .default({ selected: 0, summarized: 0, skipped: 0, failed: 0, clustered: 0, unassigned: 0 }),
    usage: jsonb('usage')
      .$type<Usage>()
      .notNull()
      .default({ inputTokens: 0, outputTokens: 0, cachedTokens: 0, costUsd: 0, calls: 0 }),
    models: jsonb('models').$type<Analyst['models']>(),
    prompts: jsonb('prompts').$type<(Omit<PromptRecord, 'source'> & Partial<PromptRecord>)[]>().notNull().default([]),
    overview: text('overview').notNull().default(''),
    keyPoints: jsonb('key_points').$type<KeyPoint[]>().notNull().default([]),
    quality: jsonb('quality').$type<{
      silhouette: number | null
      stability: number | null
      coverage: number | null
    }>(),
    /** Made before the run. */
    estimate: jsonb('estimate').$type<Estimate>(),
    /** What each stage used; absent until the end. */
    stageUsage: jsonb('stage_usage').$type<StageUsage>(),
    stageSeconds: jsonb('stage_seconds').$type<Partial<Record<Stage, number>>>().notNull().default({}),
    /** The tree without its trace ids: those are rows of `insight_traces`. */
    clusters: jsonb('clusters').$type<StoredCluster[]>().notNull().default([]),
    /** Cluster id to title, so that a trace can tell the titles above it without the whole tree. */
    clusterTitles: jsonb('cluster_titles').$type<Record<string, string>>().notNull().default({}),
    clusterCount: integer('cluster_count').notNull().default(0),
    leafCount: integer('leaf_count').notNull().default(0),
    depth: smallint('depth').notNull().default(0),
    /** How many summaries the tree was made of while others were still to come; null for the final one. */
    provisionalOf: integer('provisional_of'),
    /** Counts the saves of a tree: rows of an older one lose their place. */
    treeVersion: integer('tree_version').notNull().default(0),
    whole: jsonb('whole').$type<ClusterMetrics>(),
    error: jsonb('error').$type<{ code: string; detail: string }>(),
    /** Attempts in a row that ended in an error worth retrying. */
    attempts: integer('attempts').notNull().default(0),
    /** Which run of the job may write: each start takes the next number, and an older one stops at its next write. */
    turn: integer('turn').notNull().default(0),
    /** When the job that is queued or running must have ended. */
    deadlineAt: instant('deadline_at'),
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
    droppedQuotes: integer('dropped_quotes').notNull().default(0),
    facets: jsonb('facets').$type<FacetValues>(),
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

/** The embedding of each summary that cost something: little-endian float32, by the model named. */
export const insightVectors = pgTable(
  'insight_vectors',
  {
    insightId: insightId(),
    ordinal: integer('ordinal').notNull(),
    model: text('model').notNull().default(''),
    vector: bytes('vector').notNull(),
  },
  (table) => [primaryKey({ columns: [table.insightId, table.ordinal] })],
)

/**
 * What a step of the job came to, for the input with this hash, and all it has cost so far. A step whose results are rows
 * elsewhere keeps only its cost here. `json`, not `jsonb`: the keys stay in their order, and artifacts the same to the byte.
 */
export const insightSteps = pgTable(
  'insight_steps',
  {
    insightId: insightId(),
    step: text('step').$type<StepName>().notNull(),
    inputHash: text('input_hash'),
    result: json('result').$type<StepResults[keyof StepResults]>(),
    inputTokens: bigint('input_tokens', { mode: 'number' }).notNull(),
    outputTokens: bigint('output_tokens', { mode: 'number' }).notNull(),
    cachedTokens: bigint('cached_tokens', { mode: 'number' }).notNull(),
    costUsd: doublePrecision('cost_usd').notNull(),
    calls: integer('calls').notNull(),
  },
  (table) => [primaryKey({ columns: [table.insightId, table.step] })],
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

/** The living processes: what each may have of the model's places, and what it reports of itself. */
export const workers = pgTable('workers', {
  id: text('id').primaryKey(),
  mode: text('mode').$type<'all' | 'web' | 'worker'>().notNull(),
  host: text('host').notNull(),
  wants: integer('wants').notNull(),
  places: integer('places').notNull(),
  report: jsonb('report').$type<Record<string, number>>().notNull(),
  startedAt: instant('started_at')
    .notNull()
    .default(sql`clock_timestamp()`),
  seenAt: instant('seen_at')
    .notNull()
    .default(sql`clock_timestamp()`),
})

export const insightDrafts = pgTable('insight_drafts', {
  requestId: text('request_id').primaryKey(),
  experimentId: text('experiment_id').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
})

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

/** Answers of models, under hashes of everything they depend on; shared by all Insights. */
export const answers = pgTable(
  'answers',
  {
    key: text('key').primaryKey(),
    value: json('value').notNull(),
    /** What the answer cost when it was given. */
    usage: jsonb('usage').$type<Usage>().notNull(),
    usedAt: instant('used_at').notNull().defaultNow(),
  },
  (table) => [index('answers_by_use').on(table.usedAt)],
)
