// What the pipeline asks of the outside world. Each port is a plain function type; a test passes plain values.
import type { Matrix } from '#/clustering/matrix/matrix.ts'
import type { Rearranged, Rearrangement } from '#/clustering/rearrange.ts'
import type { ClusterOptions, ClusterTree } from '#/clustering/tree.ts'
import type { Estimate, StageUsage } from './estimate/estimate.ts'
import type {
  Cluster,
  ClusterMetrics,
  Counts,
  Failure,
  InsightSpec,
  Overview,
  RunStatus,
  Selection,
  SkippedTrace,
  Stage,
  Summary,
  SummaryRecord,
  TraceFacts,
  Usage,
} from './insight.ts'
import type { Redact } from './redact/redactor.ts'
import type { Lens } from './lens.ts'
import type { Trace, TraceInfo } from './trace.ts'
import type { Transcript } from './transcript/transcript.ts'

export type Cancellable = { signal: AbortSignal }

// ---- where traces come from ------------------------------------------------------------------------------------

/** Pages of traces that match, newest first, pinned in time and de-duplicated; nothing else is held in memory. */
export type SearchTraces = (
  query: { experimentId: string; filter: string; until?: number; orderBy?: readonly string[] },
  options: Cancellable,
) => AsyncIterable<TraceInfo[]>

/** Infos of the experiment's traces named, in any order; ids that do not exist there are left out. */
export type GetTraceInfos = (
  query: { experimentId: string; traceIds: readonly string[] },
  options: Cancellable,
) => Promise<TraceInfo[]>

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
    artifact: { runId: string; path: string; body: string | Uint8Array | Pieces },
    options: Cancellable,
  ) => Promise<void>
  updateRun: (update: { runId: string; status?: RunStatus; endTimeMs?: number }, options: Cancellable) => Promise<void>
}

/** A text too large to hold: made anew in pieces, the same ones, each time it is asked for. No piece tears a character. */
export type Pieces = () => Iterable<string>

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
  /** How its traces end, all counted. */
  outcomes: ClusterMetrics['outcomes']
  keywords: string[]
  /** Most central first; at most 40. */
  members: SummaryRecord[]
  /** Nearest non-members, nearest first; at most 20. */
  neighbours: SummaryRecord[]
  /** The nodes of its own level that the neighbours are in, with how many of them; most first. */
  near: { id: string; count: number }[]
}

/** Grants what makes the grouping no worse, and gives the nodes as they are then; `was` has the old ids of unchanged ones. */
export type RearrangeNodes = (
  wishes: readonly Rearrangement[],
) => Promise<{ nodes: NodeToName[]; was: ReadonlyMap<string, string> }>

export type NamedNode = { id: string; title: string; summary: string }

/** Told of rows as they are done, with what they cost. */
export type OnVectors = (batch: { rows: { row: number; vector: Float32Array }[]; usage: Usage }) => Promise<void>

export type PromptRecord = { name: string; version: string; sha256: string; source: string }

