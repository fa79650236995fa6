// The domain's own words: what is asked, what one trace said, and what the whole set says.
import type { FacetMetrics } from './facet-metrics.ts'
import type { FacetValues, Lens } from './lens.ts'

export const runStatuses = ['SCHEDULED', 'RUNNING', 'FINISHED', 'FAILED', 'KILLED'] as const
export type RunStatus = (typeof runStatuses)[number]

export const stages = ['load', 'summarize', 'embed', 'cluster', 'name', 'overview', 'publish'] as const
export type Stage = (typeof stages)[number]

export const sampleMethods = ['all', 'random', 'stratified'] as const
export type SampleMethod = (typeof sampleMethods)[number]

/** The traces an Insight is about: named one by one, or by MLflow's filter string. */
export type Scope =
  | { traceIds: readonly string[] }
  | { filter: string; maxTraces?: number; sample?: SampleMethod; stratifyBy?: string; targets?: Targets }

/** How many of each stratum: the same number of every one, or a share of all for those named. */
export type Targets = { each: number } | { shares: Record<string, number> }

export type StratumCount = { value: string; available: number; wanted: number; selected: number }

/**
 * What the scope came to: how many matched, where all of them were looked at, and the strata of a stratified sample, the ones
 * that fell short first.
 */
export type Selection = { matched?: number; strata: StratumCount[]; strataCount: number; shortCount: number }

/** Everything that decides the outcome of an Insight; the same spec over the same traces gives the same hierarchy. */
export type InsightSpec = {
  experimentId: string
  name: string
  description: string
  instruction: string
  /** The question made explicit; read by rules from the instruction where left out. */
  lens?: Lens
  scope: Scope
  /** Traces that started later are not selected, so that a selection stays the same while it is read. */
  pinnedAtMs: number
  seed: number
  /** Wanted shape of the tree; found from the data where left out. */
  levels?: number
  maxLeaves?: number
  minClusterSize?: number
  /** Groups of fewer traces are shown as a count and nothing else; 1 where left out, which hides none. */
  minShownSize?: number
  /** Share of the traces that must be summarized for the run to end FINISHED. */
  minSuccessShare: number
  /** Seconds a job may take from when it was queued; it then ends with what it has, to be resumed. */
  maxDurationS?: number
  concurrency: number
  /** Summaries after which a provisional hierarchy is shown; 0 for none, found from the selection where left out. */
  previewAt?: number
}

export type Usage = {
  inputTokens: number
  outputTokens: number
  cachedTokens: number
  costUsd: number
  calls: number
}

/** A quote from a trace. `verified` is true only when it is a literal substring of that span's text after whitespace folding. */
export type Evidence = { traceId: string; spanId: string; quote: string; verified: boolean }

export const outcomes = ['resolved', 'unresolved', 'handed_off', 'error', 'unclear'] as const
export type Outcome = (typeof outcomes)[number]

/** What an analyst says of one trace under the instruction. */
export type Summary = {
  /** At most twelve words. */
  title: string
  /** One to three sentences that answer the instruction for this trace; becomes the assessment's value. */
  text: string
  /** What is embedded: the part that makes two traces alike under the instruction, without boilerplate. */
  groupingText: string
  outcome: Outcome
  /** BCP 47 tag of the user's language, `und` when unknown. */
  language: string
  evidence: Omit<Evidence, 'traceId'>[]
  /** Quotes that turned out to stand nowhere in the trace. */
  droppedQuotes?: number
  /** What the lens asks of every trace; absent where it asks nothing. */
  facets?: FacetValues
  /** Share of the trace's text that was read, 0 to 1. */
  readShare: number
  usage: Usage
  /** Model name, or `builtin`. */
  model: string
}

/** The few numbers of a trace that cluster metrics are made of. */
export type TraceFacts = {
  requestTimeMs: number
  executionMs?: number
  state: string
  totalTokens?: number
  costUsd?: number
  /** True and false votes of feedback assessments with boolean values, ours left out. */
  feedback: { positive: number; negative: number }
  requestPreview: string
  session?: string
  user?: string
}

export type SummaryRecord = { traceId: string; ordinal: number; summary: Summary; facts: TraceFacts }

/** A trace that could not be done: recorded, never fatal to the others. */
export type Failure = {
  traceId: string
  stage: Stage
  code: string
  message: string
  attempts: number
  /** What would help: `retry`, `none` (the trace itself is at fault), or `settings`. */
  next: 'retry' | 'settings' | 'none'
}

/** A trace that has nothing to summarize. */
export type SkippedTrace = { traceId: string; code: string; message: string }

export type ClusterMetrics = {
  errorRate: number
  latencyMsP50?: number
  latencyMsP95?: number
  meanTokens?: number
  costUsd?: number
  feedbackPositive?: number
  outcomes: Partial<Record<Outcome, number>>
  languages: Record<string, number>
  facets?: FacetMetrics
}

/** How good a cluster is, without labels; `null` where it was not or cannot be measured. */
export type ClusterQuality = {
  /** How much nearer its members are to it than to the next cluster, -1 to 1. */
  silhouette: number | null
  /** Share of it that comes back when a part of the traces is clustered anew, 0 to 1. */
  stability: number | null
  /** Share of the traces nearest to it that it took in, the rest being unassigned. */
  coverage: number | null
}

export const exampleRoles = ['representative', 'borderline', 'extreme'] as const

/** A member worth opening, and why. */
export type ClusterExample = { traceId: string; role: (typeof exampleRoles)[number]; reason: string }

/** A node of the published hierarchy; `id` is its path such as `2.1.3`. Only leaves hold traces. */
export type Cluster = {
  id: string
  title: string
  summary: string
  size: number
  share: number
  traceIds: string[]
  representativeTraceIds: string[]
  evidence: Evidence[]
  keywords: string[]
  metrics: ClusterMetrics
  quality: ClusterQuality
  examples: ClusterExample[]
  /** Too small to be shown as more than a count. */
  isHidden?: true
  children: Cluster[]
}

export type KeyPoint = { text: string; share: number; clusterIds: string[]; evidence: Evidence[] }

export const overviewSources = ['model', 'model_corrected', 'builtin'] as const

/** `source`: the model's draft as it was, without what the check did not find supported, or counted without a model. */
export type Overview = {
  text: string
  keyPoints: KeyPoint[]
  usage: Usage
  /** The part of `usage` that the second look took, where there was one. */
  checkUsage?: Usage
  by: string
  source: (typeof overviewSources)[number]
}

/** `selected = summarized + skipped + failed` and `summarized = clustered + unassigned`. */
export type Counts = {
  selected: number
  summarized: number
  skipped: number
  failed: number
  clustered: number
  unassigned: number
}

export const noUsage: Usage = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, costUsd: 0, calls: 0 }

/** Sums usages field by field. */
export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cachedTokens: a.cachedTokens + b.cachedTokens,
    costUsd: a.costUsd + b.costUsd,
    calls: a.calls + b.calls,
  }
}
