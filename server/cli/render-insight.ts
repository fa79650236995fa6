// An Insight in a terminal: its tree, what is outside of it, and the overview.
import type { ClusterAnswer, ClustersAnswer } from '#/server/api/schemas/clusters.ts'
import type { InsightAnswer, InsightRow } from '#/server/api/schemas/insights.ts'
import { renderProgress, toDuration } from './progress.ts'
import { renderTree, toPercent, toUnassignedEntry, type TreeEntry } from './render-tree.ts'
import { cutToWidth, padToWidth, toLine, toLines, widthOf, wrap } from './terminal-text.ts'
import { type Style } from './world.ts'

type Look = { columns: number; style: Style }

/** The whole of an Insight as text that is safe to print; ends with a line end. */
export function renderInsight(insight: InsightAnswer, hierarchy: ClustersAnswer, look: Look): string {
  const { style, columns } = look
  const entries = toEntries(insight, hierarchy)
  const sections = [
    renderHead(insight, look),
    ...(entries.length === 0 ? [] : [renderTree(entries, look)]),
    [style.dim(renderCounts(insight))],
    ...renderOverview(insight, look),
    ...(insight.error === undefined ? [] : [wrap(`${insight.error.code}: ${toLine(insight.error.detail)}`, columns)]),
    [style.dim(`MLflow: ${toLine(insight.links.mlflow_run)}`)],
  ]
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

function renderHead(insight: InsightAnswer, { columns, style }: Look): string[] {
  const { status, counts, clusters, usage } = insight
  const facts = [
    status,
    toLine(insight.experiment_name),
    `${counts.selected} traces`,
    ...(clusters.total === 0
      ? []
      : [`${clusters.leaves} leaf clusters in ${clusters.depth} ${clusters.depth === 1 ? 'level' : 'levels'}`]),
    toDuration(insight.duration_s),
    toLine(insight.models.thinking),
    ...(usage.calls === 0 ? [] : [`${usage.input_tokens + usage.output_tokens} tokens, $${usage.cost_usd.toFixed(2)}`]),
    `seed ${insight.seed}`,
  ]
  const name = toLine(insight.name)
  const instruction = toLine(insight.instruction)
  return [
    ...wrap(name, columns).map(style.bold),
    ...(instruction === name ? [] : wrap(instruction, columns)),
    ...wrapFacts(facts, columns).map(style.dim),
    ...(insight.progress === undefined
      ? []
      : [
          renderProgress({
            ...insight.progress,
            ...(insight.progress.rate_per_s === undefined ? {} : { ratePerS: insight.progress.rate_per_s }),
            ...(insight.progress.eta_s === undefined ? {} : { etaS: insight.progress.eta_s }),
          }),
        ]),
  ]
}

/** Facts side by side; a line ends between two of them. */
function wrapFacts(facts: readonly string[], columns: number): string[] {
  const whole = facts.filter((fact) => fact !== '').map((fact) => fact.replaceAll(' ', '\u00a0'))
  return wrap(whole.join(' · '), columns).map((line) => line.replaceAll('\u00a0', ' '))
}

function toEntries(insight: InsightAnswer, { clusters, unassigned, failed }: ClustersAnswer): TreeEntry[] {
  const outside: TreeEntry[] = [
    ...toUnassignedEntry(unassigned.size, unassigned.share, unassigned.reasons),
    ...(insight.counts.skipped === 0
      ? []
      : [{ title: 'Skipped', size: insight.counts.skipped, summary: 'Nothing to read in them.', children: [] }]),
    ...(failed.size === 0
      ? []
      : [
          {
            title: 'Failed',
            size: failed.size,
            summary: 'Could not be read or summarized; the API lists each with its reason.',
            children: [],
          },
        ]),
  ]
  return [...clusters.map(toEntry), ...outside]
}

function toEntry({ id, title, size, share, summary, children }: ClusterAnswer): TreeEntry {
  return { id, title, size, share, summary, children: children.map(toEntry) }
}

/** The sums a reader can check. */
function renderCounts({ counts }: InsightAnswer): string {
  const { selected, summarized, skipped, failed, clustered, unassigned } = counts
  const first = `${selected} selected = ${summarized} summarized + ${skipped} skipped + ${failed} failed`
  return clustered + unassigned === 0
    ? first
    : `${first}; ${summarized} = ${clustered} clustered + ${unassigned} unassigned`
}

function renderOverview(insight: InsightAnswer, { columns, style }: Look): string[][] {
  if (insight.overview === '') return []
  const points = insight.key_points.flatMap(({ text, share }) =>
    wrap(text.includes('%') ? toLine(text) : `${toLine(text)} (${toPercent(share)})`, columns - 2).map(
      (line, i) => `${i === 0 ? '• ' : '  '}${line}`,
    ),
  )
  const text = toLines(insight.overview).flatMap((line) => (line === '' ? [''] : wrap(line, columns)))
  return [[style.bold('Overview'), ...text], ...(points.length === 0 ? [] : [points])]
}

/** Rows of a list, aligned, with a head. */
export function renderList(rows: readonly InsightRow[], { columns, style }: Look): string {
  const cells = rows.map((row) => [
    toLine(row.id),
    row.status,
    String(row.counts.selected),
    String(row.clusters.leaves),
    row.created_at.slice(0, 16).replace('T', ' '),
    toLine(row.experiment_name),
    toLine(row.name),
  ])
  const head = ['ID', 'STATUS', 'TRACES', 'CLUSTERS', 'CREATED (UTC)', 'EXPERIMENT', 'NAME']
  const isNumber = [false, false, true, true, false, false, false]
  const widths = head.map((title, column) => Math.max(...[head, ...cells].map((row) => widthOf(row[column] ?? title))))
  // The id must stay whole, for it is what other commands take.
  widths[5] = Math.min(widths[5] ?? 0, 30)
  const toRow = (row: readonly string[]): string =>
    cutToWidth(
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0
          const cut = cutToWidth(cell, width)
          return isNumber[column] === true ? ' '.repeat(width - widthOf(cut)) + cut : padToWidth(cut, width)
        })
        .join('  ')
        .trimEnd(),
      Math.max(columns, 80),
    )
  return [style.dim(toRow(head)), ...cells.map(toRow), ''].join('\n')
}
