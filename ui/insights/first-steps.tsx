import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { InsightRow } from '#/server/api/schemas/insights.ts'
import { toCount } from '../figures.ts'
import { serviceQuery } from '../queries.ts'
import { isUnderWay } from '../words.ts'

/** For a newcomer on the sample conversations: what this is, and what to do next. The second Insight makes it needless. */
export function FirstSteps({ experimentId, first }: { experimentId: string; first: InsightRow }) {
  const service = useQuery(serviceQuery()).data
  if (service?.samples_experiment_id !== experimentId) return null
  const count = first.counts.selected
  const conversations = count === 0 ? 'sample conversations' : `${toCount(count)} sample conversations`
  const underWay = isUnderWay(first.status)
  return (
    <section className="first-steps" aria-label="First steps">
      <ol>
        <li>
          <strong>What you see</strong>
          <p>
            This experiment holds {conversations} with the support assistant of a fictional energy company.{' '}
            {underWay
              ? 'A first Insight is being made right now: each one is read to answer a question.'
              : 'For a first Insight each one was read to answer a question.'}
          </p>
          <Link to="/insights/$insightId" params={{ insightId: first.id }} className="button">
            {underWay ? 'Watch it' : 'Open it'}
          </Link>
        </li>
        <li>
          <strong>Ask your own question</strong>
          <p>
            Type it above, for instance: Where does the assistant fail, and why?{' '}
            {service.analyst === 'builtin' && 'It is free of charge, and nothing leaves this machine.'}
          </p>
          <Link to="/experiments/$experimentId/traces" params={{ experimentId }} className="button">
            Look at the traces first
          </Link>
        </li>
        <li>
          <strong>Bring your own traces</strong>
          <p>
            Start the service with the address of your MLflow server. No model is needed: the built-in analyst works
            without.
          </p>
          <code>MLFLOW_TRACKING_URI=http://… npm start</code>
        </li>
      </ol>
    </section>
  )
}
