import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { InsightAnswer } from '#/server/api/schemas/insights.ts'
import { api } from '../api.ts'
import { toCount, toDateTime, toDuration, toPlural, toShare, toUsd } from '../figures.ts'
import { toFacetLabel } from '../facets/choices.ts'
import { EstimateTable } from '../create/estimate-line.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { FromTrace } from '../parts/from-trace.tsx'
import { Icon } from '../parts/icon.tsx'
import { serviceQuery } from '../queries.ts'
import { stageOrder, stageWords, statusWords } from '../words.ts'

/** What an auditor asks: what was asked of which traces, with which models and prompts, what it cost, what came out. */
export function RunRecord({ insight }: { insight: InsightAnswer }) {
  const service = useQuery(serviceQuery()).data
  const { models, usage, counts, quality } = insight
  return (
    <section className="record" aria-label="Run record">
      <Part title="Run" copy={insight.id} copyLabel="Copy the run id">
        <Fact name="Run ID">
          <code>{insight.id}</code>
        </Fact>
        <Fact name="Experiment">
          <FromTrace text={insight.experiment_name} /> <span className="quiet">(id {insight.experiment_id})</span>
        </Fact>
        <Fact name="Status">
          {statusWords[insight.status]}
          {insight.error !== undefined && (
            <>
              {' '}
              <code>{insight.error.code}</code> <FromTrace text={insight.error.detail} />
            </>
          )}
        </Fact>
        <Fact name="Created">{toDateTime(insight.created_at)}</Fact>
        {insight.finished_at !== undefined && <Fact name="Finished">{toDateTime(insight.finished_at)}</Fact>}
        <Fact name="Duration">{toDuration(insight.duration_s)}</Fact>
        {service?.tracking === 'mlflow' && (
          <Fact name="In MLflow">
            <a href={insight.links.mlflow_run} target="_blank" rel="noreferrer">
              Run <Icon name="out" size={12} />
            </a>{' '}
            <a href={insight.links.mlflow_traces} target="_blank" rel="noreferrer">
              Its traces <Icon name="out" size={12} />
            </a>
          </Fact>
        )}
      </Part>
      <Part title="Question and scope" copy={insight.instruction} copyLabel="Copy the question">
        <Fact name="Question">
          <FromTrace text={insight.instruction} />
        </Fact>
        {insight.description !== '' && (
          <Fact name="Description">
            <FromTrace text={insight.description} />
          </Fact>
        )}
        <Fact name="Scope">
          <Scope insight={insight} />
        </Fact>
        {insight.lens !== undefined && <LensFacts lens={insight.lens} />}
        <Fact name="Seed">
          <span className="numbers">{insight.seed}</span>
        </Fact>
        {insight.min_shown_size !== undefined && (
          <Fact name="Hidden groups">
            fewer than {toPlural(insight.min_shown_size, 'trace')}: only their size is shown
          </Fact>
        )}
      </Part>
      <Part
        title="Models and prompts"
        copy={() => toPromptLines(insight)}
        copyLabel="Copy prompts with versions and hashes"
      >
        <Fact name="Thinking">{models.thinking === 'builtin' ? 'Built-in analyst' : models.thinking}</Fact>
        <Fact name="Summaries">{models.summary === 'builtin' ? 'Built-in analyst' : models.summary}</Fact>
        <Fact name="Embeddings">{models.embedding === 'builtin' ? 'Built-in analyst' : models.embedding}</Fact>
        {models.thinking !== 'builtin' && <Fact name="Reasoning effort">{models.reasoning_effort}</Fact>}
        {insight.prompts.map((prompt) => (
          <Fact key={prompt.name} name={prompt.name}>
            {prompt.version} <code title={prompt.sha256}>{prompt.sha256.slice(0, 12)}</code>
            {prompt.source?.startsWith('prompts:/') === true && <> from {prompt.source}</>}
          </Fact>
        ))}
      </Part>
      <Part title="Counts" copy={() => JSON.stringify(counts)} copyLabel="Copy the counts as JSON">
        <Fact name="Selected">
          {toCount(counts.selected)} = {toCount(counts.summarized)} summarized + {toCount(counts.skipped)} skipped +{' '}
          {toCount(counts.failed)} failed
        </Fact>
        <Fact name="Summarized">
          {toCount(counts.summarized)} = {toCount(counts.clustered)} clustered + {toCount(counts.unassigned)} unassigned
        </Fact>
        <Fact name="Clusters">
          {toCount(insight.clusters.total)}, {toCount(insight.clusters.leaves)} of them leaf clusters, in{' '}
          {insight.clusters.depth} {insight.clusters.depth === 1 ? 'level' : 'levels'}
        </Fact>
        {quality.coverage !== null && <Fact name="Coverage">{toShare(quality.coverage)} of the summaries</Fact>}
        {quality.stability !== null && <Fact name="Stability">{quality.stability.toFixed(2)}</Fact>}
        {quality.silhouette !== null && <Fact name="Silhouette">{quality.silhouette.toFixed(2)}</Fact>}
      </Part>
      <Part title="Cost and time" copy={() => JSON.stringify(usage)} copyLabel="Copy the usage as JSON">
        <Fact name="Cost">{toUsd(usage.cost_usd)}</Fact>
        <Fact name="Tokens in">
          {toCount(usage.input_tokens)}, {toCount(usage.cached_tokens)} of them cached
        </Fact>
        <Fact name="Tokens out">{toCount(usage.output_tokens)}</Fact>
        <Fact name="Model calls">{toCount(usage.calls)}</Fact>
        {stageOrder.map((stage) => {
          const seconds = insight.stage_seconds[stage]
          return seconds === undefined ? null : (
            <Fact key={stage} name={stageWords[stage]}>
              {toDuration(seconds)}
            </Fact>
          )
        })}
      </Part>
      {insight.estimate !== undefined && (
        <section className="card record-part">
          <h2 className="card-title">Estimated, and what it took</h2>
          <EstimateTable estimate={insight.estimate} />
        </section>
      )}
      {insight.status === 'FINISHED' && (
        <Part title="Artifacts" copy={() => artifactPaths(insight).join('\n')} copyLabel="Copy the paths">
          <Fact name="Files">
            {artifactPaths(insight).map((path) => (
              <code key={path} className="one-line" title={path}>
                {path}
              </code>
            ))}
          </Fact>
          <Fact name="Download">
            <a href={api.artifactUrl(insight.id)} download>
              Cluster details
            </a>
          </Fact>
        </Part>
      )}
      <p>
        <CopyButton
          className="button"
          label="Copy the whole record as JSON"
          text={() => JSON.stringify(insight, null, 2)}
        >
          Copy the record as JSON
        </CopyButton>
      </p>
    </section>
  )
}

