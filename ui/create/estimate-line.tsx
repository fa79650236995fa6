import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { EstimateAnswer } from '#/server/api/schemas/estimate.ts'
import type { CreateInsightBody } from '#/server/api/schemas/requests.ts'
import { toCompact, toDuration, toUsd } from '../figures.ts'
import { estimateQuery } from '../queries.ts'
import { stageWords } from '../words.ts'

const settleMs = 500

/**
 * What the form as it stands will take: money, minutes and tokens as ranges, and on demand by stage and model. Asked
 * once the typing has paused; nothing is spent by asking.
 */
export function EstimateLine({ body, free }: { body: CreateInsightBody | undefined; free: boolean }) {
  const written = body === undefined ? undefined : JSON.stringify(body)
  const [asked, setAsked] = useState(written)
  useEffect(() => {
    if (asked === written) return undefined
    const timer = setTimeout(() => setAsked(written), settleMs)
    return () => clearTimeout(timer)
  }, [asked, written])
  const { data, error, isPlaceholderData } = useQuery({
    ...estimateQuery(asked === undefined ? undefined : (JSON.parse(asked) as CreateInsightBody)),
    placeholderData: keepPreviousData,
  })
  const leaves = free && 'Built-in analyst: nothing leaves this machine.'
  if (asked === undefined || written === undefined) {
    return <p className="estimate quiet small">{leaves} The estimate appears once there is a question and a scope.</p>
  }
  if (error !== null) {
    return (
      <p className="estimate quiet small" role="status">
        {leaves} No estimate: {error.message}
      </p>
    )
  }
  if (data === undefined) {
    return (
      <p className="estimate quiet small" role="status">
        {leaves} Estimating…
      </p>
    )
  }
  const stale = isPlaceholderData || asked !== written
  return (
    <details className={`estimate small${stale ? ' stale' : ''}`}>
      <summary>
        <span role="status">
          {free ? 'Free of charge' : <strong>{toRange(data.total.cost_usd, toUsd)}</strong>},{' '}
          <strong>{toRange(data.total.duration_s, toDuration)}</strong>
          {!free && `, ${toRange(data.total.input_tokens, toCompact)} tokens in`}
        </span>
        <span className="quiet"> · {toRemark(data, free)}</span>
      </summary>
      <EstimateTable estimate={data} />
    </details>
  )
}

function toRemark({ untimed_models: untimed }: EstimateAnswer, free: boolean): string {
  if (free) return 'nothing leaves this machine'
  if (untimed.length === 0) return 'nine of ten runs end inside'
  return 'the time is a guess until a first run with this model has ended'
}

type Range = EstimateAnswer['total']['cost_usd']

/** `$0.10–$0.30`; one figure where both ends read the same. */
export function toRange({ low, high }: Range, write: (value: number) => string): string {
  const [from, to] = [write(low), write(high)]
  return from === to ? from : `${from}–${to}`
}

/** By stage and model; once it ran, with what it really took beside. */
export function EstimateTable({ estimate }: { estimate: EstimateAnswer }) {
  const hasActual = estimate.total.actual !== undefined
  return (
    <>
      <table className="table estimate-table">
        <thead>
          <tr>
            <th scope="col">Stage</th>
            <th scope="col">Model</th>
            <th scope="col" className="number">
              Tokens in
            </th>
            <th scope="col" className="number">
              Cost
            </th>
            <th scope="col" className="number">
              Time
            </th>
            {hasActual && (
              <th scope="col" className="number">
                Took
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {estimate.stages.map((stage) => (
            <tr key={stage.stage}>
              <th scope="row">{stageWords[stage.stage]}</th>
              <td>{stage.model === '' ? '–' : stage.model}</td>
              <td className="number">{toRange(stage.input_tokens, toCompact)}</td>
              <td className="number">{toRange(stage.cost_usd, toUsd)}</td>
              <td className="number">{toRange(stage.duration_s, toDuration)}</td>
              {hasActual && (
                <td className="number">
                  {stage.actual === undefined
                    ? '–'
                    : `${toUsd(stage.actual.cost_usd)}, ${toDuration(stage.actual.duration_s)}`}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {estimate.unpriced_models.length > 0 && (
        <p className="quiet">No price is known for {estimate.unpriced_models.join(', ')}: it counts as free here.</p>
      )}
    </>
  )
}
