import type { ClusterAnswer } from '#/server/api/schemas/clusters.ts'

/** A cluster as the API answers it; anything may be said differently. */
export function aClusterAnswer(id: string, different: Partial<ClusterAnswer> = {}): ClusterAnswer {
  return {
    id,
    title: `Cluster ${id}`,
    summary: '',
    size: 1,
    share: 0.1,
    keywords: [],
    metrics: { error_rate: 0, outcomes: {}, languages: {} },
    evidence: [],
    examples: [],
    representative_trace_ids: [],
    links: { mlflow_traces: '' },
    children: [],
    ...different,
  }
}
