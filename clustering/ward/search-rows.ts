// A task: compares some clusters with all others and fills their lists.
import { takeBlocks, type Blocks } from '../threads/blocks.ts'
import { borrowKernels, createLayout, type OpenKernels } from '../kernels/kernels.ts'
import { panelCols, tileRows } from '../kernels/tile.ts'
import { productError } from '../matrix/measure.ts'
import { type Clusters, mergingCost } from './merging.ts'
import { createListWriter, isCertain, type NearestLists } from './nearest-lists.ts'
import { packPanels, panelShape, roundUp } from '../matrix/panels.ts'

export type SearchRowsTask = {
  kind: 'search-rows'
  clusters: Clusters
  lists: NearestLists
  alive: Int32Array
  /** Blocks of `wanted`. */
  wanted: Int32Array
  blocks: Blocks
}

export const searchBlockRows = 24

export function searchRows(task: SearchRowsTask): void {
  const { clusters, lists, alive, wanted } = task
  const writer = createListWriter(lists)
  let search: ReturnType<typeof prepare>
  let isPrepared = false
  takeBlocks(task.blocks, ({ from, count }) => {
    // A thread that comes too late for a block need not pack anything.
    if (!isPrepared) {
      search = prepare(clusters, alive, lists.length)
      isPrepared = true
    }
    if (search === undefined) {
      for (let i = from; i < from + count; i++) measureAll(wanted[i]!, alive, clusters, writer)
      return
    }
    const { ids, costs } = search.find(wanted.subarray(from, from + count))
    for (let i = 0; i < count; i++) {
      const cluster = wanted[from + i]!
      const start = i * lists.length
      let last = -Infinity
      for (let j = start; j < start + lists.length; j++) {
        last = costs[j]!
        if (last === Infinity) break
        writer.offer(ids[j]!, mergingCost(clusters, cluster, ids[j]!))
      }
      writer.write(cluster, last - search.slackOf(cluster))
      if (isInDoubt(lists, cluster)) measureAll(cluster, alive, clusters, writer)
    }
  })
}

/** How far the coarse cost of any pair with this cluster may be from the true one. */
export function coarseSlack({ rule, centres, sizes, norms }: Clusters, cluster: number, largestNorm: number): number {
  const error = productError(centres.cols)
  return rule === 'average' ? error : error * 2 * sizes[cluster]! * (norms[cluster]! + largestNorm)
}

/** True where so many others are about as near that single precision cannot tell which is nearest. */
export function isInDoubt(lists: NearestLists, cluster: number): boolean {
  return !isCertain(lists, cluster) && lists.costs[cluster * lists.length] !== 0
}

/** Compares a cluster with all others in double precision. */
export function measureAll(
  cluster: number,
  alive: Int32Array,
  clusters: Clusters,
  writer: ReturnType<typeof createListWriter>,
): void {
  for (const other of alive) if (other !== cluster) writer.offer(other, mergingCost(clusters, cluster, other))
  writer.write(cluster, Infinity)
}

function prepare(clusters: Clusters, alive: Int32Array, length: number) {
  const { centres } = clusters
  const { depth, panels, floats } = panelShape(alive.length, centres.cols)
  const rows = roundUp(searchBlockRows, tileRows)
  const layout = createLayout()
  const columns = placeColumns(layout, panels)
  const own = placeRows(layout, rows, depth)
  const packedAt = layout.place(floats * 4)
  const costsAt = layout.place(rows * length * 4)
  const idsAt = layout.place(rows * length * 4)
  const foundAt = layout.place(32)
  const opened = borrowKernels(layout.bytes())
  if (opened === undefined) return undefined
  packPanels(centres, alive, opened.floats(packedAt, floats))
  const largestNorm = writeColumns(opened, columns, clusters, alive)
  opened.floats(own.rowsAt, rows * depth).fill(0)
  const costs = opened.floats(costsAt, rows * length)
  const ids = opened.ints(idsAt, rows * length)
  const isWard = clusters.rule === 'ward' ? 1 : 0
  return {
    slackOf: (cluster: number) => coarseSlack(clusters, cluster, largestNorm),
    find: (wanted: Int32Array) => {
      writeRows(opened, own, clusters, wanted, depth)
      costs.fill(Infinity, 0, wanted.length * length).fill(-Infinity, wanted.length * length)
      opened.kernels.searchRows(
        own.rowsAt,
        roundUp(wanted.length, tileRows),
        depth,
        own.normsAt,
        own.sizesAt,
        own.idsAt,
        packedAt,
        0,
        panels,
        columns.normsAt,
        columns.sizesAt,
        columns.idsAt,
        costsAt,
        idsAt,
        length,
        isWard,
        foundAt,
      )
      return { ids, costs }
    },
  }
}

export function placeColumns(layout: ReturnType<typeof createLayout>, panels: number) {
  const bytes = panels * panelCols * 4
  return {
    count: panels * panelCols,
    normsAt: layout.place(bytes),
    sizesAt: layout.place(bytes),
    idsAt: layout.place(bytes),
  }
}

/** Norms (what the kernel adds), sizes and numbers of the columns; padding is infinitely far. Answers the largest norm. */
export function writeColumns(
  { floats, ints }: OpenKernels,
  at: ReturnType<typeof placeColumns>,
  { rule, norms, sizes }: Clusters,
  ids: Int32Array,
): number {
  const columnNorms = floats(at.normsAt, at.count).fill(Infinity)
  const columnSizes = floats(at.sizesAt, at.count).fill(1)
  const columnIds = ints(at.idsAt, at.count).fill(-1)
  let largest = 0
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!
    if (norms[id]! > largest) largest = norms[id]!
    columnNorms[i] = rule === 'ward' ? norms[id]! : 0.5
    columnSizes[i] = sizes[id]!
    columnIds[i] = id
  }
  return largest
}

export function placeRows(layout: ReturnType<typeof createLayout>, rows: number, depth: number) {
  return {
    count: rows,
    rowsAt: layout.place(rows * depth * 4),
    normsAt: layout.place(rows * 4),
    sizesAt: layout.place(rows * 4),
    idsAt: layout.place(rows * 4),
  }
}

/** The same for the rows of a block. */
export function writeRows(
  { floats, ints }: OpenKernels,
  at: ReturnType<typeof placeRows>,
  { rule, centres, norms, sizes }: Clusters,
  wanted: Int32Array,
  depth: number,
): void {
  const { data, cols } = centres
  const rows = floats(at.rowsAt, at.count * depth)
  const rowNorms = floats(at.normsAt, at.count).fill(0)
  const rowSizes = floats(at.sizesAt, at.count).fill(1)
  // The rows that fill up the last tile: no pair of theirs counts.
  const rowIds = ints(at.idsAt, at.count).fill(norms.length - 1)
  for (let i = 0; i < wanted.length; i++) {
    const id = wanted[i]!
    rows.set(data.subarray(id * cols, (id + 1) * cols), i * depth)
    rowNorms[i] = rule === 'ward' ? norms[id]! : 0.5
    rowSizes[i] = sizes[id]!
    rowIds[i] = id
  }
}
