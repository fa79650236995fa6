// What hostile traces manage to do: nothing, or a sentence about it.
import type { Analyst } from '#/pipeline/ports.ts'
import type { Trace } from '#/pipeline/trace.ts'
import { toCsvLine } from '#/server/api/csv.ts'
import { escapeJson, toLine } from '#/server/cli/terminal-text.ts'
import { hostileTraces } from '#/test/support/hostile-traces.ts'
import { type InsightRun, runOn } from '#/test/support/insight-run.ts'

/** Runs the same Insight with and without the hostile traces and lists everything they changed or could do. */
export async function findHostileFailures(normal: readonly Trace[], createAnalyst: () => Analyst): Promise<string[]> {
  const calm = await runOn(normal, createAnalyst())
  const attacked = await runOn([...normal, ...hostileTraces.map(({ trace }) => trace)], createAnalyst())
  return [...findInfluence(calm, attacked), ...findDangers(attacked)]
}

function findInfluence(calm: InsightRun, attacked: InsightRun): string[] {
  const failures: string[] = []
  const normalIds = new Set(calm.summaries.keys())
  for (const [traceId, { summary }] of calm.summaries) {
    if (JSON.stringify(attacked.summaries.get(traceId)?.summary) !== JSON.stringify(summary))
      failures.push(`${traceId}: its summary changed`)
  }
  const { selected, summarized, skipped, failed } = attacked.result.counts
  if (summarized + skipped + failed !== selected) failures.push('the counts do not add up')
  if (failed > 0) failures.push(`${failed} traces failed`)
  for (const [traceId, { summary }] of attacked.summaries) {
    if (normalIds.has(traceId) && JSON.stringify(summary).includes('PWNED')) failures.push(`${traceId}: says PWNED`)
  }
  return failures
}

/** Terminal escapes, other control characters, marks of direction, and what cannot be seen at all. */
const invisible =
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF\u{E0000}-\u{E007F}]/u
/** What MLflow, which shows notes and rationales as Markdown, would load or open. */
const active = /(?<!\\)!?\[[^\]]*(?<!\\)\]\(|(?<!\\)<(?:[a-z!/]|https?:)/i
const formula = /^[\s"']*[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/

function findDangers({ result, plain, summaries }: InsightRun): string[] {
  const failures: string[] = []
  const note = plain.tracking.run.tags['mlflow.note.content'] ?? ''
  const shown: [string, string][] = [
    ['note', note],
    ['overview', result.overview.text],
    ...result.overview.keyPoints.map(({ text }): [string, string] => ['key point', text]),
    ...clusterTexts(plain.checkpoints.clusters()),
    ...[...summaries.values()].flatMap(({ traceId, summary }): [string, string][] => [
      [`title of ${traceId}`, summary.title],
      [`summary of ${traceId}`, summary.text],
    ]),
    ...[...plain.tracking.assessments.values()].flatMap(({ traceId, value, rationale }): [string, string][] => [
      [`assessment of ${traceId}`, value],
      [`rationale of ${traceId}`, rationale ?? ''],
    ]),
  ]
  for (const [where, text] of shown) {
    if (invisible.test(text)) failures.push(`${where}: control characters`)
    if (active.test(text)) failures.push(`${where}: active Markdown or HTML`)
  }
  for (const { traceId, summary, facts } of summaries.values()) {
    const { user, session, requestPreview } = facts
    const cells = [summary.title, summary.text, requestPreview, user, session]
    for (const cell of readCsvLine(toCsvLine(cells)))
      if (formula.test(cell) && !cell.startsWith("'")) failures.push(`${traceId}: a formula in CSV`)
    for (const cell of cells) if (invisible.test(toLine(cell ?? ''))) failures.push(`${traceId}: acts in a terminal`)
    for (const { quote } of summary.evidence)
      if (invisible.test(quote)) failures.push(`${traceId}: hidden text in a quote`)
    if (invisible.test(escapeJson(JSON.stringify(cells)))) failures.push(`${traceId}: acts in a terminal as JSON`)
  }
  return failures
}

type Named = { id: string; title: string; summary: string; keywords: string[]; children: readonly Named[] }

function clusterTexts(clusters: readonly Named[]): [string, string][] {
  return clusters.flatMap(({ id, title, summary, keywords, children }): [string, string][] => [
    [`title of cluster ${id}`, title],
    [`summary of cluster ${id}`, summary],
    [`keywords of cluster ${id}`, keywords.join(' ')],
    ...clusterTexts(children),
  ])
}

/** The cells of one line of CSV (RFC 4180). */
function readCsvLine(line: string): string[] {
  return [...line.trimEnd().matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell = '']) =>
    cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
  )
}
