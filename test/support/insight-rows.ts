// Builders of what an Insight's rows are made from.
import type { Cluster, ClusterMetrics, Failure, InsightSpec, SummaryRecord } from '#/pipeline/insight.ts'
import type { NewInsight } from '#/server/db/insights.ts'

export const aSpec: InsightSpec = {
  experimentId: '1',
  name: 'Why do people call?',
  description: '',
  instruction: 'Why do people call?',
  scope: { filter: '' },
  pinnedAtMs: 1_700_000_000_000,
  seed: 7,
  minSuccessShare: 0.8,
  concurrency: 4,
}

/** An Insight to insert; anything may be said differently. */
export function anInsight(id: string, different: Partial<NewInsight> = {}): NewInsight {
  return { id, experimentName: 'Support', spec: aSpec, choices: {}, models: undefined, prompts: [], ...different }
}

/** The summary of the trace `tr-<number>`. */
export function aRecord(number: number, different: Partial<SummaryRecord['summary']> = {}): SummaryRecord {
  return {
    traceId: `tr-${number}`,
    ordinal: number,
    summary: {
      title: `Refund ${number} asked for`,
      text: `The user asked for refund ${number} and got it.`,
      groupingText: `refund ${number}`,
      outcome: 'resolved',
      language: 'en',
      evidence: [{ spanId: 's1', quote: `refund ${number}`, verified: true }],
      readShare: 1,
      usage: { inputTokens: 100, outputTokens: 20, cachedTokens: 10, costUsd: 0.5, calls: 1 },
      model: 'builtin',
      ...different,
    },
    facts: {
      requestTimeMs: 1_700_000_000_000 + number,
      executionMs: 1_000 - number,
      state: 'OK',
      totalTokens: 100 + number,
      feedback: { positive: 1, negative: 0 },
      requestPreview: `Where is my refund ${number}?`,
      session: 'session-1',
      user: 'user-1',
    },
  }
}

export function aFailure(traceId: string, different: Partial<Failure> = {}): Failure {
  return {
    traceId,
    stage: 'summarize',
    code: 'model.refused',
    message: 'The model refused.',
    attempts: 1,
    next: 'none',
    ...different,
  }
}

export const someMetrics: ClusterMetrics = { errorRate: 0, outcomes: { resolved: 1 }, languages: { en: 1 } }

export function aCluster(id: string, title: string, traceIds: string[], children: Cluster[] = []): Cluster {
  return {
    id,
    title,
    summary: `${title}, in short.`,
    size: traceIds.length + children.reduce((sum, child) => sum + child.size, 0),
    share: 0.5,
    traceIds,
    representativeTraceIds: traceIds.slice(0, 1),
    evidence: [],
    keywords: ['refund'],
    metrics: someMetrics,
    quality: { silhouette: 0.5, stability: 0.8, coverage: 1 },
    examples: traceIds.slice(0, 1).map((traceId) => ({ traceId, role: 'representative', reason: 'Near the centre.' })),
    children,
  }
}
