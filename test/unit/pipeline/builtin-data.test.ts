import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clusterTree } from '#/clustering/cluster.ts'
import { type ClusterTree, leavesOf } from '#/clustering/tree.ts'
import { countOutcomes } from '#/pipeline/metrics.ts'
import { createBuiltinAnalyst } from '#/pipeline/builtin/analyst.ts'
import { nodesToName, toGrouping } from '#/pipeline/group.ts'
import type { SummaryRecord } from '#/pipeline/insight.ts'
import { createRepeatedText } from '#/pipeline/transcript/repeated-text.ts'
import { isVerbatim } from '#/pipeline/transcript/span-text.ts'
import { toTranscript } from '#/pipeline/transcript/to-transcript.ts'
import { dataSets, findDataDir, readJsonLines, type DataSet } from '../../support/data.ts'
import { type Line, toTrace } from '../../support/line-to-trace.ts'

const dataDir = findDataDir()
const analyst = createBuiltinAnalyst()
const { signal } = new AbortController()
const questions = ['What are customers asking for?', 'Where does the agent fail and why?', 'How do conversations end?']

async function summarizeSet(set: DataSet, instruction: string): Promise<SummaryRecord[]> {
  const known = createRepeatedText()
  const records: SummaryRecord[] = []
  for await (const line of readJsonLines<Line>(join(dataDir ?? '', dataSets[set]))) {
    const trace = toTrace(line)
    const summary = await analyst.summarize({ instruction, transcript: toTranscript(trace, { known }) }, { signal })
    const spans = new Map(trace.spans.map((span) => [span.spanId, span]))
    for (const text of [summary.title, summary.text, summary.groupingText]) expect(text.trim()).not.toBe('')
    for (const { quote, spanId } of summary.evidence) expect(isVerbatim(quote, spans.get(spanId)!), quote).toBe(true)
    records.push({
      traceId: line.trace_id,
      ordinal: records.length,
      summary,
      facts: { requestTimeMs: 0, state: line.state, feedback: { positive: 0, negative: 0 }, requestPreview: '' },
    })
  }
  return records
}

test.skipIf(dataDir === undefined).each(Object.keys(dataSets) as DataSet[])(
  'every trace of %s gets a summary with quotes that stand in its spans (skipped without TRACE_DATA_DIR)',
  { timeout: 180_000 },
  async (set) => {
    expect((await summarizeSet(set, questions[0]!)).length).toBeGreaterThan(200)
  },
)

test.skipIf(dataDir === undefined)(
  'tau_retail is named alike each time: titles unique among siblings, ten words at most, an overview of at most 200 words (skipped without TRACE_DATA_DIR)',
  { timeout: 180_000 },
  async () => {
    const openings = new Set<string>()
    for (const instruction of questions) {
      const records = await summarizeSet('tau_retail', instruction)
      const texts = records.map(({ summary }) => summary.groupingText)
      const { vectors } = await analyst.embed(texts, { signal, seed: 3 })
      const tree = clusterTree(vectors, { seed: 3, texts })
      if (instruction === 'How do conversations end?') expect(shareOfUsualEnding(tree, records)).toBeGreaterThan(0.95)
      const nodes = nodesToName(tree, records)
      const { names } = await analyst.nameClusters(
        { instruction, nodes, total: records.length, outcomes: countOutcomes(records) },
        { signal },
      )
      expect(
        await analyst.nameClusters(
          { instruction, nodes, total: records.length, outcomes: countOutcomes(records) },
          { signal },
        ),
      ).toMatchObject({
        names,
      })
      const titleOf = new Map(names.map(({ id, title }) => [id, title]))
      for (const siblings of Map.groupBy(nodes, ({ parentId }) => parentId).values()) {
        const titles = siblings.map(({ id }) => titleOf.get(id)?.toLowerCase())
        expect(new Set(titles).size).toBe(titles.length)
      }
      for (const { title, summary } of names) {
        expect(title.split(' ').length).toBeLessThanOrEqual(10)
        expect(title).not.toMatch(/[.,;:!?]$|#\w*\d|@/)
        expect(summary).toMatch(/\d+ of \d+ traces \(/)
      }
      const grouping = toGrouping(
        { tree, map: { data: new Float32Array(records.length * 2), rows: records.length, cols: 2 } },
        names,
        records,
      )
      const unassigned = grouping.unassigned.traceIds.length
      const counts = {
        selected: records.length,
        summarized: records.length,
        skipped: 0,
        failed: 0,
        clustered: records.length - unassigned,
        unassigned,
      }
      const overview = await analyst.writeOverview(
        {
          instruction,
          counts,
          clusters: grouping.clusters,
          unassigned,
          examples: new Map(records.map((record) => [record.traceId, record])),
        },
        { signal },
      )
      expect(overview.text.split(/\s+/).length).toBeLessThanOrEqual(200)
      expect(overview.keyPoints.length).toBeLessThanOrEqual(7)
      const ids = new Set(nodes.map(({ id }) => id))
      for (const point of overview.keyPoints) {
        expect(point.clusterIds.every((id) => ids.has(id))).toBe(true)
        expect(point.evidence.every(({ verified }) => verified)).toBe(true)
      }
      openings.add(overview.text.split('.')[0] ?? '')
    }
    expect(openings.size).toBe(3)
  },
)

/** Of the traces in leaves, those that end as most of their leaf do. */
function shareOfUsualEnding(tree: ClusterTree, records: readonly SummaryRecord[]): number {
  const leaves = leavesOf(tree.roots).map(({ members }) => [...members].map((row) => records[row]?.summary.outcome))
  const usual = leaves.map((endings) =>
    Math.max(...[...Map.groupBy(endings, (ending) => ending).values()].map(({ length }) => length)),
  )
  return usual.reduce((sum, count) => sum + count, 0) / leaves.flat().length
}
