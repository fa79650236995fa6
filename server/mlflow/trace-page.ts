// What is asked of a search for traces, and the page it answers.
import type { TraceInfo } from '#/pipeline/trace.ts'

export type TracePageQuery = {
  experimentIds: readonly string[]
  filter?: string
  orderBy?: readonly string[]
  maxResults?: number
  pageToken?: string
}
export type TracePage = { traces: TraceInfo[]; nextPageToken?: string }
