import type { InsightAnswer } from '#/server/api/schemas/insights.ts'
import { toCount, toDuration, toPlural } from '../figures.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { Icon } from '../parts/icon.tsx'
import { ProgressBar } from '../parts/progress-bar.tsx'
import { stageOrder, stageSentences, stageWords } from '../words.ts'
import { FailureList } from './failure-list.tsx'
import { ProvisionalGroups } from './provisional-groups.tsx'
import type { Live, LiveSummary } from './use-insight-events.ts'

/** Where the job is, how fast it goes and when it ends; below, what it has found so far. */
export function RunningSection(props: {
  insight: InsightAnswer
  live: Live
  summaries: readonly LiveSummary[]
  onOpen: (traceId: string) => void
}) {
  const { insight, live, summaries } = props
  const { stage, progress } = insight
  const here = stageOrder.indexOf(stage)
  const scheduled = insight.status === 'SCHEDULED'
  return (
    <>
      <section className="card running" aria-label="Progress">
        <ol className="rail">
          {stageOrder.map((name, index) => {
            const state = scheduled ? 'pending' : index < here ? 'done' : index === here ? 'now' : 'pending'
            return (
              <li key={name} className={`rail-stage ${state}`} aria-current={state === 'now' ? 'step' : undefined}>
                <span className="rail-mark" aria-hidden="true">
                  {state === 'done' ? (
                    <Icon name="check" size={12} />
                  ) : state === 'now' ? (
                    <span className="spinner" />
                  ) : (
                    index + 1
                  )}
                </span>
                <span className="rail-name">
                  {stageWords[name]}
                  <span className="visually-hidden">: {state === 'now' ? 'running' : state}</span>
                </span>
              </li>
            )
          })}
        </ol>
        <div className="running-now">
          <p>
            <strong>{scheduled ? 'Waiting for its turn' : stageSentences[stage]}</strong>
            {progress !== undefined && progress.total > 0 && (
              <span className="numbers">
                {' '}
                {toCount(progress.done)} of {toCount(progress.total)}
              </span>
            )}
          </p>
          <p className="quiet numbers">
            {progress?.rate_per_s !== undefined && toRate(progress.rate_per_s)}
            {progress?.eta !== undefined
              ? ` · finished in ${toTimeLeft(progress.eta)}`
              : progress?.eta_s !== undefined &&
                ` · about ${toDuration(Math.max(1, progress.eta_s))} left in this stage`}
          </p>
        </div>
        {!scheduled && (
          <ProgressBar done={progress?.done ?? 0} total={progress?.total ?? 0} label={stageSentences[stage]} />
        )}
        {insight.waiting_for !== undefined && (
          <p className="bar tone-warning" role="status">
            <Icon name="clock" /> {insight.waiting_for.message}
          </p>
        )}
        {live.clusters !== undefined && (
          <p className="running-note">
            Found {toPlural(live.clusters.clusters, 'cluster')}, {toCount(live.clusters.leaves)} of them leaf clusters.
            Their names are being written.
          </p>
        )}
        {live.notes.slice(-2).map((note) => (
          <p key={note} className="running-note quiet">
            {note}
          </p>
        ))}
        <p className="quiet small">
          You can close this page: the work goes on, and this page shows where it is when you come back.
        </p>
      </section>
      {live.failures.length > 0 && (
        <FailureList
          failures={live.failures}
          total={Math.max(live.failed, live.failures.length)}
          title="failed"
          onOpen={props.onOpen}
        />
      )}
      <ProvisionalGroups insightId={insight.id} />
      <section className="card" aria-label="Summaries so far">
        <h2 className="card-title">Summaries as they come in</h2>
        {summaries.length === 0 ? (
          <p className="quiet">The first summaries appear here as soon as they are written.</p>
        ) : (
          <ul>
            {summaries.map((summary) => (
              <li key={summary.traceId} className="live-item">
                <button type="button" className="row-link" onClick={() => props.onOpen(summary.traceId)}>
                  <FromTrace text={summary.title} className="strong clamp-1" />
                  <FromTrace text={summary.text} className="quiet clamp-1" />
                </button>
              </li>
            ))}
          </ul>
        )}
      </section>
    </>
  )
}

function toTimeLeft({ low_s, high_s }: { low_s: number; high_s: number }): string {
  const [from, to] = [toDuration(Math.max(1, low_s)), toDuration(Math.max(1, high_s))]
  return from === to ? `about ${from}` : `${from} to ${to}`
}

function toRate(perSecond: number): string {
  if (perSecond >= 10) return `${toCount(Math.round(perSecond))} a second`
  if (perSecond >= 1) return `${perSecond.toFixed(1)} a second`
  return `${(perSecond * 60).toFixed(perSecond * 60 >= 10 ? 0 : 1)} a minute`
}
