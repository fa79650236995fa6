// The job's memory held in memory: the plainest implementation of the port, and the oracle for the real one.
import { addUsage, noUsage, type Usage } from '#/pipeline/insight.ts'
import type { Cluster, Failure, Selection, SummaryRecord } from '#/pipeline/insight.ts'
import type { Checkpoints, ClusterAssignment, PublishStep, SelectedTrace } from '#/pipeline/ports.ts'

type Row = {
  selected: SelectedTrace
  traceId: string
  ordinal: number
  status: 'pending' | 'summarized' | 'skipped' | 'failed'
  record?: SummaryRecord
  failure?: Failure
  skipped?: { code: string; message: string }
  vector?: { model: string; values: Float32Array }
  assignment?: ClusterAssignment
  published: Set<PublishStep>
}

/** What a test may look at besides the port. */
export type MemoryCheckpoints = Checkpoints & {
  clusters: () => readonly Cluster[]
  /** Of how many summaries each tree that was saved was made; `undefined` for a final one. */
  trees: () => (number | undefined)[]
  assignments: () => ClusterAssignment[]
  selected: () => SelectedTrace[]
}

/** Checkpoints that live as long as the object does; pages hold `pageSize` rows. */
export function createMemoryCheckpoints(options: { pageSize?: number } = {}): MemoryCheckpoints {
  const pageSize = options.pageSize ?? 500
  const rows: Row[] = []
  const byId = new Map<string, Row>()
  const trees: (number | undefined)[] = []
  let savedSelection: Selection | undefined
  let savedClusters: readonly Cluster[] = []
  const steps = new Map<string, { inputHash?: string; result?: unknown; usage: Usage }>()
  const addTo = (step: string, usage: Usage) => {
    const kept = steps.get(step)
    steps.set(step, { ...kept, usage: addUsage(kept?.usage ?? noUsage, usage) })
  }

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
      for (const selected of traces) {
        const { traceId } = selected
        if (byId.has(traceId)) continue
        const row: Row = { selected, traceId, ordinal: rows.length, status: 'pending', published: new Set() }
        rows.push(row)
        byId.set(traceId, row)
      }
    },
    countSelected: async () => rows.length,
    saveSelection: async (selection) => {
      savedSelection = structuredClone(selection)
    },
    selection: async () => savedSelection,
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
    saveFailures: async (failures, usage = noUsage) => {
      addTo('summarize', usage)
      for (const failure of failures) {
        const row = byId.get(failure.traceId)
        if (row === undefined) continue
        row.failure = { ...failure }
        delete row.skipped
        // A summarized trace stays summarized: publishing or embedding it failed, its summary did not.
        if (row.status !== 'summarized') row.status = 'failed'
      }
    },
    saveSkipped: async (skipped, usage = noUsage) => {
      let isNew = false
      for (const { traceId, code, message } of skipped) {
        const row = byId.get(traceId)
        if (row === undefined || row.status === 'summarized') continue
        isNew ||= row.status !== 'skipped'
        row.status = 'skipped'
        row.skipped = { code, message }
        delete row.failure
      }
      if (isNew) addTo('summarize', usage)
    },
    summaries: () => pages((row) => (row.record === undefined ? undefined : structuredClone(row.record))),
    failures: async () => rows.flatMap((row) => (row.failure === undefined ? [] : [{ ...row.failure }])),
    skipped: async () =>
      rows.flatMap(({ traceId, skipped }) => (skipped === undefined ? [] : [{ traceId, ...skipped }])),
    counts: async () => {
      const count = (status: Row['status']) => rows.filter((row) => row.status === status).length
      return {
        selected: rows.length,
        summarized: count('summarized'),
        skipped: count('skipped'),
        failed: count('failed'),
        usage: [
          ...rows.map((row) => row.record?.summary.usage ?? noUsage),
          ...[...steps.values()].map(({ usage }) => usage),
        ].reduce(addUsage, noUsage),
      }
    },
    saveVectors: async (vectors, { model, usage }) => {
      let isNew = false
      for (const { traceId, vector } of vectors) {
        const row = byId.get(traceId)
        if (row === undefined) continue
        isNew ||= row.vector?.model !== model || row.vector.values.some((value, at) => value !== vector[at])
        row.vector = { model, values: vector.slice() }
      }
      if (isNew) addTo('embed', usage)
    },
    vectors: (model) =>
      pages((row) => (row.vector?.model === model ? { traceId: row.traceId, vector: row.vector.values } : undefined)),
    saveStep: async (name, { inputHash, result, usage }) => {
      if (steps.get(name)?.inputHash === inputHash) return
      addTo(name, usage)
      steps.set(name, { ...steps.get(name)!, inputHash, result: JSON.parse(JSON.stringify(result)) as unknown })
    },
    findStep: async (name, inputHash) => {
      const kept = steps.get(name)
      return kept?.inputHash === inputHash ? (kept.result as never) : undefined
    },
    stageUsage: async () => {
      const summaries = rows.map((row) => row.record?.summary.usage ?? noUsage).reduce(addUsage, noUsage)
      const spent = Object.fromEntries([...steps].map(([step, { usage }]) => [step, usage]))
      return { ...spent, summarize: addUsage(summaries, spent['summarize'] ?? noUsage) }
    },
    saveClusters: async (clusters, assignments, { provisional } = {}) => {
      trees.push(provisional?.of)
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
    trees: () => trees,
    assignments: () => rows.flatMap((row) => (row.assignment === undefined ? [] : [row.assignment])),
    selected: () => rows.map(({ selected }) => selected),
  }
}
