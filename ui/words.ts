// The lists of words the screens offer; each is checked against the server's type, so a new word cannot be forgotten.
import type { Outcome, Stage, Status, TraceState } from './answer-parts.ts'

export const stageWords = {
  load: 'Load',
  summarize: 'Summarize',
  embed: 'Embed',
  cluster: 'Cluster',
  name: 'Name',
  overview: 'Overview',
  publish: 'Publish',
} satisfies Record<Stage, string>

export const stageSentences = {
  load: 'Reading the traces from MLflow',
  summarize: 'Summarizing each trace under your question',
  embed: 'Turning the summaries into vectors',
  cluster: 'Grouping what belongs together',
  name: 'Naming the clusters',
  overview: 'Writing the overview',
  publish: 'Writing the result back to MLflow',
} satisfies Record<Stage, string>

export const stageOrder = Object.keys(stageWords) as Stage[]

export const statusWords = {
  SCHEDULED: 'Scheduled',
  RUNNING: 'Running',
  FINISHED: 'Finished',
  FAILED: 'Failed',
  KILLED: 'Cancelled',
} satisfies Record<Status, string>

export const statuses = Object.keys(statusWords) as Status[]

export const outcomeWords = {
  resolved: 'Resolved',
  unresolved: 'Unresolved',
  handed_off: 'Handed off',
  error: 'Error',
  unclear: 'Unclear',
} satisfies Record<Outcome, string>

export const outcomes = Object.keys(outcomeWords) as Outcome[]

export const stateWords = {
  OK: 'OK',
  ERROR: 'Error',
  IN_PROGRESS: 'In progress',
  STATE_UNSPECIFIED: 'Unknown',
} satisfies Record<TraceState, string>

/** True while the server still works on it. */
export function isUnderWay(status: Status): boolean {
  return status === 'SCHEDULED' || status === 'RUNNING'
}
