import { useMemo, type ReactNode } from 'react'
import type { ClusterAnswer } from '#/server/api/schemas/clusters.ts'
import type { ClusterMetrics } from '../answer-parts.ts'
import { toCount, toShare } from '../figures.ts'
import { isWorse, measureKeys, measures, readMeasure, type MeasureKey } from '../measures/measures.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { toHue } from '../parts/hues.ts'
import { ShareBar } from '../parts/share-bar.tsx'
import type { ClusterRank } from '../search-params.ts'
import { SortHeader } from '../table/sort-header.tsx'

const rankWords: Record<'size' | 'worst', string> = { size: 'Biggest first', worst: 'Worst first' }
const shownAtOnce = 12
const seldom: ReadonlySet<MeasureKey> = new Set(['p50', 'cost'])

/** Clusters side by side: size and every number against the whole, in the order the reader cares about. */
export function ClusterCompare(props: {
  /** What is chosen; its clusters are compared, or all of them when nothing is. */
  clusters: readonly ClusterAnswer[]
  whole: ClusterMetrics
  rank: ClusterRank | undefined
  leaves: boolean
  onRank: (rank: ClusterRank | undefined) => void
  onLeaves: (leaves: boolean) => void
  onSelect: (cluster: string) => void
}) {
  const { clusters, whole, leaves } = props
  const rank = props.rank ?? 'size'
  const rows = useMemo(() => {
    const listed = leaves ? clusters.flatMap(leavesOf) : clusters
    return [...listed].sort((a, b) => rankOf(b, rank, whole) - rankOf(a, rank, whole) || b.size - a.size)
  }, [clusters, leaves, rank, whole])
  const known = measureKeys.filter((key) => measures[key].read(whole, 1) !== undefined)
  // As many columns as there is room for, and always the one that orders them.
  const shown = known.filter((key) => key === rank || !seldom.has(key))
  const largest = Math.max(...rows.map(({ share }) => share), 0)
  const ranking = { current: rank, onRank: props.onRank }
  const hasDepth = clusters.some(({ children }) => children.length > 0)
  return (
    <section className="card compare" aria-label="Clusters compared">
      <div className="compare-head">
        <h2 className="card-title">Clusters compared</h2>
        {hasDepth && (
          <div className="segments" role="group" aria-label="Which clusters">
            <button type="button" aria-pressed={!leaves} onClick={() => props.onLeaves(false)}>
              Level below
            </button>
            <button type="button" aria-pressed={leaves} onClick={() => props.onLeaves(true)}>
              Leaf clusters
            </button>
          </div>
        )}
        <select
          className="select"
          aria-label="Order of the clusters"
          value={rank}
          onChange={(event) => {
            const value = event.target.value
            props.onRank(value === 'worst' ? 'worst' : (measureKeys.find((key) => key === value) ?? undefined))
          }}
        >
          {Object.entries(rankWords).map(([key, words]) => (
            <option key={key} value={key}>
              {words}
            </option>
          ))}
          {known.map((key) => (
            <option key={key} value={key}>
              {measures[key].label}, {measures[key].worse === 'low' ? 'lowest' : 'highest'} first
            </option>
          ))}
        </select>
      </div>
      <div className="compare-scroll" tabIndex={0} role="group" aria-label="Table of the clusters">
        <table className="table compare-table">
          <thead>
            <tr>
              <th scope="col">Cluster</th>
              <RankHeader rank="size" {...ranking}>
                Traces
              </RankHeader>
              {shown.map((key) => (
                <RankHeader key={key} rank={key} {...ranking}>
                  {measures[key].label}
                </RankHeader>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shownAtOnce).map((cluster) => (
              <tr key={cluster.id} className="openable" onClick={() => props.onSelect(cluster.id)}>
                <th scope="row">
                  <button
                    type="button"
                    className="row-link"
                    onClick={(event) => {
                      event.stopPropagation()
                      props.onSelect(cluster.id)
                    }}
                  >
                    <span className="compare-name">
                      <span className="hue-dot" style={{ background: toHue(cluster.id) }} aria-hidden="true" />
                      <FromTrace text={cluster.title} className="strong clamp-1" />
                    </span>
                  </button>
                  <ShareBar share={largest === 0 ? 0 : cluster.share / largest} color={toHue(cluster.id)} />
                </th>
                <td className="number">
                  {toCount(cluster.size)} <span className="quiet share">{toShare(cluster.share)}</span>
                </td>
                {shown.map((key) => (
                  <Value key={key} measure={key} cluster={cluster} whole={whole} />
                ))}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row" className="quiet">
                All traces
              </th>
              <td />
              {shown.map((key) => (
                <td key={key} className="number quiet">
                  {key === 'cost' ? '' : measures[key].write(measures[key].read(whole, 1) ?? 0)}
                </td>
              ))}
            </tr>
          </tfoot>
        </table>
      </div>
      {rows.some(({ hidden }) => hidden === true) && (
        <p className="small quiet">Of a hidden group only its size is shown.</p>
      )}
      {rows.length > shownAtOnce && (
        <p className="small quiet">
          The first {shownAtOnce} of {toCount(rows.length)}. The tree holds them all.
        </p>
      )}
    </section>
  )
}

/** A column that orders the clusters, the end that asks for attention first. */
function RankHeader(props: {
  rank: 'size' | MeasureKey
  current: ClusterRank
  onRank: (rank: ClusterRank) => void
  children: ReactNode
}) {
  const { rank } = props
  const first = rank !== 'size' && measures[rank].worse === 'low' ? 'asc' : 'desc'
  return (
    <SortHeader
      column={rank}
      sort={props.current === rank ? rank : undefined}
      order={first}
      first={first}
      onSort={() => props.onRank(rank)}
      className="number"
    >
      {props.children}
    </SortHeader>
  )
}

function Value(props: { measure: MeasureKey; cluster: ClusterAnswer; whole: ClusterMetrics }) {
  const measure = measures[props.measure]
  const value = readMeasure(measure, props.cluster)
  if (value === undefined) return <td className="number quiet">–</td>
  // The cost of the whole is a sum, not a trace's.
  const whole = props.measure === 'cost' ? undefined : measure.read(props.whole, 1)
  const worse = isWorse(measure, value, whole)
  return (
    <td className={`number${worse ? ' worse' : ''}`}>
      {measure.write(value)}
      {worse && <span className="visually-hidden"> (worse than the whole)</span>}
    </td>
  )
}

const leavesOf = (cluster: ClusterAnswer): ClusterAnswer[] =>
  cluster.children.length === 0 ? [cluster] : cluster.children.flatMap(leavesOf)

/** Higher comes first. `worst`: how many traces end unresolved or in an error, beyond what the whole would lead one to expect. */
function rankOf(cluster: ClusterAnswer, rank: ClusterRank, whole: ClusterMetrics): number {
  if (rank === 'size') return cluster.size
  if (rank === 'worst') {
    if (cluster.hidden === true) return -Infinity
    const bad = (metrics: ClusterMetrics) => measures.unresolved.read(metrics, 1) ?? metrics.error_rate
    return (bad(cluster.metrics) - bad(whole)) * cluster.size
  }
  const value = readMeasure(measures[rank], cluster)
  if (value === undefined) return -Infinity
  return measures[rank].worse === 'low' ? -value : value
}
