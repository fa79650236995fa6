import type { InsightAnswer } from '#/server/api/schemas/insights.ts'
import { toPlural } from '../figures.ts'
import { Icon } from '../parts/icon.tsx'
import { FromTrace } from '../parts/from-trace.tsx'
import { stageWords } from '../words.ts'

/** Why it ended early, and what is kept. */
export function StoppedBar({ insight }: { insight: InsightAnswer }) {
  const failed = insight.status === 'FAILED'
  return (
    <div className={`bar ${failed ? 'tone-danger' : 'tone-warning'}`} role="alert">
      <Icon name={failed ? 'warn' : 'stop'} />
      <div>
        <strong>
          {failed ? 'Stopped' : 'Cancelled'} in the stage {stageWords[insight.stage]}.
        </strong>{' '}
        {insight.error !== undefined && <FromTrace text={insight.error.detail} />}{' '}
        {insight.counts.summarized > 0 && (
          <span>
            {toPlural(insight.counts.summarized, 'summary', 'summaries')}{' '}
            {insight.counts.summarized === 1 ? 'is' : 'are'} kept and not paid for again.
          </span>
        )}{' '}
        <span>Resume goes on from there.</span>
        {insight.error !== undefined && (
          <div>
            <code>{insight.error.code}</code>
          </div>
        )}
      </div>
    </div>
  )
}
