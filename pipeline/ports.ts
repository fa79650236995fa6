// What the pipeline asks of the outside world. Each port is a plain function type; a test passes plain values.
import type { Matrix } from '#/clustering/matrix.ts'
import type { ClusterOptions, ClusterTree } from '#/clustering/tree.ts'
import type {
  Cluster,
  Counts,
  Failure,
  InsightSpec,
  Overview,
  RunStatus,
  Stage,
  Summary,
  SummaryRecord,
  Usage,
} from './insight.ts'
import type { Trace, TraceInfo } from './trace.ts'
import type { Transcript } from './transcript/transcript.ts'

export type Cancellable = { signal: AbortSignal }

// ---- where traces come from ------------------------------------------------------------------------------------

/** Pages of traces that match, newest first, pinned in time and de-duplicated; nothing else is held in memory. */
export type SearchTraces = (
  query: { experimentId: string; filter: string; until?: number; orderBy?: readonly string[] },
  options: Cancellable,
) => AsyncIterable<TraceInfo[]>

/** Infos of the traces named, in any order; ids that do not exist are left out. */
export type GetTraceInfos = (traceIds: readonly string[], options: Cancellable) => Promise<TraceInfo[]>

/** A trace with its spans. Throws `trace.not_found`, `trace.unreadable` or an `mlflow.*` error. */
export type ReadTrace = (info: TraceInfo, options: Cancellable) => Promise<Trace>

// ---- where results go (MLflow): every write may be repeated ----------------------------------------------------

export type Tracking = {
  searchTraces: SearchTraces
  getTraceInfos: GetTraceInfos
  readTrace: ReadTrace
  linkTraces: (runId: string, traceIds: readonly string[], options: Cancellable) => Promise<void>
  /** How many traces the server itself says are linked. */
  countLinked: (run: { runId: string; experimentId: string }, options: Cancellable) => Promise<number>
  /** Those of the traces that the server does not say are linked. */
  findUnlinked: (
    run: { runId: string; experimentId: string },
    traceIds: readonly string[],
    options: Cancellable,
  ) => Promise<string[]>
  /** Creates the assessment once; a second call with the same id is no error. */
  createAssessment: (assessment: AssessmentRecord, options: Cancellable) => Promise<void>
  /** Adds rationale and metadata to an assessment that exists. */
  updateAssessment: (
    update: { traceId: string; assessmentId: string; rationale: string; metadata: Record<string, string> },
    options: Cancellable,
  ) => Promise<void>
  setTraceTag: (tag: { traceId: string; key: string; value: string }, options: Cancellable) => Promise<void>
  logBatch: (runId: string, batch: RunBatch, options: Cancellable) => Promise<void>
  uploadArtifact: (
    artifact: { runId: string; path: string; body: string | Uint8Array },
    options: Cancellable,
  ) => Promise<void>
  updateRun: (update: { runId: string; status?: RunStatus; endTimeMs?: number }, options: Cancellable) => Promise<void>
}

export type AssessmentRecord = {
  assessmentId: string
  traceId: string
  name: string
  value: string
  rationale?: string
  source: { type: 'LLM_JUDGE' | 'CODE'; id: string }
  metadata: Record<string, string>
}

export type RunBatch = {
  tags?: Record<string, string>
  params?: Record<string, string>
  metrics?: Record<string, number>
}

// ---- who reads and names ---------------------------------------------------------------------------------------

/** A node as the analyst sees it when naming: its own most central summaries and the nearest ones outside it. */
export type NodeToName = {
  id: string
  parentId: string | null
  childIds: string[]
  size: number
  share: number
  keywords: string[]
  /** Most central first; at most 40. */
  members: SummaryRecord[]
  /** Nearest non-members, nearest first; at most 20. */
  neighbours: SummaryRecord[]
}

export type NamedNode = { id: string; title: string; summary: string }

