// Randomised truncated SVD (Halko, Martinsson & Tropp 2011, algorithms 4.4 and 5.1): the few largest singular directions
// of a large sparse matrix by a handful of products with a thin random one.
import { createMatrix, type Matrix } from '../matrix/matrix.ts'
import { createRandom } from '../random.ts'
import type { Threads } from '../threads/threads.ts'
import { symmetricEigen } from './eigen.ts'
import { orthonormal } from './orthonormalise.ts'
import { gram, multiplyDense, multiplySparse } from './products.ts'
import { transposed, type SparseMatrix } from './sparse.ts'

/** The random start is a numerical device, not a choice anybody makes: always the same, so that results do not depend on it. */
const startSeed = 1

/** Column `j` of `directions` is the right singular vector of the `j`-th largest singular value. */
export type TruncatedSvd = {
  directions: Matrix
  singularValues: Float64Array
  /**
   * How far each direction stands out from the first one left out, 0 to 1. Directions near the cut are mixtures of
   * whatever the random start left there: weighted with this, two seeds give nearly the same rows.
   */
  certainty: Float64Array
}

type SvdOptions = { rank: number; iterations: number; threads: Threads; isSymmetric?: boolean }

/** The `rank` (or fewer, where the matrix is smaller) largest singular values and right singular vectors. */
export function truncatedSvd(matrix: SparseMatrix, options: SvdOptions): TruncatedSvd {
  const { threads } = options
  const rank = Math.min(options.rank, matrix.rows, matrix.cols)
  // A few spare directions make the wanted ones accurate.
  const width = Math.min(rank + 16, matrix.rows, matrix.cols)
  const basis = findBasis(matrix, width, options)
  const { values, vectors } = symmetricEigen(gram(multiplySparse(matrix, basis, threads), threads), width)
  const order = Array.from(values.keys()).sort((a, b) => values[b]! - values[a]! || a - b)
  const kept = order.slice(0, rank)
  const mixtures = createMatrix(rank, width)
  kept.forEach((column, j) => {
    for (let k = 0; k < width; k++) mixtures.data[j * width + k] = vectors[k * width + column]!
  })
  const least = order.length > rank ? Math.max(0, values[order[rank]!]!) : 0
  return {
    directions: multiplyDense(basis, mixtures, threads),
    singularValues: Float64Array.from(kept, (column) => Math.sqrt(Math.max(0, values[column]!))),
    certainty: Float64Array.from(kept, (column) =>
      Math.sqrt(Math.max(0, 1 - least / Math.max(1e-300, values[column]!))),
    ),
  }
}

/** Orthonormal columns that span, nearly, the largest right singular directions: subspace iteration from a random start. */
function findBasis(matrix: SparseMatrix, width: number, { iterations, threads, isSymmetric }: SvdOptions): Matrix {
  const times = (factor: SparseMatrix, dense: Matrix) => multiplySparse(factor, dense, threads)
  const turned = isSymmetric === true ? matrix : transposed(matrix)
  // Orthonormal columns cost length × width²: they are kept on the shorter side, and a few hundred texts have many thousand
  // n-grams.
  const isWide = matrix.rows < matrix.cols
  let basis = gaussianMatrix(isWide ? matrix.rows : matrix.cols, width, startSeed)
  for (let round = 0; round < iterations; round++) {
    if (isSymmetric === true) basis = times(matrix, basis)
    else basis = isWide ? times(matrix, times(turned, basis)) : times(turned, times(matrix, basis))
    const isLast = round === iterations - 1 && !isWide
    basis = orthonormal(basis, isLast ? 2 : 1, threads)
  }
  return isWide ? orthonormal(times(turned, basis), 2, threads) : basis
}

function gaussianMatrix(rows: number, cols: number, seed: number): Matrix {
  const random = createRandom(seed)
  const matrix = createMatrix(rows, cols)
  // Box–Muller gives two numbers a turn.
  for (let i = 0; i < matrix.data.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - random()))
    const angle = 2 * Math.PI * random()
    matrix.data[i] = radius * Math.cos(angle)
    if (i + 1 < matrix.data.length) matrix.data[i + 1] = radius * Math.sin(angle)
  }
  return matrix
}
