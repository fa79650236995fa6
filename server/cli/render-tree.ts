// A named hierarchy in a terminal.
import { cutToWidth, toLine, wrap } from './terminal-text.ts'
import { type Style } from './world.ts'

export type TreeEntry = {
  /** Position such as `2.1`; left out for what is no cluster. */
  id?: string
  title: string
  size: number
  /** 0 to 1; left out where the size is no part of the whole. */
  share?: number
  summary: string
  children: readonly TreeEntry[]
}

const summaryLines = 2

/** The hierarchy with box-drawing characters: title, size and share of each node, and its description below. */
export function renderTree(
  entries: readonly TreeEntry[],
  { columns, style }: { columns: number; style: Style },
): string[] {
  const visit = (siblings: readonly TreeEntry[], before: string): string[] =>
    siblings.flatMap((entry, i) => {
      const isLast = i === siblings.length - 1
      const own = `${before}${isLast ? '└─ ' : '├─ '}`
      const below = `${before}${isLast ? '   ' : '│  '}`
      const beside = `${below}${entry.children.length > 0 ? '│  ' : '   '}`
      return [
        ...hang(`${entry.id === undefined ? '' : `${entry.id} `}${toLine(entry.title)}`, toMeasure(entry), {
          columns: Math.max(20, columns - own.length),
          style,
        }).map((line, number) => (number === 0 ? own : beside) + line),
        ...shortSummary(entry.summary, Math.max(20, columns - beside.length)).map((line) => beside + style.dim(line)),
        ...visit(entry.children, below),
      ]
    })
  return visit(entries, '')
}

/** The group of what has no cluster, with the reasons; nothing where it is empty. */
export function toUnassignedEntry(size: number, share: number, reasons: Readonly<Record<string, number>>): TreeEntry[] {
  if (size === 0) return []
  const summary = Object.entries(reasons).map(([reason, count]) => `${count} ${toReason(reason)}`)
  return [{ title: 'Unassigned', size, share, summary: summary.join(', '), children: [] }]
}

const reasonWords: Readonly<Record<string, string>> = {
  empty: 'with nothing to go by',
  too_short: 'too short to tell',
  unlike_others: 'unlike every group',
  new_theme: 'of no theme known',
}

/** The service gives sentences, the clustering itself gives codes. */
function toReason(reason: string): string {
  return (
    reasonWords[reason] ??
    toLine(reason)
      .replace(/^Unassigned: /, '')
      .replace(/\.$/, '')
  )
}

/** `12 (4 %)`. */
function toMeasure({ size, share }: TreeEntry): string {
  return share === undefined ? `${size}` : `${size} (${toPercent(share)})`
}

/** A share as whole percent, except where that would say nothing: `0.4 %`, `99.6 %`. */
export function toPercent(share: number): string {
  const percent = share * 100
  const isNearEdge = (percent > 0 && percent < 0.95) || (percent > 99.05 && percent < 100)
  return `${isNearEdge ? percent.toFixed(1) : Math.round(percent)} %`
}

function hang(title: string, measure: string, { columns, style }: { columns: number; style: Style }): string[] {
  const lines = wrap(`${title} · ${measure}`.replaceAll(measure, measure.replaceAll(' ', '\u00a0')), columns)
  const end = ` · ${measure.replaceAll(' ', '\u00a0')}`
  return lines.map((line) =>
    line.endsWith(end)
      ? `${style.bold(line.slice(0, -end.length))}${style.dim(` · ${measure}`)}`
      : style.bold(line.replaceAll('\u00a0', ' ')),
  )
}

function shortSummary(summary: string, columns: number): string[] {
  const text = toLine(summary)
  if (text === '') return []
  const lines = wrap(text, columns)
  if (lines.length <= summaryLines) return lines
  const kept = lines.slice(0, summaryLines)
  kept[summaryLines - 1] = cutToWidth(`${kept[summaryLines - 1]} ${lines[summaryLines]}`, columns)
  return kept
}
