// The pipeline's ports as plain values: a tracking server that is a few maps, and an analyst that is a few rules.
import { createMatrix, type Matrix } from '#/clustering/matrix/matrix.ts'
import type { ClusterTree, TreeNode } from '#/clustering/tree.ts'
import { type ClusterDetails, ClusterDetailsSchema } from '#/pipeline/artifact.ts'
import { AppError } from '#/pipeline/errors.ts'
import { type InsightSpec, noUsage, type RunStatus } from '#/pipeline/insight.ts'
import { clusterDetailsPath } from '#/pipeline/names.ts'
import type {
  Analyst,
  AssessmentRecord,
  Group,
  Pieces,
  PipelinePorts,
  ProgressEvent,
  Tracking,
} from '#/pipeline/ports.ts'
import { createRedactor } from '#/pipeline/redact/redactor.ts'
import type { Trace, TraceInfo } from '#/pipeline/trace.ts'
import { createMemoryCheckpoints, type MemoryCheckpoints } from './memory-checkpoints.ts'

/** A trace of one user sentence. */
export function traceSaying(traceId: string, text: string, changes: Partial<TraceInfo> = {}): Trace {
  const info: TraceInfo = {
    traceId,
    experimentId: '1',
    state: 'OK',
    requestTimeMs: 1_760_000_000_000,
    executionMs: 100,
    requestPreview: text,
    responsePreview: '',
    tags: {},
    metadata: {},
    assessments: [],
    ...changes,
  }
  const span = {
    spanId: 'a1'.padEnd(16, '0'),
    parentId: null,
    name: 'agent',
    type: 'AGENT',
    startMs: info.requestTimeMs,
    endMs: info.requestTimeMs + 100,
    status: 'OK' as const,
    statusMessage: '',
    inputs: text === '' ? null : { messages: [{ role: 'user', content: text }] },
    outputs: null,
    attributes: {},
    events: [],
  }
  return { info, spans: [span], readShare: 1 }
}

export type PlainTracking = Tracking & {
  linked: Set<string>
  assessments: Map<string, AssessmentRecord>
  tags: Map<string, Record<string, string>>
  artifacts: Map<string, string>
  run: {
    status: RunStatus
    endTimeMs?: number
    tags: Record<string, string>
    params: Record<string, string>
    metrics: Record<string, number>
  }
  writes: number
}

/** A tracking server over the traces given, newest first as listed. */
export function createPlainTracking(traces: readonly Trace[]): PlainTracking {
  const byId = new Map(traces.map((trace) => [trace.info.traceId, trace]))
  const self: PlainTracking = {
    linked: new Set(),
    assessments: new Map(),
    tags: new Map(),
    artifacts: new Map(),
    run: { status: 'RUNNING', tags: {}, params: {}, metrics: {} },
    writes: 0,
    searchTraces: async function* () {
      const infos = traces.map(({ info }) => info)
      for (let start = 0; start < infos.length; start += 100) yield infos.slice(start, start + 100)
    },
    getTraceInfos: async ({ experimentId, traceIds }) =>
      traceIds.flatMap((id) => byId.get(id)?.info ?? []).filter((info) => info.experimentId === experimentId),
    readTrace: async ({ traceId }) => {
      const trace = byId.get(traceId)
      if (trace === undefined) throw new AppError('trace.not_found', 'No such trace.')
      return trace
    },
    linkTraces: async (_runId, ids) => {
      for (const id of ids) self.linked.add(id)
    },
    countLinked: async () => self.linked.size,
    findUnlinked: async (_run, ids) => ids.filter((id) => !self.linked.has(id)),
    createAssessment: async (assessment) => {
      self.writes++
      if (!byId.has(assessment.traceId)) throw new AppError('mlflow.not_found', 'No such trace.')
      if (!self.assessments.has(assessment.assessmentId)) self.assessments.set(assessment.assessmentId, assessment)
    },
    updateAssessment: async ({ assessmentId, rationale, metadata }) => {
      self.writes++
      const found = self.assessments.get(assessmentId)
      if (found === undefined) throw new AppError('mlflow.not_found', 'No such assessment.')
      self.assessments.set(assessmentId, { ...found, rationale, metadata: { ...found.metadata, ...metadata } })
    },
    setTraceTag: async ({ traceId, key, value }) => {
      self.writes++
      self.tags.set(traceId, { ...self.tags.get(traceId), [key]: value })
    },
    logBatch: async (_runId, batch) => {
      Object.assign(self.run.tags, batch.tags)
      Object.assign(self.run.params, batch.params)
      Object.assign(self.run.metrics, batch.metrics)
    },
    uploadArtifact: async ({ path, body }) => {
      self.artifacts.set(path, toText(body))
    },
    updateRun: async ({ status, endTimeMs }) => {
      if (status !== undefined) self.run.status = status
      if (endTimeMs !== undefined) self.run.endTimeMs = endTimeMs
    },
  }
  return self
}

