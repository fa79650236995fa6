// A task: compares some clusters with all others and fills their lists.
import { takeBlocks, type Blocks } from '../threads/blocks.ts'
import { borrowKernels, createLayout, type OpenKernels } from '../kernels/kernels.ts'
import { searchTileCols, searchTileRows } from '../kernels/search-source.ts'
import { productError } from '../matrix/measure.ts'
import { type Clusters, mergingCost } from './merging.ts'
import { createListWriter, isCertain, type NearestLists } from './nearest-lists.ts'
import { copyRows, panelShape, roundUp } from '../matrix/panels.ts'

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
    // A thread that comes too late for a block need not copy anything.
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
  const { cols } = clusters.centres
  const { depth } = panelShape(1, cols)
  const layout = createLayout()
  const columns = placeRows(layout, roundUp(alive.length, searchTileCols), depth)
  const own = placeRows(layout, searchBlockRows, depth)
  const costsAt = layout.place(searchBlockRows * length * 4)
  const idsAt = layout.place(searchBlockRows * length * 4)
  const lastsAt = layout.place((searchTileRows + searchBlockRows) * 4) + searchTileRows * 4
  const opened = borrowKernels(layout.bytes())
  if (opened === undefined) return undefined
  const largestNorm = writeRows(opened, columns, clusters, alive, depth)
  const costs = opened.floats(costsAt, searchBlockRows * length)
  const ids = opened.ints(idsAt, searchBlockRows * length)
  const lasts = opened.floats(lastsAt, searchBlockRows)
  const isWard = clusters.rule === 'ward' ? 1 : 0
  return {
    slackOf: (cluster: number) => coarseSlack(clusters, cluster, largestNorm),
    find: (wanted: Int32Array) => {
      writeRows(opened, own, clusters, wanted, depth)
      costs.fill(Infinity)
      // Nothing belongs in the lists of the rows that fill up the last tile.
      lasts.fill(Infinity, 0, wanted.length).fill(-Infinity, wanted.length)
      opened.kernels.searchRows(
        own.rowsAt,
        roundUp(wanted.length, searchTileRows),
        depth,
        own.normsAt,
        own.sizesAt,
        own.idsAt,
        columns.rowsAt,
        columns.count,
        columns.normsAt,
        columns.sizesAt,
        columns.idsAt,
        costsAt,
        idsAt,
        length,
        isWard,
        lastsAt,
      )
      return { ids, costs }
    },
  }
}

function placeRows(layout: ReturnType<typeof createLayout>, count: number, depth: number) {
  return {
    count,
    rowsAt: layout.place(count * depth * 4),
    normsAt: layout.place(count * 4),
    sizesAt: layout.place(count * 4),
    idsAt: layout.place(count * 4),
  }
}

/** The centres of clusters, their norms (what the kernel adds), sizes and numbers; padding is infinitely far. Answers the largest norm. */
function writeRows(
  { floats, ints }: OpenKernels,
  at: ReturnType<typeof placeRows>,
  { rule, centres, norms, sizes }: Clusters,
  wanted: Int32Array,
  depth: number,
): number {
  const rows = floats(at.rowsAt, at.count * depth)
  const ownNorms = floats(at.normsAt, at.count).fill(Infinity)
  const ownSizes = floats(at.sizesAt, at.count).fill(1)
  const ownIds = ints(at.idsAt, at.count).fill(-1)
  let largest = 0
  for (let i = 0; i < wanted.length; i++) {
    const id = wanted[i]!
    copyRows(centres, { from: id, count: 1 }, depth, rows.subarray(i * depth))
    if (norms[id]! > largest) largest = norms[id]!
    ownNorms[i] = rule === 'ward' ? norms[id]! : 0.5
    ownSizes[i] = sizes[id]!
    ownIds[i] = id
  }
  return largest
}
