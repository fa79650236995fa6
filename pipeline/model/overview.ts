// The answer to the question: drafted by the model, then every number and every piece of evidence is checked.
import { AppError } from '../errors.ts'
import { addUsage, type Cluster, type Evidence, type KeyPoint, noUsage, type Overview } from '../insight.ts'
import type { Analyst, Cancellable } from '../ports.ts'
import { OverviewAnswer } from './answers.ts'
import { isSupported, findNumbers, type KnownNumbers, toSentences } from './check-numbers.ts'
import { findUnsupported } from './check-overview.ts'
import { type Complete, ModelCallError } from './complete.ts'
import { type DataBlock, toUserMessage } from './fence.ts'
import { questionBlocks } from './lens-blocks.ts'
import { mayFallBack } from './name-clusters.ts'
import { overviewPrompt } from './prompts/overview.ts'
import { tidyText } from './tidy-text.ts'
import { estimateTokens, toTimeoutMs } from './tokens.ts'

const maxWords = 200
const maxKeyPoints = 7
const maxListed = 60
const overviewTokens = 1_800

export type OverviewInput = Parameters<Analyst['writeOverview']>[0]
type Quote = Evidence & { clusterId: string }

/**
 * The overview, at most 200 words and seven key points: drafted by one call, then every number is held against what was
 * counted, and every statement by a second call against counts, groups and quotes. What is not supported is struck out;
 * when less than half of the text remains, or the check cannot be made, the fallback writes the whole, and where no key
 * point remains, these. `by` says who wrote the text, `source` whether anything was struck out.
 */
export async function writeCheckedOverview(
  input: OverviewInput,
  context: { complete: Complete; fallback: Pick<Analyst, 'writeOverview'>; model: string },
  options: Cancellable,
): Promise<Overview> {
  const listed = listClusters(input.clusters)
  const quotes = listQuotes(listed)
  const data = [
    ...questionBlocks(input.instruction, input.lens),
    { label: 'counts', text: toCountLines(input) },
    { label: 'groups', text: listed.map(toClusterLine).join('\n') },
    { label: 'quotes', text: quotes.map(toQuoteLine).join('\n') },
  ]
  let usage = noUsage
  let second: Pick<Overview, 'checkUsage'> = {}
  try {
    const draft = await askForDraft(data, context.complete, options)
    usage = draft.usage
    const sentences = toSentences(tidyText(draft.value.overview, 4_000))
    const known = toKnownNumbers(input, listed, quotes)
    const counted = sentences.filter((sentence) => isSupported(sentence, known))
    const points = checkKeyPoints(draft.value.key_points, input, quotes)
    requireHalf(counted, sentences)

    const statements = [...counted, ...points.map(({ text }) => text)]
    const check = await findUnsupported(statements, data, context.complete, options)
    usage = addUsage(usage, check.usage)
    second = { checkUsage: check.usage }
    const kept = counted.filter((_, at) => !check.unsupported.has(at))
    const keptPoints = points.filter((_, at) => !check.unsupported.has(counted.length + at))
    requireHalf(kept, sentences)

    const drafted = Math.min(maxKeyPoints, draft.value.key_points.length)
    const isWhole = kept.length === sentences.length && keptPoints.length >= drafted
    const words = { text: withinWords(kept), usage, by: context.model, ...second } as const
    const source = isWhole ? 'model' : 'model_corrected'
    if (keptPoints.length > 0) return { ...words, keyPoints: keptPoints, source }
    const plain = await context.fallback.writeOverview(input, options)
    return { ...words, keyPoints: plain.keyPoints, usage: addUsage(usage, plain.usage), source: 'model_corrected' }
  } catch (error) {
    if (error instanceof ModelCallError) usage = addUsage(usage, error.usage)
    if (!mayFallBack(error, options.signal)) throw error
    const plain = await context.fallback.writeOverview(input, options)
    return { ...plain, usage: addUsage(usage, plain.usage), ...second }
  }
}

function askForDraft(data: readonly DataBlock[], complete: Complete, options: Cancellable) {
  const user = toUserMessage(data, 'Answer the question.')
  return complete(
    {
      kind: 'overview',
      prompt: { system: overviewPrompt.text, user },
      schema: OverviewAnswer,
      schemaName: overviewPrompt.name,
      maxOutputTokens: overviewTokens,
      model: 'thinking',
      timeoutMs: toTimeoutMs({
        inputTokens: estimateTokens(overviewPrompt.text) + estimateTokens(user),
        outputTokens: overviewTokens,
      }),
    },
    options,
  )
}

/** A text of which most was invented is not worth mending. */
function requireHalf(kept: readonly string[], all: readonly string[]): void {
  if (kept.length > 0 && kept.length >= all.length / 2) return
  throw new AppError('model.bad_answer', 'The overview does not agree with the counts.')
}

/** Level by level, largest first, so that what is cut off a wide tree is the smallest of the deepest. */
function listClusters(roots: readonly Cluster[]): Cluster[] {
  const all: Cluster[] = []
  let level = [...roots]
  while (level.length > 0 && all.length < maxListed) {
    all.push(...level.sort((a, b) => b.size - a.size))
    level = level.flatMap(({ children }) => children)
  }
  const kept = new Set(all.slice(0, maxListed))
  const inOrder = (clusters: readonly Cluster[]): Cluster[] =>
    clusters.flatMap((cluster) => (kept.has(cluster) ? [cluster, ...inOrder(cluster.children)] : []))
  return inOrder(roots)
}