export type Analyst = {
  /**
   * Names that go on record: models, and the prompts with version and hash. `source` is `file` for one that comes with the
   * program, else its address in the Prompt Registry, `prompts:/<name>/<version>`.
   */
  models: { thinking: string; summary: string; embedding: string; reasoningEffort: string }
  prompts: (PromptRecord & { text: string })[]
  /** How the question is to be read, for whoever asked it to look at and change. */
  deriveLens: (instruction: string, options: Cancellable) => Promise<{ lens: Lens; by: string; usage: Usage }>
  summarize: (
    input: { instruction: string; lens?: Lens | undefined; transcript: Transcript },
    options: Cancellable,
  ) => Promise<Summary>
  /**
   * One row a text, in order. Vectors that cost something go to `onVectors` as they come, and the rows of one call there are
   * made of the texts alone: whoever keeps them need not ask again.
   */
  embed: (
    texts: readonly string[],
    options: Cancellable & { seed: number; onProgress?: (done: number) => void; onVectors?: OnVectors },
  ) => Promise<{ vectors: Matrix; usage: Usage }>
  /**
   * Titles and descriptions for every node, unique among siblings. Whoever finds, having named them, that groups stand in
   * the wrong place may wish to `rearrange` them, once: the names are then for the nodes that came back, and `wishes` says
   * what was wished for.
   */
  nameClusters: (
    input: {
      instruction: string
      lens?: Lens | undefined
      nodes: NodeToName[]
      /** How many traces there are, and how they end. */
      total: number
      outcomes: ClusterMetrics['outcomes']
      rearrange?: RearrangeNodes | undefined
    },
    options: Cancellable & { onProgress?: (done: number) => void },
  ) => Promise<{ names: NamedNode[]; usage: Usage; wishes?: readonly Rearrangement[] }>
  writeOverview: (
    input: {
      instruction: string
      lens?: Lens | undefined
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

/** What later steps of a job come to; the earlier ones leave a row a trace. */
export type StepResults = {
  name: { names: NamedNode[]; usage: Usage; wishes?: readonly Rearrangement[] }
  overview: Overview
  publish: InsightResult
}
export type StepName = keyof StepResults | 'summarize' | 'embed'

/** What is told of an Insight that is finished, besides its tree. */
export type InsightResult = {
  counts: Counts
  usage: Usage
  stageUsage: StageUsage
  overview: Overview
  quality: ClusterTree['quality']
  whole: ClusterMetrics
  stageSeconds: Partial<Record<Stage, number>>
  finishedAtMs: number
}
/** A trace of the selection, with what lists show of it whatever becomes of it. */
export type SelectedTrace = { traceId: string } & Partial<
  Pick<TraceFacts, 'requestTimeMs' | 'state' | 'executionMs' | 'totalTokens'>
>

/** The job's own memory. Everything written here is durable when the promise resolves. */
export type Checkpoints = {
  /** Adds to the selection; an id already selected is ignored. Ordinals follow the order of arrival. */
  addSelected: (traces: readonly SelectedTrace[]) => Promise<void>
  countSelected: () => Promise<number>
  /** What the scope came to; `undefined` until it is saved. */
  saveSelection: (selection: Selection) => Promise<void>
  selection: () => Promise<Selection | undefined>
  /** Traces neither summarized, skipped nor failed yet, in ordinal order, in pages. */
  pending: () => AsyncIterable<{ traceId: string; ordinal: number }[]>
  saveSummaries: (records: readonly SummaryRecord[]) => Promise<void>
  /** `usage` is what was spent on them all the same. */
  saveFailures: (failures: readonly Failure[], usage?: Usage) => Promise<void>
  /** `usage`: what was spent to find that they are to be left out. */
  saveSkipped: (skipped: readonly SkippedTrace[], usage?: Usage) => Promise<void>
  /** All summaries in ordinal order, in pages. */
  summaries: () => AsyncIterable<SummaryRecord[]>
  failures: () => Promise<Failure[]>
  /** In ordinal order. */
  skipped: () => Promise<SkippedTrace[]>
  /** `usage` is everything spent so far, on whatever came of it. */
  counts: () => Promise<{ selected: number; summarized: number; skipped: number; failed: number; usage: Usage }>
  /** Keeps vectors of one model; those of another are replaced. */
  saveVectors: (
    rows: readonly { traceId: string; vector: Float32Array }[],
    by: { model: string; usage: Usage },
  ) => Promise<void>
  /** The vectors kept of this model, in ordinal order, in pages. */
  vectors: (model: string) => AsyncIterable<{ traceId: string; vector: Float32Array }[]>
  /** Keeps what a step came to; one for the same input that is there already stays. */
  saveStep: <Name extends keyof StepResults>(
    name: Name,
    step: { inputHash: string; result: StepResults[Name]; usage: Usage },
  ) => Promise<void>
  findStep: <Name extends keyof StepResults>(name: Name, inputHash: string) => Promise<StepResults[Name] | undefined>
  /** What each stage has spent so far. */
  stageUsage: () => Promise<StageUsage>
  /** Replaces the tree; a provisional one says of how many summaries it is made. */
  saveClusters: (
    clusters: readonly Cluster[],
    assignments: readonly ClusterAssignment[],
    options?: { provisional?: { of: number; whole: ClusterMetrics } },
  ) => Promise<void>
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
  | { type: 'clusters'; clusters: number; leaves: number; provisionalOf?: number }
  | { type: 'log'; level: 'info' | 'warn'; message: string }

export type Emit = (event: ProgressEvent) => void

/** The tree over the rows and a place on the map for each; long work, so the server does it off the event loop. */
export type Group = (
  vectors: Matrix,
  options: Omit<ClusterOptions, 'onProgress'>,
  extra: Cancellable,
) => Promise<{ tree: ClusterTree; map: Matrix }>

/** Moves groups in a tree where that makes it no worse; long work too. */
export type Rearrange = (
  vectors: Matrix,
  grouped: { tree: ClusterTree; wishes: readonly Rearrangement[]; texts: readonly string[] },
  extra: Cancellable,
) => Promise<Rearranged>

export type PipelinePorts = {
  tracking: Tracking
  analyst: Analyst
  /** Groups and names what is there while the rest arrives; left out, nothing is shown before the end. */
  preview?: Pick<Analyst, 'embed' | 'nameClusters'>
  /** Masks what is private before anybody reads it. */
  redact: Redact
  group: Group
  /** Left out, groups stay where the mathematics put them. */
  rearrange?: Rearrange
  checkpoints: Checkpoints
  emit: Emit
  now: () => number
  codeVersion: string
}

/** `isLoaded`: the selection was made and linked by an earlier attempt, and is not to change any more. */
export type PipelineInput = { runId: string; spec: InsightSpec; isLoaded?: boolean; estimate?: Estimate }
