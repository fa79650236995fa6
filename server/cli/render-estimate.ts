// What an Insight would take, in a terminal: a row a stage, and the sum.
import type { EstimateAnswer } from '#/server/api/schemas/estimate.ts'
import { toDuration } from './progress.ts'
import { cutToWidth, padToWidth, toLine, widthOf } from './terminal-text.ts'
import type { Style } from './world.ts'

type Amounts = Pick<EstimateAnswer['total'], 'calls' | 'input_tokens' | 'output_tokens' | 'cost_usd' | 'duration_s'>

/** Ranges that nine of ten runs should end in; ends with a line end. */
export function renderEstimate(
  estimate: EstimateAnswer,
  { columns, style }: { columns: number; style: Style },
): string {
  const head = ['STAGE', 'MODEL', 'CALLS', 'TOKENS IN', 'TOKENS OUT', 'COST', 'TIME']
  const rows = estimate.stages.map((stage) => [
    stage.stage,
    stage.model === '' ? '–' : toLine(stage.model),
    ...toCells(stage),
  ])
  const total = ['total', '', ...toCells(estimate.total)]
  const widths = head.map((title, column) =>
    Math.max(...[head, ...rows, total].map((row) => widthOf(row[column] ?? title))),
  )
  const toRow = (row: readonly string[]): string =>
    cutToWidth(
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0
          return column < 2 ? padToWidth(cell, width) : ' '.repeat(width - widthOf(cell)) + cell
        })
        .join('  ')
        .trimEnd(),
      Math.max(columns, 80),
    )
  const { count, sampled } = estimate.traces
  const untimed = estimate.untimed_models.map(toLine).join(', ')
  const unpriced = estimate.unpriced_models.map(toLine).join(', ')
  return [
    style.dim(`${count} traces${sampled === 0 ? '' : `, ${sampled} of them read for this`}`),
    style.dim(toRow(head)),
    ...rows.map(toRow),
    style.bold(toRow(total)),
    ...(untimed === ''
      ? []
      : [`How fast ${untimed} is will be known after a first run: until then the time is a guess.`]),
    ...(unpriced === '' ? [] : [`No price is known for ${unpriced}: it counts as free here.`]),
    '',
  ].join('\n')
}

function toCells({ calls, input_tokens, output_tokens, cost_usd, duration_s }: Amounts): string[] {
  const toCount = (value: number): string => String(Math.round(value))
  return [
    toRange(calls, toCount),
    toRange(input_tokens, toCount),
    toRange(output_tokens, toCount),
    toRange(cost_usd, (usd) => `$${usd.toFixed(2)}`),
    toRange(duration_s, toDuration),
  ]
}

/** One figure where both ends read the same. */
function toRange({ low, high }: Amounts['calls'], write: (value: number) => string): string {
  const [from, to] = [write(low), write(high)]
  return from === to ? from : `${from}–${to}`
}
