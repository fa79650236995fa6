// The nearest few clusters of every cluster, and the cost below which no cluster outside the list lies.
import { sharedFloat64, sharedInt32 } from '../matrix/shared-memory.ts'

/** In memory that threads share: list `c` is `ids` and `costs` from `c * length`, nearest first, the lower number among equals. */
export type NearestLists = {
  length: number
  ids: Int32Array
  costs: Float64Array
  counts: Int32Array
  bounds: Float64Array
}

export function createNearestLists(clusters: number, length: number): NearestLists {
  return {
    length,
    ids: sharedInt32(clusters * length),
    costs: sharedFloat64(clusters * length),
    counts: sharedInt32(clusters),
    bounds: sharedFloat64(clusters),
  }
}

/** True where no cluster outside the list can be the nearest. */
export function isCertain({ length, costs, counts, bounds }: NearestLists, cluster: number): boolean {
  return counts[cluster]! > 0 && costs[cluster * length]! < bounds[cluster]!
}

/** Collects candidates for one list after the other, and writes the best of them. */
export function createListWriter({ length, ids, costs, counts, bounds }: NearestLists) {
  const bestIds = new Int32Array(length + 1)
  const bestCosts = new Float64Array(length + 1)
  let count = 0
  return {
    offer: (id: number, cost: number): void => {
      if (count > length && (cost > bestCosts[length]! || (cost === bestCosts[length] && id > bestIds[length]!))) return
      let place = count > length ? length : count++
      while (
        place > 0 &&
        (bestCosts[place - 1]! > cost || (bestCosts[place - 1] === cost && bestIds[place - 1]! > id))
      ) {
        bestCosts[place] = bestCosts[place - 1]!
        bestIds[place] = bestIds[place - 1]!
        place--
      }
      bestCosts[place] = cost
      bestIds[place] = id
    },
    /** Nothing that was not offered is nearer than `bound`. */
    write: (cluster: number, bound: number): void => {
      const kept = Math.min(count, length)
      const start = cluster * length
      for (let i = 0; i < kept; i++) {
        ids[start + i] = bestIds[i]!
        costs[start + i] = bestCosts[i]!
      }
      counts[cluster] = kept
      // What did not fit is outside the list too.
      bounds[cluster] = count > length ? Math.min(bound, bestCosts[length]!) : bound
      count = 0
    },
  }
}