export type Analyst = {
  /** Names that go on record: models, and the prompts with version and hash. */
  models: { thinking: string; summary: string; embedding: string; reasoningEffort: string }
  prompts: { name: string; version: string; sha256: string; text: string }[]
  summarize: (input: { instruction: string; transcript: Transcript }, options: Cancellable) => Promise<Summary>
  /** One row a text, in order. */
  embed: (
    texts: readonly string[],
    options: Cancellable & { seed: number; onProgress?: (done: number) => void },
  ) => Promise<{ vectors: Matrix; usage: Usage }>
  /** Titles and descriptions for every node, unique among siblings. */
  nameClusters: (
    input: { instruction: string; nodes: NodeToName[]; total: number },
    options: Cancellable & { onProgress?: (done: number) => void },
  ) => Promise<{ names: NamedNode[]; usage: Usage }>
  writeOverview: (
    input: {
      instruction: string
      counts: Counts
      clusters: Cluster[]
      unassigned: number
      examples: ReadonlyMap<string, SummaryRecord>
    },
    options: Cancellable,
  ) => Promise<Overview>
}

// ---- what must survive a crash ---------------------------------------------------------------------------------

export type ClusterAssignment = {
  traceId: string
  clusterId: string | null
  reason: string
  x: number
  y: number
  distance: number
}

/** The job's own memory. Everything written here is durable when the promise resolves. */
export type Checkpoints = {
  /** Adds to the selection; an id already selected is ignored. Ordinals follow the order of arrival. */
  addSelected: (traces: readonly { traceId: string }[]) => Promise<void>
  countSelected: () => Promise<number>
  /** Traces neither summarized, skipped nor failed yet, in ordinal order, in pages. */
  pending: () => AsyncIterable<{ traceId: string; ordinal: number }[]>
  saveSummaries: (records: readonly SummaryRecord[]) => Promise<void>
  saveFailures: (failures: readonly Failure[]) => Promise<void>
  saveSkipped: (skipped: readonly { traceId: string; code: string; message: string }[]) => Promise<void>
  /** All summaries in ordinal order, in pages. */
  summaries: () => AsyncIterable<SummaryRecord[]>
  failures: () => Promise<Failure[]>
  counts: () => Promise<{ selected: number; summarized: number; skipped: number; failed: number; usage: Usage }>
  saveVectors: (rows: readonly { traceId: string; vector: Float32Array }[]) => Promise<void>
  saveClusters: (clusters: readonly Cluster[], assignments: readonly ClusterAssignment[]) => Promise<void>
  /** Ids whose assessments or tags are not written yet, per step; publishing goes on where it stopped. */
  unpublished: (step: PublishStep) => AsyncIterable<string[]>
  markPublished: (step: PublishStep, traceIds: readonly string[]) => Promise<void>
}

export const publishSteps = ['assessment', 'cluster'] as const
export type PublishStep = (typeof publishSteps)[number]

export type ProgressEvent =
  | { type: 'stage'; stage: Stage; total: number }
  | { type: 'progress'; stage: Stage; done: number; total: number; failed: number; usage: Usage }
  | { type: 'summary'; traceId: string; title: string; text: string }
  | { type: 'failure'; failure: Failure }
  | { type: 'clusters'; clusters: number; leaves: number }
  | { type: 'log'; level: 'info' | 'warn'; message: string }

export type Emit = (event: ProgressEvent) => void

/** The tree over the rows and a place on the map for each; long work, so the server does it off the event loop. */
export type Group = (
  vectors: Matrix,
  options: Omit<ClusterOptions, 'onProgress'>,
  extra: Cancellable,
) => Promise<{ tree: ClusterTree; map: Matrix }>

export type PipelinePorts = {
  tracking: Tracking
  analyst: Analyst
  group: Group
  checkpoints: Checkpoints
  emit: Emit
  now: () => number
  codeVersion: string
}

/** `isLoaded`: the selection was made and linked by an earlier attempt, and is not to change any more. */
export type PipelineInput = { runId: string; spec: InsightSpec; isLoaded?: boolean }
