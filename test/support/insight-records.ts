// Everything one Insight left in a tracking store, in a form in which two Insights with one question can be compared.
import { ClusterDetailsSchema } from '#/pipeline/artifact.ts'
import { clusterDetailsPath, ownClusterTag } from '#/pipeline/names.ts'
import { createMlflowClient } from '#/server/mlflow/client.ts'

const { signal } = new AbortController()

/** Ids and times of the run itself are replaced by words: they are all that may differ. */
export async function insightRecords(
  trackingUri: string,
  runId: string,
  traceIds: readonly string[],
): Promise<{ summaries: number } & Record<string, unknown>> {
  const mlflow = createMlflowClient({ trackingUri })
  const run = await mlflow.getRun(runId, { signal })
  const infos = await mlflow.getTraceInfos({ experimentId: run.experimentId, traceIds }, { signal })
  const linked = await mlflow.countLinked({ runId, experimentId: run.experimentId }, { signal })
  const traces = infos.map(({ traceId, assessments, tags }) => ({
    traceId,
    tag: tags[ownClusterTag(runId)] ?? null,
    assessments: assessments
      .filter(({ metadata }) => metadata['mlflow.assessment.sourceRunId'] === runId)
      .map(({ name, value, rationale, source, metadata, valid }) => ({
        name,
        value,
        rationale,
        source,
        metadata,
        valid,
      })),
  }))
  const read = async (path: string): Promise<string> =>
    new TextDecoder().decode(await mlflow.downloadArtifact({ runId, path }, { signal }))
  const details = ClusterDetailsSchema.parse(JSON.parse(await read(clusterDetailsPath)))
  const config = JSON.parse(await read('insights/config.json')) as { spec: Record<string, unknown> }
  const anonymous: unknown = JSON.parse(
    JSON.stringify({
      status: run.status,
      params: run.params,
      tags: withoutKeys(run.tags, /request_id/),
      // Time is the one thing an interrupted run may have more of; what was expected of it learns from the Insights before it.
      metrics: withoutKeys(run.metrics, /^seconds_|_seconds$|^estimate/),
      linked,
      traces: traces.sort((a, b) => a.traceId.localeCompare(b.traceId)),
      details: {
        ...details,
        created_at: '',
        finished_at: '',
        usage: withoutKeys(details.usage, /^estimate/),
      },
      summariesFile: (await read('insights/summaries.jsonl')).split('\n'),
      failuresFile: await read('insights/failures.json'),
      config: { ...config, spec: { ...config.spec, pinnedAtMs: 0 } },
    }).replaceAll(runId, '<run>'),
  )
  return {
    summaries: traces.filter(({ assessments }) => assessments.length === 1).length,
    ...(anonymous as Record<string, unknown>),
  }
}

function withoutKeys<T>(record: Readonly<Record<string, T>>, pattern: RegExp): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !pattern.test(key)))
}
