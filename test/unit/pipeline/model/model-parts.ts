// A model that is a function of the request, and the plain values the analyst works on.
import { AppError } from '#/pipeline/errors.ts'
import type { Cluster, Evidence, SummaryRecord, Usage } from '#/pipeline/insight.ts'
import type { CallKind } from '#/pipeline/model/call-kind.ts'
import type { Complete, CompleteRequest } from '#/pipeline/model/complete.ts'
import type { NodeToName } from '#/pipeline/ports.ts'
import type { Transcript, Turn } from '#/pipeline/transcript/transcript.ts'

export const signal = new AbortController().signal
export const oneCall: Usage = { inputTokens: 100, outputTokens: 20, cachedTokens: 0, costUsd: 0.001, calls: 1 }

type Request = CompleteRequest<unknown>

/** Answers by kind, checked against the schema as a real client would; keeps every request. */
export function scriptedModel(answers: Partial<Record<CallKind, (request: Request, index: number) => unknown>>): {
  complete: Complete
  requests: Request[]
} {
  const requests: Request[] = []
  const complete = async <T>(request: CompleteRequest<T>): Promise<{ value: T; usage: Usage }> => {
    const index = requests.filter(({ kind }) => kind === request.kind).length
    requests.push(request)
    const answer = answers[request.kind]
    if (answer === undefined) throw new AppError('model.server_error', `Nothing is scripted for ${request.kind}.`)
    return { value: request.schema.parse(answer(request, index)), usage: oneCall }
  }
  return { complete, requests }
}

export function transcriptOf(
  turns: readonly (Omit<Turn, 'spanId'> & { spanId?: string })[],
  changes: Partial<Transcript> = {},
): Transcript {
  const whole = turns.map((turn, index) => ({ spanId: `span-${index + 1}`, ...turn }))
  const chars = whole.reduce((sum, { text }) => sum + text.length, 0)
  return { traceId: 'tr-1', turns: whole, chars, totalChars: chars, readShare: 1, state: 'OK', ...changes }
}

export function recordOf(traceId: string, title: string, text = `${title}.`): SummaryRecord {
  return {
    traceId,
    ordinal: 0,
    summary: {
      title,
      text,
      groupingText: text,
      outcome: 'resolved',
      language: 'en',
      evidence: [],
      readShare: 1,
      usage: oneCall,
      model: 'm',
    },
    facts: { requestTimeMs: 0, state: 'OK', feedback: { positive: 0, negative: 0 }, requestPreview: '' },
  }
}

export function nodeOf(id: string, childIds: string[], changes: Partial<NodeToName> = {}): NodeToName {
  const dot = id.lastIndexOf('.')
  return {
    id,
    parentId: dot === -1 ? null : id.slice(0, dot),
    childIds,
    size: 10,
    share: 0.1,
    keywords: [`keyword ${id}`],
    members: [recordOf(`tr-${id}`, `Member of ${id}`)],
    neighbours: [recordOf('tr-out', 'Somebody outside')],
    outcomes: {},
    near: [],
    ...changes,
  }
}

export function clusterOf(id: string, size: number, total: number, changes: Partial<Cluster> = {}): Cluster {
  return {
    id,
    title: `Group ${id.replaceAll('.', '-').replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] ?? '')}`,
    summary: 'They had much in common.',
    size,
    share: size / total,
    traceIds: [],
    representativeTraceIds: [],
    evidence: [],
    keywords: [],
    metrics: { errorRate: 0, outcomes: { resolved: size }, languages: { en: size } },
    quality: { silhouette: null, stability: null, coverage: null },
    examples: [],
    children: [],
    ...changes,
  }
}

export function evidenceOf(traceId: string, quote: string): Evidence {
  return { traceId, spanId: 's1', quote, verified: true }
}
