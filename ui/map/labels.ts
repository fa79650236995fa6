// Names on the map: the coarse ones while all of it is shown, finer ones the closer one looks.
import type { ClusterAnswer } from '#/server/api/schemas/clusters.ts'
import { findCluster } from '../insight/cluster-rows.ts'
import type { Dots } from './dots.ts'
import { toPixel, type Size, type View } from './view.ts'

/** `title` is what `lines` say; `x` and `y` are its middle. */
export type Label = {
  id: string
  title: string
  lines: readonly string[]
  x: number
  y: number
  width: number
  height: number
}

/** The middle of every cluster's dots, by cluster id. */
export function toCentres(dots: Dots): ReadonlyMap<string, { x: number; y: number; count: number }> {
  const sums = new Map<string, { x: number; y: number; count: number }>()
  // Each dot counts for its own cluster; the clusters above are summed from those below.
  const own = dots.clusterIds.map(() => ({ x: 0, y: 0, count: 0 }))
  for (let index = 0; index < dots.count; index++) {
    const sum = own[dots.cluster[index] ?? 0]
    if (sum === undefined) continue
    sum.x += dots.x[index] ?? 0
    sum.y += dots.y[index] ?? 0
    sum.count++
  }
  for (const [index, id] of dots.clusterIds.entries()) {
    const add = own[index]
    if (id === null || add === undefined) continue
    const parts = id.split('.')
    for (let depth = 1; depth <= parts.length; depth++) {
      const above = parts.slice(0, depth).join('.')
      const sum = sums.get(above) ?? { x: 0, y: 0, count: 0 }
      sums.set(above, { x: sum.x + add.x, y: sum.y + add.y, count: sum.count + add.count })
    }
  }
  return new Map(
    [...sums].map(([id, { x, y, count }]) => [id, { x: x / Math.max(1, count), y: y / Math.max(1, count), count }]),
  )
}

/** How many levels of the hierarchy have names at a zoom: one, and one more each time the picture is 1.8 times as close. */
export function depthAt(zoom: number): number {
  return 1 + Math.floor(Math.log(zoom) / Math.log(1.8) + 0.01)
}

const charWidth = 6
const lineHeight = 15
/** Longer names take two lines; only what is longer than both is cut. */
const maxChars = 26
/** Dot, gap and padding beside the words; padding and line above and below them. */
const frame = { width: 28, height: 4 }
const maxLabels = 28
/** How far a label may move up or down, in pixels, to lie over no other; in this order. */
const shifts = [0, 20, -20, 40, -40]
/** The buttons in the upper corner at the line's end: nothing is written under them. */
const tools = { width: 40, height: 136 }

/** The labels that fit: the largest clusters of the level first, none over another, and the chosen one always. */
export function toLabels(input: {
  clusters: readonly ClusterAnswer[]
  centres: ReturnType<typeof toCentres>
  view: View
  size: Size
  selected: string | undefined
}): Label[] {
  const { clusters, centres, view, size, selected } = input
  const atLevel: ClusterAnswer[] = []
  const descend = (level: readonly ClusterAnswer[], left: number) => {
    for (const cluster of level) {
      if (left > 1 && cluster.children.length > 0) descend(cluster.children, left - 1)
      else atLevel.push(cluster)
    }
  }
  descend(clusters, depthAt(view.zoom))
  const chosen = selected === undefined ? undefined : findCluster(clusters, selected)
  if (chosen !== undefined && !atLevel.includes(chosen)) atLevel.push(chosen)
  const placed: Label[] = []
  for (const cluster of atLevel.sort(
    (a, b) => Number(b.id === selected) - Number(a.id === selected) || b.size - a.size,
  )) {
    if (placed.length === maxLabels) break
    const centre = centres.get(cluster.id)
    if (centre === undefined) continue
    const { x, y } = toPixel(view, size, centre)
    if (x < 0 || y < 0 || x > size.width || y > size.height) continue
    const lines = toLines(cluster.title)
    const width = Math.max(...lines.map(({ length }) => Math.min(maxChars, length))) * charWidth + frame.width
    const height = lines.length * lineHeight + frame.height
    // Beside its place rather than nowhere.
    for (const shift of shifts) {
      const inY = within(y + shift, height / 2 + 2, size.height - height / 2 - 2)
      const end = inY - height / 2 < tools.height ? size.width - tools.width : size.width
      const inX = within(x, width / 2 + 2, end - width / 2 - 2)
      const label = { id: cluster.id, title: cluster.title, lines, x: inX, y: inY, width, height }
      if (placed.some((other) => overlaps(other, label))) continue
      placed.push(label)
      break
    }
  }
  return placed
}

/** One line, or two of about the same length, broken between words. */
function toLines(title: string): string[] {
  if (title.length <= maxChars) return [title]
  const breaks = [...title.matchAll(/\s+/g)].map(({ index }) => index)
  const middle = breaks.toSorted((a, b) => Math.abs(a - title.length / 2) - Math.abs(b - title.length / 2))[0]
  return middle === undefined ? [title] : [title.slice(0, middle), title.slice(middle).trimStart()]
}

const within = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value))

function overlaps(a: Label, b: Label): boolean {
  return Math.abs(a.x - b.x) < (a.width + b.width) / 2 + 4 && Math.abs(a.y - b.y) < (a.height + b.height) / 2 + 2
}
