// The job's memory held in memory: the plainest implementation of the port, and the oracle for the real one.
import { addUsage, noUsage } from '#/pipeline/insight.ts'
import type { Cluster, Failure, SummaryRecord } from '#/pipeline/insight.ts'
import type { Checkpoints, ClusterAssignment, PublishStep } from '#/pipeline/ports.ts'

type Row = {
  traceId: string
  ordinal: number
  status: 'pending' | 'summarized' | 'skipped' | 'failed'
  record?: SummaryRecord
  failure?: Failure
  skipped?: { code: string; message: string }
  vector?: Float32Array
  assignment?: ClusterAssignment
  published: Set<PublishStep>
}

/** What a test may look at besides the port. */
export type MemoryCheckpoints = Checkpoints & {
  clusters: () => readonly Cluster[]
  assignments: () => ClusterAssignment[]
  vectors: () => { traceId: string; vector: Float32Array }[]
  skipped: () => { traceId: string; code: string; message: string }[]
}

/** Checkpoints that live as long as the object does; pages hold `pageSize` rows. */
export function createMemoryCheckpoints(options: { pageSize?: number } = {}): MemoryCheckpoints {
  const pageSize = options.pageSize ?? 500
  const rows: Row[] = []
  const byId = new Map<string, Row>()
  let savedClusters: readonly Cluster[] = []

  /** Pages by ordinal, each read when asked for, as a database would. */
  async function* pages<T>(pick: (row: Row) => T | undefined): AsyncIterable<T[]> {
    let page: T[] = []
    for (let ordinal = 0; ordinal < rows.length; ordinal++) {
      const picked = pick(rows[ordinal]!)
      if (picked !== undefined) page.push(picked)
      if (page.length === pageSize) {
        yield page
        page = []
      }
    }
    if (page.length > 0) yield page
  }

  const isUnpublished = (row: Row, step: PublishStep) =>
    row.status === 'summarized' && !row.published.has(step) && (step === 'assessment' || row.assignment !== undefined)

  return {
    addSelected: async (traces) => {
      for (const { traceId } of traces) {
        if (byId.has(traceId)) continue
        const row: Row = { traceId, ordinal: rows.length, status: 'pending', published: new Set() }
        rows.push(row)
        byId.set(traceId, row)
      }
    },
    countSelected: async () => rows.length,
    pending: () =>
      pages((row) => (row.status === 'pending' ? { traceId: row.traceId, ordinal: row.ordinal } : undefined)),
    saveSummaries: async (records) => {
      for (const record of records) {
        const row = byId.get(record.traceId)
        // The first summary stays: its assessment may be written already.
        if (row === undefined || row.status === 'summarized') continue
        row.status = 'summarized'
        row.record = { ...structuredClone(record), ordinal: row.ordinal }
        delete row.failure
        delete row.skipped
      }
    },
    saveFailures: async (failures) => {
      for (const failure of failures) {
        const row = byId.get(failure.traceId)
        if (row === undefined) continue
        row.failure = { ...failure }
        delete row.skipped
        // A summarized trace stays summarized: publishing or embedding it failed, its summary did not.
        if (row.status !== 'summarized') row.status = 'failed'
      }
    },
    saveSkipped: async (skipped) => {
      for (const { traceId, code, message } of skipped) {
        const row = byId.get(traceId)
        if (row === undefined || row.status === 'summarized') continue
        row.status = 'skipped'
        row.skipped = { code, message }
        delete row.failure
      }
    },
    summaries: () => pages((row) => (row.record === undefined ? undefined : structuredClone(row.record))),
    failures: async () => rows.flatMap((row) => (row.failure === undefined ? [] : [{ ...row.failure }])),
    counts: async () => {
      const count = (status: Row['status']) => rows.filter((row) => row.status === status).length
      return {
        selected: rows.length,
        summarized: count('summarized'),
        skipped: count('skipped'),
        failed: count('failed'),
        usage: rows.reduce((sum, row) => addUsage(sum, row.record?.summary.usage ?? noUsage), noUsage),
      }
    },
    saveVectors: async (vectors) => {
      for (const { traceId, vector } of vectors) {
        const row = byId.get(traceId)
        if (row !== undefined) row.vector = vector.slice()
      }
    },
    saveClusters: async (clusters, assignments) => {
      savedClusters = structuredClone(clusters)
      const assigned = new Map(assignments.map((assignment) => [assignment.traceId, assignment]))
      for (const row of rows) {
        const next = assigned.get(row.traceId)
        const before = row.assignment
        if (next?.clusterId !== before?.clusterId || next?.reason !== before?.reason) row.published.delete('cluster')
        if (next === undefined) delete row.assignment
        else row.assignment = { ...next }
      }
    },
    unpublished: (step) => pages((row) => (isUnpublished(row, step) ? row.traceId : undefined)),
    markPublished: async (step, traceIds) => {
      for (const traceId of traceIds) {
        const row = byId.get(traceId)
        if (row === undefined) continue
        row.published.add(step)
        if (row.failure?.stage === 'publish') delete row.failure
      }
    },
    clusters: () => savedClusters,
    assignments: () => rows.flatMap((row) => (row.assignment === undefined ? [] : [row.assignment])),
    vectors: () =>
      rows.flatMap((row) => (row.vector === undefined ? [] : [{ traceId: row.traceId, vector: row.vector }])),
    skipped: () => rows.flatMap((row) => (row.skipped === undefined ? [] : [{ traceId: row.traceId, ...row.skipped }])),
  }
}
