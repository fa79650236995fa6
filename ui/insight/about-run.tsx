import type { InsightAnswer } from '#/server/api/schemas.ts'
import { toDateTime, toDuration, toShare } from '../figures.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { stageOrder, stageWords } from '../words.ts'

/** What an auditor asks: which models, prompts, seed and scope made this, and how long each stage took. */
export function AboutRun({ insight }: { insight: InsightAnswer }) {
  const { models, scope, quality } = insight
  const seconds = stageOrder.flatMap((stage) => {
    const spent = insight.stage_seconds[stage]
    return spent === undefined ? [] : [`${stageWords[stage]} ${toDuration(spent)}`]
  })
  const scores = [
    quality.coverage === null ? undefined : `${toShare(quality.coverage)} of the summaries are in a cluster`,
    quality.stability === null ? undefined : `stability ${quality.stability.toFixed(2)}`,
    quality.silhouette === null ? undefined : `silhouette ${quality.silhouette.toFixed(2)}`,
  ].filter((score) => score !== undefined)
  return (
    <details className="about">
      <summary>About this run</summary>
      <dl className="facts">
        <dt>Run ID</dt>
        <dd>
          <code>{insight.id}</code>
        </dd>
        <dt>Created</dt>
        <dd>{toDateTime(insight.created_at)}</dd>
        {insight.finished_at !== undefined && (
          <>
            <dt>Finished</dt>
            <dd>{toDateTime(insight.finished_at)}</dd>
          </>
        )}
        <dt>Scope</dt>
        <dd>
          {'trace_count' in scope ? (
            `${scope.trace_count.toLocaleString()} traces named one by one`
          ) : (
            <>
              {scope.filter === '' ? 'Every trace of the experiment' : <code>{scope.filter}</code>}
              {scope.max_traces !== undefined &&
                `, at most ${scope.max_traces.toLocaleString()} (${scope.sample ?? 'all'})`}
            </>
          )}
        </dd>
        <dt>Seed</dt>
        <dd className="numbers">{insight.seed}</dd>
        <dt>Models</dt>
        <dd>
          {models.thinking === 'builtin'
            ? 'Built-in analyst'
            : `${models.thinking} (effort ${models.reasoning_effort}), summaries by ${models.summary}, embeddings by ${models.embedding}`}
        </dd>
        {insight.prompts.length > 0 && (
          <>
            <dt>Prompts</dt>
            <dd>
              {insight.prompts.map((prompt) => (
                <div key={prompt.name}>
                  {prompt.name} {prompt.version} <code title={prompt.sha256}>{prompt.sha256.slice(0, 12)}</code>
                </div>
              ))}
            </dd>
          </>
        )}
        {scores.length > 0 && (
          <>
            <dt>Quality</dt>
            <dd>{scores.join(', ')}</dd>
          </>
        )}
        {seconds.length > 0 && (
          <>
            <dt>Stages</dt>
            <dd>{seconds.join(', ')}</dd>
          </>
        )}
        {insight.description !== '' && (
          <>
            <dt>Description</dt>
            <dd>
              <FromTrace text={insight.description} />
            </dd>
          </>
        )}
      </dl>
    </details>
  )
}
