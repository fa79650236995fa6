// What became of the clusters of an earlier `cluster` file in this one, told from the texts both hold.
import { matchClusters, type Transition } from '#/clustering/compare/match-clusters.ts'
import type { ClusterAssignment, ClusterChange } from './cluster-output.ts'
import type { EarlierClusters } from './earlier-clusters.ts'
import { toLine } from './terminal-text.ts'

/** One change a leaf cluster; leaves that neither grew nor shrank are told as kept. */
export function compareClusters(
  earlier: EarlierClusters['assignments'],
  now: Iterable<ClusterAssignment>,
): ClusterChange[] {
  const before = new Map(earlier.map((place) => [place.id, place]))
  const after = new Map([...now].map((place) => [place.id, place]))
  const ids = [...new Set([...before.keys(), ...after.keys()])]
  const titleOf = { from: new Map<string, string>(), to: new Map<string, string>() }
  const leafOf = (side: 'from' | 'to', place: { path: string[]; titles: string[] } | undefined): string | null => {
    const leaf = place?.path.at(-1)
    if (leaf === undefined) return null
    titleOf[side].set(leaf, place?.titles.at(-1) ?? leaf)
    return leaf
  }
  const transitions = matchClusters(
    ids.map((id) => leafOf('from', before.get(id))),
    ids.map((id) => leafOf('to', after.get(id))),
  )
  const titles = (side: 'from' | 'to', leaves: string | readonly string[]) =>
    [leaves]
      .flat()
      .map((leaf) => `“${titleOf[side].get(leaf) ?? leaf}”`)
      .join(' + ')
  return transitions.map((transition) => {
    const from = 'from' in transition ? titles('from', transition.from) : undefined
    const to = 'to' in transition ? titles('to', transition.to) : undefined
    return {
      ...transition,
      title: from === undefined || to === undefined || from === to ? (to ?? from ?? '') : `${from} → ${to}`,
    }
  })
}

/** A line for each change, those that changed most first. */
export function renderChanges(changes: readonly ClusterChange[]): string[] {
  const order: readonly Transition['kind'][] = ['new', 'gone', 'split', 'merged', 'grown', 'shrunk', 'kept']
  return [...changes]
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
    .map(({ kind, title }) => `${kind.padEnd(7)} ${toLine(title)}`)
}
