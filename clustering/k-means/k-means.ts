// K-means with a start worth having: centres chosen and trained on a sample, then a few rounds over all points.
import { createLayout, borrowKernels } from '../kernels/kernels.ts'
import { panelCols, tileRows } from '../kernels/tile.ts'
import { lloydFromCentres, type Partition } from './lloyd.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { squaredDistance, squaredNorms } from '../matrix/measure.ts'
import { copyRows, packPanels, panelShape, roundUp } from '../matrix/panels.ts'
import { createRandom } from '../random.ts'
import { hashRows, rowsOfLowestHash } from '../matrix/row-order.ts'
import { takeRows } from '../matrix/take-rows.ts'
import type { Threads } from '../threads/threads.ts'

/** More points than this do not make the start better. */
const samplePerCentre = 100
const sampleRounds = 30
const maxRounds = 100
/** As in scikit-learn: centres that have moved less than this share of the data's variance have arrived. */
const toleranceShare = 1e-4

/**
 * `k` groups (fewer where there are fewer different points) of small squared error. The start is greedy k-means++ (Arthur &
 * Vassilvitskii 2007; of a few candidates the best) on a sample, trained there: rounds over the sample cost next to nothing,
 * and few over all points remain (growing batches, Newling & Fleuret 2016).
 */
export function kMeans(
  points: Matrix,
  weights: Float64Array,
  options: { k: number; seed: number; threads: Threads },
): Partition {
  const { threads } = options
  const all = Int32Array.from({ length: points.rows }, (_, row) => row)
  const sampled = rowsOfLowestHash(hashRows(points, options.seed), all, samplePerCentre * options.k)
  const sample = takeRows(points, sampled)
  const sampleWeights = Float64Array.from(sampled, (row) => weights[row]!)
  const first = takeRows(sample, chooseCentres(sample, sampleWeights, options.k, createRandom(options.seed)))
  const tolerance = toleranceShare * meanVariance(sample)
  const start = lloydFromCentres(sample, sampleWeights, first, {
    iterations: sampleRounds,
    spherical: false,
    tolerance,
    threads,
  })
  return lloydFromCentres(points, weights, start.centres, {
    iterations: maxRounds,
    spherical: false,
    tolerance,
    threads,
  })
}

/** Greedy k-means++: every next centre is the best of a few drawn by their squared distance to those there are. */
function chooseCentres(points: Matrix, weights: Float64Array, k: number, random: () => number): number[] {
  const candidates = Math.min(panelCols, 2 + Math.floor(Math.log(k)))
  const measure = prepareDistances(points, candidates)
  const nearest = new Float64Array(points.rows).fill(Infinity)
  const chosen: number[] = []
  let potential = points.rows
  while (chosen.length < k && potential > 0) {
    const drawn =
      chosen.length === 0
        ? [Math.floor(random() * points.rows)]
        : drawByDistance(nearest, weights, potential, Array.from({ length: candidates }, random))
    const distances = measure(drawn)
    const potentials = new Float64Array(drawn.length)
    for (let row = 0; row < points.rows; row++) {
      const weight = weights[row]!
      for (let c = 0; c < drawn.length; c++) {
        potentials[c] = potentials[c]! + weight * Math.min(nearest[row]!, distances[row * panelCols + c]!)
      }
    }
    const best = potentials.indexOf(Math.min(...potentials))
    for (let row = 0; row < points.rows; row++) {
      nearest[row] = Math.min(nearest[row]!, distances[row * panelCols + best]!)
    }
    nearest[drawn[best]!] = 0
    potential = potentials[best]!
    chosen.push(drawn[best]!)
  }
  return chosen
}

function drawByDistance(nearest: Float64Array, weights: Float64Array, potential: number, shares: number[]): number[] {
  const marks = shares.map((share) => share * potential).sort((a, b) => a - b)
  const drawn: number[] = []
  let sum = 0
  let row = 0
  for (const mark of marks) {
    while (row < nearest.length - 1 && sum + weights[row]! * nearest[row]! < mark) {
      sum += weights[row]! * nearest[row]!
      row++
    }
    drawn.push(row)
  }
  return drawn
}

/** Squared distances of all points to a few of them: entry `row * 8 + c`. */
function prepareDistances(points: Matrix, candidates: number): (rows: readonly number[]) => Float64Array {
  const distances = new Float64Array(points.rows * panelCols)
  const norms = squaredNorms(points)
  const { depth, floats } = panelShape(candidates, points.cols)
  const padded = roundUp(points.rows, tileRows)
  const layout = createLayout()
  const rowsAt = layout.place(padded * depth * 4)
  const packedAt = layout.place(floats * 4)
  const outAt = layout.place(padded * panelCols * 4)
  const opened = borrowKernels(layout.bytes())
  if (opened !== undefined)
    copyRows(points, { from: 0, count: points.rows }, depth, opened.floats(rowsAt, padded * depth))
  return (rows) => {
    if (opened === undefined) {
      const { data, cols } = points
      for (let row = 0; row < points.rows; row++) {
        rows.forEach((other, c) => {
          distances[row * panelCols + c] = squaredDistance(data, row * cols, data, other * cols, cols)
        })
      }
      return distances
    }
    const packed = opened.floats(packedAt, floats)
    packPanels(points, rows, packed)
    opened.kernels.multiply(rowsAt, padded, depth, packedAt, 1, outAt, panelCols)
    const products = opened.floats(outAt, points.rows * panelCols)
    for (let row = 0; row < points.rows; row++) {
      for (let c = 0; c < rows.length; c++) {
        const at = row * panelCols + c
        distances[at] = Math.max(0, norms[row]! + norms[rows[c]!]! - 2 * products[at]!)
      }
    }
    return distances
  }
}

/** The variance of a column, on average over the columns. */
function meanVariance({ data, rows, cols }: Matrix): number {
  let variance = 0
  for (let k = 0; k < cols; k++) {
    let sum = 0
    let squares = 0
    for (let row = 0; row < rows; row++) {
      sum += data[row * cols + k]!
      squares += data[row * cols + k]! ** 2
    }
    variance += squares / rows - (sum / rows) ** 2
  }
  return variance / cols
}