function listQuotes(clusters: readonly Cluster[]): Quote[] {
  const seen = new Set<string>()
  const quotes: Quote[] = []
  // Children first: their quotes are the more telling ones, and a parent's are the same again.
  for (const cluster of [...clusters].sort((a, b) => b.id.split('.').length - a.id.split('.').length)) {
    for (const evidence of cluster.evidence.slice(0, 2)) {
      if (!evidence.verified || seen.has(evidence.quote)) continue
      seen.add(evidence.quote)
      quotes.push({ ...evidence, clusterId: cluster.id })
    }
  }
  return quotes.slice(0, 2 * maxListed)
}

const toPercent = (share: number): string => `${Math.round(share * 100)} %`

function toCountLines({ counts, clusters, unassigned }: OverviewInput): string {
  const lines = [
    `${counts.selected} traces selected`,
    `${counts.summarized} traces summarized (100 %)`,
    `${clusters.length} groups at the top`,
  ]
  if (unassigned > 0) lines.push(`${unassigned} traces in no group (${toPercent(unassigned / counts.summarized)})`)
  if (counts.skipped > 0) lines.push(`${counts.skipped} traces skipped: empty, or left out on purpose`)
  if (counts.failed > 0) lines.push(`${counts.failed} traces that could not be read`)
  return lines.join('\n')
}

function toClusterLine({ id, title, size, share, summary, metrics }: Cluster): string {
  const outcomes = Object.entries(metrics.outcomes)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${outcome} ${count}`)
    .join(', ')
  const indent = '  '.repeat(id.split('.').length - 1)
  const facts = `${size} traces, ${toPercent(share)}${outcomes === '' ? '' : `; outcomes: ${outcomes}`}`
  return `${indent}${id} | ${tidyText(title, 160)} | ${facts} | ${tidyText(summary, 300)}`
}

function toQuoteLine({ clusterId, quote }: Quote, index: number): string {
  return `${index + 1}. (${clusterId}) ${quote}`
}

function toKnownNumbers(
  { counts, clusters, unassigned, instruction }: OverviewInput,
  about: readonly Cluster[],
  quotes: readonly Quote[],
): KnownNumbers {
  const named = [instruction, ...about.map(({ title }) => title), ...quotes.map(({ quote }) => quote)]
  return {
    counts: new Set([
      ...Object.values(counts),
      unassigned,
      clusters.length,
      ...about.flatMap(({ size, children, metrics }) => [size, children.length, ...Object.values(metrics.outcomes)]),
    ]),
    shares: [1, ...about.map(({ share }) => share), unassigned / Math.max(1, counts.summarized)],
    named: new Set(named.flatMap((text) => findNumbers(text).map(({ token }) => token))),
  }
}

/** Whole sentences as long as they fit; of a single one that does not, its beginning. */
function withinWords(sentences: readonly string[]): string {
  let words = 0
  const short = sentences.filter((sentence) => (words += sentence.trim().split(/\s+/).length) <= maxWords)
  const whole = (short.length > 0 ? short : sentences.slice(0, 1)).join('').trim()
  return whole.split(/\s+/).slice(0, maxWords).join(' ')
}

type DraftPoint = { text: string; cluster_ids: string[]; quotes: number[] }

function checkKeyPoints(points: readonly DraftPoint[], input: OverviewInput, quotes: readonly Quote[]): KeyPoint[] {
  const byId = new Map(flatten(input.clusters).map((cluster) => [cluster.id, cluster]))
  return points
    .flatMap((point): KeyPoint[] => {
      const about = [...new Set(point.cluster_ids.map((id) => id.trim()))].flatMap((id) => byId.get(id) ?? [])
      const evidence = [...new Set(point.quotes)].flatMap((number) => {
        const quote = quotes[number - 1]
        return quote !== undefined && about.some(({ id }) => isWithin(quote.clusterId, id)) ? [quote] : []
      })
      const known = toKnownNumbers(
        input,
        about.flatMap((cluster) => flatten([cluster])),
        evidence,
      )
      if (about.length === 0 || !isSupported(point.text, known)) return []
      return [
        {
          text: tidyText(point.text, 600),
          share: toShare(about),
          clusterIds: about.map(({ id }) => id),
          evidence: evidence
            .slice(0, 3)
            .map(({ traceId, spanId, quote, verified }) => ({ traceId, spanId, quote, verified })),
        },
      ]
    })
    .slice(0, maxKeyPoints)
}

/** The share of all that the clusters hold together, none counted twice. */
function toShare(clusters: readonly Cluster[]): number {
  const outermost = clusters.filter(({ id }) => !clusters.some((other) => other.id !== id && isWithin(id, other.id)))
  return Math.min(
    1,
    outermost.reduce((sum, { share }) => sum + share, 0),
  )
}

function isWithin(id: string, ancestor: string): boolean {
  return id === ancestor || id.startsWith(`${ancestor}.`)
}

function flatten(clusters: readonly Cluster[]): Cluster[] {
  return clusters.flatMap((cluster) => [cluster, ...flatten(cluster.children)])
}
