// What the tables hold, in the words of the domain.
import type { Cluster, RunStatus, Stage } from '#/pipeline/insight.ts'
import type { ProgressEvent } from '#/pipeline/ports.ts'

/** A cluster as it is kept: its traces are rows of their own. */
export type StoredCluster = Omit<Cluster, 'traceIds' | 'children'> & { children: StoredCluster[] }

/** The user's choice of analyst, where it differs from the configuration. */
export type InsightChoices = {
  analyst?: 'builtin' | 'model'
  model?: string
  summaryModel?: string
  reasoningEffort?: 'minimal' | 'low' | 'medium' | 'high'
}

/** Where a running Insight stands; rate and time left follow from what was done since the stage started. */
export type Progress = {
  stage: Stage
  done: number
  total: number
  failed: number
  /** `done` when this attempt entered the stage: what an earlier attempt did says nothing about the speed. */
  doneAtStart: number
  startedAtMs: number
  atMs: number
}

export type StoredEvent = ProgressEvent | { type: 'end'; status: RunStatus }

/** An event as it was appended. */
export type EventRecord = { seq: number; at: Date; event: StoredEvent }
