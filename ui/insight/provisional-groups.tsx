import { useQuery } from '@tanstack/react-query'
import { toCount } from '../figures.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { toHue } from '../parts/hues.ts'
import { clustersQuery } from '../queries.ts'

/** What the summaries so far fall into; said to be provisional, since names and places change until the end. */
export function ProvisionalGroups({ insightId }: { insightId: string }) {
  const { data } = useQuery(clustersQuery(insightId))
  if (data === undefined || !data.provisional || data.clusters.length === 0) return null
  return (
    <section className="card" aria-label="Provisional groups">
      <h2 className="card-title">
        Provisional groups{' '}
        <span className="quiet small">
          of {data.provisional_of === undefined ? 'the' : `the first ${toCount(data.provisional_of)}`} summaries; they
          change until the end
        </span>
      </h2>
      <ul className="chips">
        {data.clusters.map((cluster) => (
          <li key={cluster.id} className="tag">
            <span className="hue-dot" style={{ background: toHue(cluster.id) }} aria-hidden="true" />
            <FromTrace text={cluster.title} /> <span className="quiet numbers">{toCount(cluster.size)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
