// What a reader should remember: up to seven sentences, each with a number, each about another cluster.
import type { Cluster, KeyPoint, Outcome, SummaryRecord, Evidence } from '../insight.ts'
import { joinAnd } from './actions.ts'
import { tellShare } from './describe.ts'
import { frames } from './frames.ts'
import type { Lens } from './lens.ts'
import { overviewWords } from './overview-words.ts'
import { contrastsOf, endingsOf, percent, toShares, type Shares } from './shares.ts'

const mostKeyPoints = 7
const mostContrasts = 3

type Facts = {
  leaves: readonly Cluster[]
  clusters: readonly Cluster[]
  examples: ReadonlyMap<string, SummaryRecord>
  whole: Shares
  total: number
  medianMs: number | undefined
}

/** The largest topic, the leaves that end worse than the whole, the one that goes best, the slowest, then by size. */
export function keyPointsOf({ leaves, examples, whole, total, medianMs }: Facts, lens: Lens): KeyPoint[] {
  const say = overviewWords[lens.frame]
  const points: KeyPoint[] = []
  const told = new Set<string>()
  const add = (cluster: Cluster, text: string) => {
    if (told.has(cluster.id) || points.length >= mostKeyPoints) return
    told.add(cluster.id)
    points.push({
      text,
      share: cluster.size / total,
      clusterIds: [cluster.id],
      evidence: evidenceOf(cluster, examples).slice(0, 2),
    })
  }
  const shares = new Map(leaves.map((leaf) => [leaf, toShares(leaf.metrics.outcomes, leaf.size)]))
  const bySize = [...leaves].sort((a, b) => b.size - a.size || (a.id < b.id ? -1 : 1))
  const isTopic = (leaf: Cluster) =>
    lens.kind !== 'failures' || !leaf.title.startsWith(frames[lens.frame].failures.none)
  const largest = bySize.find(isTopic) ?? bySize[0]
  if (largest === undefined) return []
  const endingOf = (leaf: Cluster): string => {
    const own = shares.get(leaf)!
    const [contrast] = contrastsOf(own, whole)
    if (contrast !== undefined) return tellShare(contrast.outcome, percent(contrast.share), lens.frame)
    const [usual] = endingsOf(own)
    return usual === undefined ? '' : tellShare(usual[0], percent(usual[1]), lens.frame)
  }
  if (lens.kind === 'outcomes') return endingPoints(bySize, { whole, total, examples }, lens)
  add(largest, say.largest(largest.title, largest.size, total, percent(largest.size / total), endingOf(largest)))

  const standing = bySize
    .flatMap((leaf) =>
      contrastsOf(shares.get(leaf)!, whole)
        .slice(0, 1)
        .map((contrast) => ({ leaf, contrast })),
    )
    .sort((a, b) => b.contrast.excess - a.contrast.excess)
  let count = 0
  for (const { leaf, contrast } of standing) {
    if (told.has(leaf.id) || count++ >= mostContrasts) continue
    const ending = tellShare(contrast.outcome, percent(contrast.share), lens.frame)
    add(
      leaf,
      say.contrast(leaf.title, Math.round(contrast.share * leaf.size), leaf.size, ending, percent(contrast.whole)),
    )
  }
  const best = bySize
    .filter(
      (leaf) => isTopic(leaf) && leaf.size >= 8 && shares.get(leaf)!.outcomes.resolved >= whole.outcomes.resolved + 0.1,
    )
    .sort((a, b) => shares.get(b)!.outcomes.resolved - shares.get(a)!.outcomes.resolved)[0]
  if (best !== undefined)
    add(best, say.smooth(best.title, percent(shares.get(best)!.outcomes.resolved), percent(whole.outcomes.resolved)))
  if (medianMs !== undefined && medianMs > 0) {
    const slowest = bySize
      .filter((leaf) => leaf.size >= 5 && (leaf.metrics.latencyMsP50 ?? 0) >= medianMs * 1.5)
      .sort((a, b) => (b.metrics.latencyMsP50 ?? 0) - (a.metrics.latencyMsP50 ?? 0))[0]
    if (slowest !== undefined)
      add(slowest, say.slow(slowest.title, seconds(slowest.metrics.latencyMsP50 ?? 0), seconds(medianMs)))
  }
  for (const leaf of bySize.filter(isTopic))
    add(leaf, say.more(leaf.title, leaf.size, total, percent(leaf.size / total), endingOf(leaf)))
  return points
}

const mostPerEnding = 3

/** Each ending, bad ones first, with where it is most frequent: the titles alone would only say it once more. */
function endingPoints(
  leaves: readonly Cluster[],
  { whole, total, examples }: Pick<Facts, 'whole' | 'total' | 'examples'>,
  lens: Lens,
): KeyPoint[] {
  const { outcomes, and, quote } = frames[lens.frame]
  const headings = Object.values(outcomes)
  const order: readonly Outcome[] = ['unresolved', 'error', 'handed_off', 'unclear', 'resolved']
  return order.flatMap((outcome): KeyPoint[] => {
    const share = whole.outcomes[outcome]
    const countOf = (leaf: Cluster) => leaf.metrics.outcomes[outcome] ?? 0
    const most = leaves
      .filter((leaf) => countOf(leaf) > 0 && !isHeading(leaf.title, headings))
      .sort((a, b) => countOf(b) - countOf(a) || (a.id < b.id ? -1 : 1))
      .slice(0, mostPerEnding)
    if (most.length === 0) return []
    const list = most.map((leaf) => `${quote(topicOfTitle(leaf.title, headings))} (${countOf(leaf)})`)
    return [
      {
        text: overviewWords[lens.frame].ending(
          tellShare(outcome, percent(share), lens.frame),
          Math.round(share * whole.size),
          total,
          joinAnd(list, and),
        ),
        share,
        clusterIds: most.map(({ id }) => id),
        evidence: most.flatMap((leaf) => evidenceOf(leaf, examples).slice(0, 1)),
      },
    ]
  })
}

/** “Not resolved: reserve a flight” → “reserve a flight”. */
function topicOfTitle(title: string, headings: readonly string[]): string {
  const [head = '', ...rest] = title.split(': ')
  return isHeading(head, headings) && rest.length > 0 ? rest.join(': ') : title
}

/** “Resolved”, or two of them side by side. */
function isHeading(text: string, headings: readonly string[]): boolean {
  return text.split('; ').every((part) => headings.some((known) => known.toLowerCase() === part.toLowerCase()))
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 10_000 ? 1 : 0)
}

/** Verified quotes of a cluster: its own, then those of its most typical members. */
function evidenceOf(cluster: Cluster, examples: ReadonlyMap<string, SummaryRecord>): Evidence[] {
  const own = cluster.evidence.filter((item) => item.verified)
  const members = cluster.representativeTraceIds.flatMap((traceId) =>
    (examples.get(traceId)?.summary.evidence ?? [])
      .filter((item) => item.verified)
      .map((item) => ({ traceId, ...item })),
  )
  const seen = new Set<string>()
  return [...own, ...members].filter(({ quote }) => !seen.has(quote) && seen.add(quote) !== undefined)
}
