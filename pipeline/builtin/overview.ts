// The answer to the question in plain prose: counted, with what is unusual, and a voice where it shows what was just said.
import { stemOf } from '#/clustering/text/stem.ts'
import { noUsage, type Cluster, type Counts, type Overview, type SummaryRecord } from '../insight.ts'
import { countOutcomes, toMetrics } from '../metrics.ts'
import { joinAnd } from './actions.ts'
import { tellShare, usersOf } from './describe.ts'
import { frames } from './frames.ts'
import { createInnerCase } from './inner-case.ts'
import { keyPointsOf } from './key-points.ts'
import type { Lens } from './lens.ts'
import { overviewWords } from './overview-words.ts'
import { asSentence, quoteFrom } from './quoting.ts'
import { contrastsOf, endingsOf, percent, toShares, type Contrast, type Shares } from './shares.ts'

const mostWords = 200

export type OverviewInput = {
  counts: Counts
  clusters: readonly Cluster[]
  unassigned: number
  examples: ReadonlyMap<string, SummaryRecord>
}

/** At most 200 words and seven key points, each with its share, its clusters and quotes that were verified before. */
export function toOverview(input: OverviewInput, lens: Lens): Overview {
  const { counts, clusters, unassigned, examples } = input
  const say = overviewWords[lens.frame]
  const { and, quote: mark } = frames[lens.frame]
  const records = [...examples.values()]
  const total = Math.max(1, counts.summarized)
  const whole = toShares(countOutcomes(records), records.length)
  const leaves = leafClusters(clusters)
  const inner = createInnerCase(
    innerTexts(records),
    [...clusters, ...leaves].map(({ title }) => title),
    lens.frame,
  )
  const sentences: string[] = clusters.length === 0 ? [say.none] : leadSentences(input, lens, inner)

  if (lens.kind !== 'outcomes') {
    const ends = endingsOf(whole).map(([outcome, share]) => tellShare(outcome, percent(share), lens.frame))
    if (ends.length > 0) sentences.push(say.endings(joinAnd(ends, and)))
  }
  const isNested = clusters.some(({ children }) => children.length > 0)
  if (isNested && lens.kind !== 'outcomes') {
    const topics = bySize(leaves)
      .slice(0, 3)
      .map(({ title, size }) => `${inner(title)} (${size})`)
    sentences.push(say.topics(joinAnd(topics, and)))
  }
  const outstanding = lens.kind === 'outcomes' || lens.kind === 'failures' ? [] : standingOut(leaves, whole)
  outstanding.slice(0, 2).forEach(({ cluster, contrast: { outcome, share, whole: average } }, index) => {
    sentences.push(say.standsOut(cluster.title, tellShare(outcome, percent(share), lens.frame), percent(average)))
    if (index > 0) return
    const quote = quoteOf(cluster, examples, lens)
    if (quote !== undefined) sentences.push(asSentence(quote, mark))
  })
  if (unassigned > 0) sentences.push(say.unassigned(unassigned, percent(unassigned / total)))
  if (counts.failed > 0) sentences.push(say.notRead(counts.failed))
  return {
    text: withinWords(sentences),
    keyPoints: keyPointsOf(
      { leaves, clusters, examples, whole, total, medianMs: toMetrics(records).latencyMsP50 },
      lens,
    ),
    usage: noUsage,
    by: 'builtin',
    source: 'builtin',
  }
}

/** The answer itself, first. */
function leadSentences(input: OverviewInput, lens: Lens, inner: (title: string) => string): string[] {
  const { counts, clusters, examples } = input
  const say = overviewWords[lens.frame]
  const { and, failures } = frames[lens.frame]
  const total = Math.max(1, counts.summarized)
  const named = (list: readonly Cluster[]) => {
    const parts = list.map((cluster) => `${inner(cluster.title)} (${percent(cluster.size / total)})`)
    // Titles that are lists themselves are kept apart by semicolons.
    return list.some(({ title }) => / (?:and|und|et|y|en) |[,;]/.test(title)) ? parts.join('; ') : joinAnd(parts, and)
  }
  const largest = bySize(clusters).slice(0, 3)
  if (lens.kind === 'failures') {
    const none = [...examples.values()].filter(({ summary }) => summary.title.startsWith(`${failures.none}:`)).length
    const failed = bySize(clusters.filter(({ title }) => !title.startsWith(failures.none))).slice(0, 4)
    return [
      say.failuresNone(none, counts.summarized, percent(none / total)),
      ...(failed.length === 0 ? [] : [say.failuresMost(named(failed))]),
    ]
  }
  const endings = endingsOf(toShares(countOutcomes([...examples.values()]), examples.size))
  if (lens.kind === 'outcomes' && clusters.length > 0 && endings.length > 0) {
    const ends = endings.map(([outcome, share]) => tellShare(outcome, percent(share), lens.frame))
    const bad = bySize(
      leafClusters(clusters).filter(({ title }) => !title.startsWith(frames[lens.frame].outcomes.resolved)),
    )
    return [
      say.outcomes(counts.summarized, joinAnd(ends, and)),
      ...(bad.length === 0 ? [] : [say.failuresMost(named(bad.slice(0, 3)))]),
    ]
  }
  return [
    lens.kind === 'requests'
      ? say.requests(usersOf(lens), named(largest))
      : say.groups(counts.summarized, named(largest)),
  ]
}

/** Leaves that end badly far more often than the whole, the most traces too many first. */
function standingOut(leaves: readonly Cluster[], whole: Shares): { cluster: Cluster; contrast: Contrast }[] {
  return leaves
    .flatMap((cluster) => {
      const [contrast] = contrastsOf(toShares(cluster.metrics.outcomes, cluster.size), whole)
      return contrast === undefined ? [] : [{ cluster, contrast }]
    })
    .sort((a, b) => b.contrast.excess - a.contrast.excess || (a.cluster.id < b.cluster.id ? -1 : 1))
}

/** Clusters that hold traces themselves. */
function leafClusters(clusters: readonly Cluster[]): Cluster[] {
  return clusters.flatMap((cluster) => (cluster.children.length === 0 ? [cluster] : leafClusters(cluster.children)))
}

function bySize(clusters: readonly Cluster[]): Cluster[] {
  return [...clusters].sort((a, b) => b.size - a.size || (a.id < b.id ? -1 : 1))
}

function quoteOf(cluster: Cluster, examples: ReadonlyMap<string, SummaryRecord>, lens: Lens): string | undefined {
  const members = cluster.representativeTraceIds.flatMap((traceId) => examples.get(traceId) ?? [])
  return quoteFrom(members, new Set((cluster.title.toLowerCase().match(/\p{L}{3,}/gu) ?? []).map(stemOf)), lens.frame)
    ?.quote
}

const mostTexts = 3_000

function* innerTexts(records: readonly SummaryRecord[]): Generator<string> {
  for (const { summary } of records.slice(0, mostTexts)) yield summary.groupingText
}

/** Whole sentences as long as they fit. */
function withinWords(sentences: readonly string[]): string {
  const kept: string[] = []
  let used = 0
  for (const sentence of sentences) {
    const count = sentence.split(/\s+/).length
    if (used + count > mostWords) continue
    kept.push(sentence)
    used += count
  }
  return kept.join(' ')
}
