// What the tables hold, in the words of the domain.
import type { Cluster, RunStatus, Stage } from '#/pipeline/insight.ts'
import type { Prompt } from '#/pipeline/model/prompts/prompt.ts'
import type { Pace } from '#/pipeline/pace.ts'
import type { ProgressEvent } from '#/pipeline/ports.ts'

/** A cluster as it is kept: its traces are rows of their own. */
export type StoredCluster = Omit<Cluster, 'traceIds' | 'children' | 'quality' | 'examples'> & {
  // Trees of earlier versions were kept without.
  quality?: Cluster['quality']
  examples?: Cluster['examples']
  children: StoredCluster[]
}

/** The user's choice of analyst, where it differs from the configuration, and what was chosen with it. */
export type InsightChoices = {
  analyst?: 'builtin' | 'model'
  model?: string
  summaryModel?: string
  /** Traces of one short sentence are summarized by the built-in analyst. */
  easyToBuiltin?: boolean
  reasoningEffort?: 'minimal' | 'low' | 'medium' | 'high'
  /** Those of the Prompt Registry that the alias stood at when the Insight was made; with it for good. */
  prompts?: { alias: string; registered: Prompt[] }
}

/** Where a running Insight stands. */
export type Progress = {
  stage: Stage
  done: number
  total: number
  failed: number
  atMs: number
  /** Absent in rows of an earlier version. */
  pace?: Pace
}

/** What a job that does nothing right now waits for. */
export type Waiting = { code: string; message: string; sinceMs: number }

export type StoredEvent =
  | Exclude<ProgressEvent, { type: 'progress' }>
  | (Extract<ProgressEvent, { type: 'progress' }> & { pace?: Pace })
  | { type: 'waiting'; code: string; message: string }
  | { type: 'end'; status: RunStatus }

/** An event as it was appended. */
export type EventRecord = { seq: number; at: Date; event: StoredEvent }
