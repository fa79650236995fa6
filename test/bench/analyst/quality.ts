// What the built-in analyst makes of labelled traces: its quotes, its summaries, its leaves.
import type { Evidence } from '#/pipeline/insight.ts'
import type { Trace } from '#/pipeline/trace.ts'
import { isVerbatim, spanText } from '#/pipeline/transcript/span-text.ts'
import type { DataSet } from '#/test/support/data.ts'
import { readDataSet } from './data-traces.ts'
import { type InsightRun, runOn } from '#/test/support/insight-run.ts'
import { tfIdfKMeans } from './tf-idf-k-means.ts'

/** `ours` and `baseline` are shares of all traces: those in a leaf (a cluster) whose most frequent label is theirs. */
export type Quality = { shown: number; verified: number; empty: number; leaves: number; ours: number; baseline: number }

export async function benchQuality(set: DataSet, dataDir: string): Promise<Quality> {
  const { traces, labels } = await readDataSet(set, dataDir)
  const run = await runOn(traces)
  const quotes = shownQuotes(run)
  const spans = new Map(
    traces.flatMap(({ info, spans }) => spans.map((span) => [`${info.traceId} ${span.spanId}`, span])),
  )
  const verified = quotes.filter(({ traceId, spanId, quote }) => {
    const span = spans.get(`${traceId} ${spanId}`)
    return span !== undefined && isVerbatim(quote, span)
  })
  const leafOf = new Map(run.plain.checkpoints.assignments().map(({ traceId, clusterId }) => [traceId, clusterId]))
  const leaves = new Set([...leafOf.values()].filter((id) => id !== null)).size
  const truth = traces.map(({ info }) => labels.get(info.traceId) ?? '')
  const clusters = tfIdfKMeans(traces.map(textOf), { k: leaves, seed: 1 })
  return {
    shown: quotes.length,
    verified: verified.length,
    empty: [...run.summaries.values()].filter(
      ({ summary }) => summary.text.trim() === '' || summary.title.trim() === '',
    ).length,
    leaves,
    ours: majorityShare(
      truth,
      traces.map(({ info }) => leafOf.get(info.traceId) ?? null),
    ),
    baseline: majorityShare(truth, [...clusters]),
  }
}

/** Of summaries, clusters and key points alike: every quote that any screen shows. */
function shownQuotes({ result, plain, summaries }: InsightRun): Evidence[] {
  type Holder = { evidence: Evidence[]; children: readonly Holder[] }
  const below = ({ evidence, children }: Holder): Evidence[] => [...evidence, ...children.flatMap(below)]
  return [
    ...[...summaries.values()].flatMap(({ traceId, summary }) =>
      summary.evidence.map((item) => ({ traceId, ...item })),
    ),
    ...plain.checkpoints.clusters().flatMap(below),
    ...result.overview.keyPoints.flatMap(({ evidence }) => evidence),
  ]
}

function textOf({ spans }: Trace): string {
  const [root] = spans
  return root === undefined ? '' : spanText(root)
}

/** Who is in no group is in none of their label either. */
function majorityShare(labels: readonly string[], groups: readonly (string | number | null)[]): number {
  const byGroup = Map.groupBy(labels.keys(), (at) => groups[at] ?? null)
  byGroup.delete(null)
  const right = [...byGroup.values()].map((members) =>
    Math.max(...[...Map.groupBy(members, (at) => labels[at])].map(([, alike]) => alike.length)),
  )
  return right.reduce((sum, count) => sum + count, 0) / labels.length
}
