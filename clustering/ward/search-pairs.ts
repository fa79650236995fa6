// Two tasks: every point compared with every other, each pair once; and the lists that the threads found put together.
import { takeBlocks, type Blocks } from '../threads/blocks.ts'
import { borrowKernels, createLayout } from '../kernels/kernels.ts'
import { panelCols, tileRows } from '../kernels/tile.ts'
import { type Clusters, mergingCost } from './merging.ts'
import { createListWriter, type NearestLists } from './nearest-lists.ts'
import { packPanels, panelShape, roundUp } from '../matrix/panels.ts'
import { coarseSlack, isInDoubt, measureAll, placeColumns, placeRows, writeColumns, writeRows } from './search-rows.ts'
import { sharedFloat32, sharedInt32 } from '../matrix/shared-memory.ts'

/** What one thread found: its nearest few of every cluster; nothing where `isUsed` is 0. */
type Found = { isUsed: Int32Array; costs: Float32Array; ids: Int32Array }

export type SearchPairsTask = {
  kind: 'search-pairs'
  clusters: Clusters
  alive: Int32Array
  length: number
  blocks: Blocks
  /** One for every thread. */
  found: Found[]
}

export const pairBlockRows = 96

export function createFound(clusters: number, length: number): Found {
  return {
    isUsed: sharedInt32(1),
    costs: sharedFloat32(clusters * length),
    ids: sharedInt32(clusters * length),
  }
}

/** Where there is no SIMD nothing is searched, and nothing is found. */
export function searchPairs({ clusters, alive, length, blocks, found }: SearchPairsTask, thread: number): void {
  const { centres } = clusters
  const count = centres.rows
  const { depth, panels, floats } = panelShape(count, centres.cols)
  let search: ReturnType<typeof prepare>
  let isPrepared = false
  takeBlocks(blocks, (block) => {
    if (!isPrepared) {
      search = prepare()
      isPrepared = true
    }
    search?.search(block)
  })
  if (search === undefined) return
  const own = found[thread]!
  own.costs.set(search.costs)
  own.ids.set(search.ids)
  own.isUsed[0] = 1

  function prepare() {
    const layout = createLayout()
    const columns = placeColumns(layout, panels)
    const rows = placeRows(layout, roundUp(pairBlockRows, tileRows), depth)
    const packedAt = layout.place(floats * 4)
    const costsAt = layout.place(count * length * 4)
    const idsAt = layout.place(count * length * 4)
    const worstAt = layout.place(panels * panelCols * 4)
    const foundAt = layout.place(32)
    const opened = borrowKernels(layout.bytes())
    if (opened === undefined) return undefined
    packPanels(centres, undefined, opened.floats(packedAt, floats))
    writeColumns(opened, columns, clusters, alive)
    opened.floats(rows.rowsAt, rows.count * depth).fill(0)
    opened.floats(worstAt, panels * panelCols).fill(Infinity)
    const costs = opened.floats(costsAt, count * length).fill(Infinity)
    const ids = opened.ints(idsAt, count * length)
    return {
      costs,
      ids,
      search: (block: { from: number; count: number }): void => {
        writeRows(opened, rows, clusters, alive.subarray(block.from, block.from + block.count), depth)
        opened.kernels.searchPairs(
          rows.rowsAt,
          roundUp(block.count, tileRows),
          depth,
          rows.normsAt,
          rows.sizesAt,
          rows.idsAt,
          packedAt,
          Math.floor(block.from / panelCols),
          panels,
          columns.normsAt,
          columns.sizesAt,
          columns.idsAt,
          costsAt,
          idsAt,
          length,
          clusters.rule === 'ward' ? 1 : 0,
          foundAt,
          worstAt,
        )
      },
    }
  }
}

export type MergeListsTask = {
  kind: 'merge-lists'
  clusters: Clusters
  lists: NearestLists
  alive: Int32Array
  blocks: Blocks
  largestNorm: number
  found: Found[]
}

/** The nearest few of what all threads found, measured in double precision. */
export function mergeLists({ clusters, lists, alive, blocks, largestNorm, found }: MergeListsTask): void {
  const used = found.filter(({ isUsed }) => isUsed[0] === 1)
  const places = new Int32Array(used.length)
  const writer = createListWriter(lists)
  const { length } = lists
  takeBlocks(blocks, ({ from, count }) => {
    for (let cluster = from; cluster < from + count; cluster++) {
      places.fill(cluster * length)
      const end = (cluster + 1) * length
      let last = Infinity
      for (let i = 0; i < length; i++) {
        let best = -1
        for (let t = 0; t < used.length; t++) {
          if (places[t]! < end && (best < 0 || isBefore(used[t]!, places[t]!, used[best]!, places[best]!))) best = t
        }
        last = best < 0 ? Infinity : used[best]!.costs[places[best]!]!
        if (last === Infinity) break
        const id = used[best]!.ids[places[best]!]!
        places[best] = places[best]! + 1
        writer.offer(id, mergingCost(clusters, cluster, id))
      }
      writer.write(cluster, last - coarseSlack(clusters, cluster, largestNorm))
      if (isInDoubt(lists, cluster)) measureAll(cluster, alive, clusters, writer)
    }
  })
}

function isBefore(x: Found, i: number, y: Found, j: number): boolean {
  return x.costs[i]! < y.costs[j]! || (x.costs[i] === y.costs[j] && x.ids[i]! < y.ids[j]!)
}