function toText(body: string | Uint8Array | Pieces): string {
  if (typeof body === 'function') return [...body()].join('')
  return typeof body === 'string' ? body : new TextDecoder().decode(body)
}

/** An analyst that repeats the first sentence, and groups by its first word. */
export function createPlainAnalyst(changes: Partial<Analyst> = {}): Analyst {
  return {
    models: { thinking: 'plain', summary: 'plain', embedding: 'plain', reasoningEffort: 'none' },
    prompts: [
      { name: 'summarize', version: '1', sha256: '0'.repeat(64), source: 'file', text: 'Repeat the first sentence.' },
    ],
    deriveLens: async (instruction) => ({
      lens: { extract: instruction, alike: 'The first word.', ignore: '', facets: [] },
      by: 'plain',
      usage: noUsage,
    }),
    summarize: async ({ transcript }) => {
      const turn = transcript.turns.find(({ kind }) => kind === 'user')
      if (turn === undefined) throw new AppError('trace.empty', 'The trace says nothing.')
      return {
        title: turn.text.slice(0, 40),
        text: `The user says: ${turn.text}`,
        groupingText: turn.text,
        outcome: 'unclear',
        language: 'en',
        evidence: [{ spanId: turn.spanId, quote: turn.text.slice(0, 50), verified: true }],
        readShare: transcript.readShare,
        usage: { ...noUsage, inputTokens: 10, outputTokens: 5, calls: 1 },
        model: 'plain',
      }
    },
    embed: async (texts) => ({ vectors: createMatrix(texts.length, 2), usage: noUsage }),
    nameClusters: async ({ nodes }) => ({
      names: nodes.map(({ id, members }) => ({ id, title: members[0]?.summary.title ?? id, summary: `Cluster ${id}` })),
      usage: noUsage,
    }),
    writeOverview: async ({ counts, clusters, examples }) => {
      const [first] = examples.values()
      return {
        text: `${counts.summarized} traces in ${clusters.length} groups.`,
        keyPoints: clusters.map(({ id, title, share }) => ({
          text: title,
          share,
          clusterIds: [id],
          evidence:
            first === undefined
              ? []
              : [
                  { traceId: first.traceId, ...first.summary.evidence[0]! },
                  { traceId: first.traceId, spanId: 'ffff', quote: 'never said', verified: true },
                ],
        })),
        usage: noUsage,
        by: 'plain',
        source: 'model',
      }
    },
    ...changes,
  }
}

/** One flat group for each first word; texts of one word stay unassigned. */
export const groupByFirstWord: Group = async (vectors, { texts = [] }) => {
  const rows = texts.map((text, row) => ({ row, words: text.split(' ') }))
  const groups = Map.groupBy(
    rows.filter(({ words }) => words.length > 1),
    ({ words }) => words[0] ?? '',
  )
  const roots = [...groups].map(([word, members], index): TreeNode => ({
    path: String(index + 1),
    members: members.map(({ row }) => row),
    size: members.length,
    children: [],
    representatives: members.map(({ row }) => row),
    borderline: [],
    extremes: [],
    neighbours: [],
    keywords: [word],
    quality: { silhouette: 0.5, coverage: 1, stability: null },
  }))
  const tree: ClusterTree = {
    roots,
    unassigned: rows
      .filter(({ words }) => words.length === 1)
      .map(({ row }) => ({ row, reason: 'too_short' as const })),
    distances: new Float32Array(vectors.rows).fill(0.1),
    quality: { silhouette: 0.5, coverage: 1, stability: null },
  }
  const map: Matrix = createMatrix(vectors.rows, 2)
  return { tree, map }
}

export const plainSpec: InsightSpec = {
  experimentId: '1',
  name: 'What do they ask?',
  description: '',
  instruction: 'What do they ask?',
  scope: { filter: '' },
  pinnedAtMs: 1_770_000_000_000,
  seed: 7,
  minSuccessShare: 0.8,
  concurrency: 4,
}

export type PlainWorld = Omit<PipelinePorts, 'tracking' | 'checkpoints'> & {
  tracking: PlainTracking
  checkpoints: MemoryCheckpoints
  events: ProgressEvent[]
}

/** Everything `runInsight` needs, and what it left behind. */
export function createPlainWorld(traces: readonly Trace[], analyst: Partial<Analyst> = {}): PlainWorld {
  const events: ProgressEvent[] = []
  return {
    tracking: createPlainTracking(traces),
    checkpoints: createMemoryCheckpoints({ pageSize: 20 }),
    analyst: createPlainAnalyst(analyst),
    redact: createRedactor(),
    group: groupByFirstWord,
    emit: (event) => events.push(event),
    now: () => 1_770_000_100_000,
    codeVersion: 'test',
    events,
  }
}

/** The artifact a finished run left behind. */
export function detailsOf({ tracking }: Pick<PlainWorld, 'tracking'>): ClusterDetails {
  return ClusterDetailsSchema.parse(JSON.parse(tracking.artifacts.get(clusterDetailsPath) ?? 'null'))
}