function artifactPaths({ prompts }: InsightAnswer): string[] {
  return [
    'mlflow_insights_cluster_details.json',
    'insights/summaries.jsonl',
    'insights/failures.json',
    'insights/config.json',
    ...prompts.map(({ name, version }) => `insights/prompts/${name}@${version}.txt`),
  ]
}

const toPromptLines = ({ prompts }: InsightAnswer): string =>
  prompts
    .map(({ name, version, sha256, source = 'file' }) => `${name}@${version} sha256:${sha256} ${source}`)
    .join('\n')

function Scope({ insight: { scope } }: { insight: InsightAnswer }) {
  if ('trace_count' in scope) return <>{toCount(scope.trace_count)} traces named one by one</>
  return (
    <>
      {scope.filter === '' ? 'Every trace of the experiment' : <code>{scope.filter}</code>}
      {scope.max_traces !== undefined && `, at most ${toCount(scope.max_traces)} (${scope.sample ?? 'all'})`}
      {scope.stratify_by !== undefined && ` by ${scope.stratify_by}`}
    </>
  )
}

/** How the question was meant, where that was said. */
function LensFacts({ lens }: { lens: NonNullable<InsightAnswer['lens']> }) {
  const parts = { Taken: lens.extract, Alike: lens.alike, 'Left aside': lens.ignore }
  return (
    <>
      {Object.entries(parts).map(
        ([name, text]) =>
          text !== '' && (
            <Fact key={name} name={name}>
              {<FromTrace text={text} />}
            </Fact>
          ),
      )}
      {lens.facets.map((facet) => (
        <Fact key={facet.name} name={toFacetLabel(facet.name)}>
          <FromTrace text={facet.description} />
          {facet.values !== undefined && <> ({<FromTrace text={facet.values.join(', ')} />})</>}
          {facet.name === lens.only && ' Traces of which it does not hold are skipped.'}
        </Fact>
      ))}
    </>
  )
}

function Part(props: { title: string; copy: string | (() => string); copyLabel: string; children: ReactNode }) {
  return (
    <section className="card record-part">
      <div className="record-head">
        <h2 className="card-title">{props.title}</h2>
        <CopyButton text={props.copy} label={props.copyLabel} />
      </div>
      <dl className="facts">{props.children}</dl>
    </section>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}
