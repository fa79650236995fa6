// Two tasks: every point compared with every other, each pair once; and the lists that the threads found put together.
import { takeBlocks, type Blocks } from '../threads/blocks.ts'
import { borrowKernels, createLayout } from '../kernels/kernels.ts'
import { panelCols } from '../kernels/tile.ts'
import { type Clusters, mergingCost } from './merging.ts'
import { createListWriter, type NearestLists } from './nearest-lists.ts'
import { byteShape, writeBytePanels, writeByteRows } from '../matrix/byte-rows.ts'
import { productError } from '../matrix/measure.ts'
import type { RowRange } from '../matrix/multiply.ts'
import { copyRows, panelShape, roundUp } from '../matrix/panels.ts'
import { coarseSlack, isInDoubt, measureAll } from './search-rows.ts'
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
  const count = alive.length
  const own = found[thread]!
  let search: ReturnType<typeof preparePairs>
  let isPrepared = false
  takeBlocks(blocks, (block) => {
    if (!isPrepared) {
      search = preparePairs(clusters, length)
      isPrepared = true
    }
    search?.search(block)
  })
  if (search === undefined) return
  own.costs.set(search.costs.subarray(0, count * length))
  own.ids.set(search.ids.subarray(0, count * length))
  own.isUsed[0] = 1
}

function preparePairs(clusters: Clusters, length: number) {
  const { centres, norms, sizes, rule } = clusters
  const { rows: count, cols } = centres
  const { depth, rowBytes, panelBytes } = byteShape(count, cols)
  const { depth: pointDepth } = panelShape(1, cols)
  const columns = roundUp(count, panelCols)
  const layout = createLayout()
  const bytesAt = layout.place(pairBlockRows * rowBytes)
  const rowFloorsAt = layout.place(pairBlockRows * 4)
  const rowScalesAt = layout.place(pairBlockRows * 4)
  const shiftsAt = layout.place(pairBlockRows * 4)
  const panelsAt = layout.place(panelBytes)
  const pointsAt = layout.place(count * pointDepth * 4)
  const floorsAt = layout.place(columns * 4)
  const scalesAt = layout.place(columns * 4)
  const normsAt = layout.place(columns * 4)
  const sizesAt = layout.place(columns * 4)
  const worstAt = layout.place(columns * 4)
  const costsAt = layout.place(count * length * 4)
  const idsAt = layout.place(count * length * 4)
  const opened = borrowKernels(layout.bytes())
  if (opened === undefined) return undefined

  copyRows(centres, { from: 0, count }, pointDepth, opened.floats(pointsAt, count * pointDepth))
  const panels = {
    bytes: opened.bytes(panelsAt, panelBytes),
    scales: opened.floats(scalesAt, columns),
    errors: new Float64Array(count),
  }
  writeBytePanels(centres, panels)
  const isWard = rule === 'ward'
  let longest = 0
  for (let row = 0; row < count; row++) longest = Math.max(longest, Math.sqrt(norms[row]!) + panels.errors[row]!)
  // |<a, b> - <a', b'>| <= |a| |b - b'| + |a - a'| |b'| for the a' and b' that the bytes stand for; single precision rounds as well.
  const rounding = productError(cols) * longest
  const addedOf = (row: number) => (isWard ? norms[row]! : 0.5)
  const floorOf = (row: number, error: number) => addedOf(row) - (isWard ? 2 : 1) * longest * (error + rounding)
  const added = opened.floats(normsAt, columns)
  const floors = opened.floats(floorsAt, columns).fill(Infinity)
  const ownSizes = opened.floats(sizesAt, columns).fill(1)
  for (let row = 0; row < count; row++) {
    added[row] = addedOf(row)
    floors[row] = floorOf(row, panels.errors[row]!)
    ownSizes[row] = sizes[row]!
  }
  opened.floats(worstAt, columns).fill(Infinity)
  const rowFloors = opened.floats(rowFloorsAt, pairBlockRows)
  const rows = {
    bytes: opened.bytes(bytesAt, pairBlockRows * rowBytes),
    scales: opened.floats(rowScalesAt, pairBlockRows),
    shifts: opened.ints(shiftsAt, pairBlockRows),
    errors: new Float64Array(pairBlockRows),
  }
  const costs = opened.floats(costsAt, count * length).fill(Infinity)
  const ids = opened.ints(idsAt, count * length)
  return {
    costs,
    ids,
    search: (block: RowRange): void => {
      writeByteRows(centres, block, rows)
      for (let i = 0; i < block.count; i++) rowFloors[i] = floorOf(block.from + i, rows.errors[i]!)
      opened.kernels.searchPairs(
        bytesAt,
        block.from,
        block.count,
        depth,
        rowFloorsAt,
        rowScalesAt,
        shiftsAt,
        panelsAt,
        count,
        floorsAt,
        scalesAt,
        pointsAt,
        pointDepth,
        normsAt,
        sizesAt,
        costsAt,
        idsAt,
        length,
        isWard ? 1 : 0,
        worstAt,
      )
    },
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
