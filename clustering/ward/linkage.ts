// The agglomerative clusterings of the textbooks, for any rows.
import type { Matrix } from '../matrix/matrix.ts'
import { productError, squaredNorms } from '../matrix/measure.ts'
import { toUnitRows } from '../matrix/unit-rows.ts'
import type { Threads } from '../threads/threads.ts'
import { distancesOfPairs } from './condensed.ts'
import { toDendrogram, type Dendrogram } from './dendrogram.ts'
import { mergeByChain } from './neighbour-chain.ts'
import { dendrogramByRounds } from './reciprocal-rounds.ts'

export type LinkageOptions = {
  method: 'ward' | 'average' | 'complete'
  metric: 'euclidean' | 'cosine'
  /** Helps where the pairs are not kept. */
  threads?: Threads
}

/** Where the distances of all pairs are kept, this many rows take 2 GiB. */
export const maxRowsInPairs = 32_768

/** Distances of kept pairs are right to this share. */
const distanceError = 1e-4

/**
 * The exact dendrogram, as SciPy's `linkage(rows, method, metric)` gives it, up to ties. Ward's of cosine distances is that of
 * the rows brought to length one. Ward and the average of cosine distances need memory for the rows alone (see
 * `dendrogramByRounds`); the others keep all pairs (2 n² bytes) and throw RangeError above `maxRowsInPairs`. So do values that are
 * not finite, and, for cosine distances, rows of zeros.
 */
export function linkage(rows: Matrix, { method, metric, threads }: LinkageOptions): Dendrogram {
  const points = metric === 'cosine' ? directionsOf(rows) : finite(rows)
  const weights = new Float64Array(points.rows).fill(1)
  if (method === 'ward' || (method === 'average' && metric === 'cosine')) {
    return dendrogramByRounds(points, weights, { rule: method, ...(threads && { threads }) })
  }
  if (points.rows > maxRowsInPairs) {
    throw new RangeError(
      `The ${method} linkage of ${metric} distances keeps the distances of all pairs: at most ${maxRowsInPairs} rows, not ${points.rows}.`,
    )
  }
  const nearShare = productError(points.cols) / distanceError
  const toDistance = metric === 'cosine' ? (squared: number) => squared / 2 : Math.sqrt
  return toDendrogram(points.rows, mergeByChain(distancesOfPairs(points, nearShare, toDistance), weights, method))
}

function directionsOf(rows: Matrix): Matrix {
  const { unit, isZero } = toUnitRows(rows)
  const zero = isZero.indexOf(1)
  if (zero >= 0) throw new RangeError(`Row ${zero} is all zeros: it has no direction, and so no cosine distance.`)
  return unit
}

function finite(rows: Matrix): Matrix {
  const wrong = squaredNorms(rows).findIndex((square) => !Number.isFinite(square))
  if (wrong >= 0) throw new RangeError(`Row ${wrong} holds a value that is not a finite number.`)
  return rows
}
