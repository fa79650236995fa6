// The names under which an Insight lands in MLflow. Fixed: other readers know them.

export const assessmentName = 'insight_summary'
export const clusterDetailsPath = 'mlflow_insights_cluster_details.json'
export const clusterTag = 'mlflow.insights.cluster_id'

/** The tag that holds the cluster of one Insight, so that two Insights never overwrite each other. */
export function ownClusterTag(runId: string): string {
  return `mlflow.insights.${runId}.cluster_id`
}

/** The value of both cluster tags, such as `7a88…/2.1.3`; `null` stands for the unassigned. */
export function clusterTagValue(runId: string, clusterId: string | null): string {
  return `${runId}/${clusterId ?? 'unassigned'}`
}

/** The run tags an Insight starts with. */
export function startTags(insight: {
  instruction: string
  description: string
  filters: string
}): Record<string, string> {
  return {
    'mlflow.runType': 'INSIGHTS',
    'mlflow.insights.prompt': shorten(insight.instruction, 1_000),
    'mlflow.insights.filters': shorten(insight.filters, 1_000),
    'mlflow.insights.stage': 'load',
    'mlflow.insights.schema_version': '1',
    ...(insight.description === '' ? {} : { 'mlflow.note.content': shorten(insight.description, 4_000) }),
  }
}

/** At most `maxChars` characters, with an ellipsis where something was cut; never half a surrogate pair. */
export function shorten(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text
  return `${text.slice(0, maxChars - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}
