// Randomised truncated SVD (Halko, Martinsson & Tropp 2011, algorithms 4.4 and 5.1): the few largest singular directions
// of a large sparse matrix by a handful of products with a thin random one.
import { createMatrix, type Matrix } from './matrix.ts'
import { createRandom } from './random.ts'
import { multiplySparse, multiplySparseTransposed, type SparseMatrix } from './sparse.ts'

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

/** The `rank` (or fewer, where the matrix is smaller) largest singular values and right singular vectors. */
export function truncatedSvd(
  matrix: SparseMatrix,
  options: { rank: number; iterations: number; isSymmetric?: boolean },
): TruncatedSvd {
  const rank = Math.min(options.rank, matrix.rows, matrix.cols)
  // A few spare directions make the wanted ones accurate.
  const width = Math.min(rank + 16, matrix.rows, matrix.cols)
  const basis = findBasis(matrix, width, options)
  const image = multiplySparse(matrix, basis)
  const { values, vectors } = symmetricEigen(gram(image), width)
  const order = Array.from(values.keys()).sort((a, b) => values[b]! - values[a]! || a - b)
  const kept = order.slice(0, rank)
  const directions = createMatrix(matrix.cols, rank)
  for (let row = 0; row < matrix.cols; row++) {
    kept.forEach((column, j) => {
      let sum = 0
      for (let k = 0; k < width; k++) sum += basis.data[row * width + k]! * vectors[k * width + column]!
      directions.data[row * rank + j] = sum
    })
  }
  const least = order.length > rank ? Math.max(0, values[order[rank]!]!) : 0
  return {
    directions,
    singularValues: Float64Array.from(kept, (column) => Math.sqrt(Math.max(0, values[column]!))),
    certainty: Float64Array.from(kept, (column) =>
      Math.sqrt(Math.max(0, 1 - least / Math.max(1e-300, values[column]!))),
    ),
  }
}

/** Orthonormal columns that span, nearly, the largest right singular directions: subspace iteration from a random start. */
function findBasis(
  matrix: SparseMatrix,
  width: number,
  options: { iterations: number; isSymmetric?: boolean },
): Matrix {
  if (options.isSymmetric === true) {
    let basis = gaussianMatrix(matrix.cols, width, startSeed)
    orthonormalise(basis)
    for (let round = 0; round < options.iterations; round++) {
      basis = multiplySparse(matrix, basis)
      orthonormalise(basis)
    }
    return basis
  }
  // Orthonormal columns cost length × width²: they are kept on the shorter side, and a few hundred texts have many thousand
  // n-grams.
  const isWide = matrix.rows < matrix.cols
  let basis = gaussianMatrix(isWide ? matrix.rows : matrix.cols, width, startSeed)
  orthonormalise(basis)
  for (let round = 0; round < options.iterations; round++) {
    basis = isWide
      ? multiplySparse(matrix, multiplySparseTransposed(matrix, basis))
      : multiplySparseTransposed(matrix, multiplySparse(matrix, basis))
    orthonormalise(basis)
  }
  if (!isWide) return basis
  const right = multiplySparseTransposed(matrix, basis)
  orthonormalise(right)
  return right
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

/** `matrixᵀ · matrix`, row-major. */
function gram(matrix: Matrix): Float64Array {
  const { data, rows, cols } = matrix
  const product = new Float64Array(cols * cols)
  for (let row = 0; row < rows; row++) {
    const at = row * cols
    for (let i = 0; i < cols; i++) {
      const value = data[at + i]!
      if (value === 0) continue
      for (let j = i; j < cols; j++) product[i * cols + j] = product[i * cols + j]! + value * data[at + j]!
    }
  }
  for (let i = 0; i < cols; i++) for (let j = 0; j < i; j++) product[i * cols + j] = product[j * cols + i]!
  return product
}

/** Makes the columns orthonormal, in place, by Cholesky QR done twice (Fukaya et al. 2014); a dependent column becomes zero. */
function orthonormalise(matrix: Matrix): void {
  const { data, rows, cols } = matrix
  for (let pass = 0; pass < 2; pass++) {
    const factor = gram(matrix)
    // Cholesky in place: factor's lower triangle becomes L with L Lᵀ = gram.
    const largest = Math.max(...Array.from({ length: cols }, (_, i) => factor[i * cols + i]!))
    for (let i = 0; i < cols; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = factor[i * cols + j]!
        for (let k = 0; k < j; k++) sum -= factor[i * cols + k]! * factor[j * cols + k]!
        if (i === j) factor[i * cols + i] = sum > largest * 1e-12 ? Math.sqrt(sum) : 0
        else factor[i * cols + j] = sum * inverseOrZero(factor[j * cols + j]!)
      }
    }
    for (let row = 0; row < rows; row++) {
      const at = row * cols
      for (let j = 0; j < cols; j++) {
        const pivot = factor[j * cols + j]!
        let sum = data[at + j]!
        for (let k = 0; k < j; k++) sum -= data[at + k]! * factor[j * cols + k]!
        data[at + j] = pivot === 0 ? 0 : sum / pivot
      }
    }
  }
}

function inverseOrZero(value: number): number {
  return value === 0 ? 0 : 1 / value
}

/** Eigenvalues and eigenvectors (columns) of a small symmetric matrix by cyclic Jacobi rotations (Golub & Van Loan, §8.5). */
export function symmetricEigen(matrix: Float64Array, size: number): { values: Float64Array; vectors: Float64Array } {
  const a = Float64Array.from(matrix)
  const vectors = new Float64Array(size * size)
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1
  let total = 0
  for (const value of a) total += value * value
  for (let sweep = 0; sweep < 30; sweep++) {
    let outside = 0
    for (let i = 0; i < size; i++) for (let j = i + 1; j < size; j++) outside += a[i * size + j]! ** 2
    if (outside <= total * 1e-20) break
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) rotate(a, vectors, size, p, q)
  }
  return { values: Float64Array.from({ length: size }, (_, i) => a[i * size + i]!), vectors }
}

/** One Jacobi rotation: makes the entry (p, q) zero. */
function rotate(a: Float64Array, vectors: Float64Array, size: number, p: number, q: number): void {
  const entry = a[p * size + q]!
  if (Math.abs(entry) < 1e-300) return
  const theta = (a[q * size + q]! - a[p * size + p]!) / (2 * entry)
  const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const cosine = 1 / Math.sqrt(tangent * tangent + 1)
  const sine = tangent * cosine
  for (let k = 0; k < size; k++) {
    const x = a[k * size + p]!
    const y = a[k * size + q]!
    a[k * size + p] = cosine * x - sine * y
    a[k * size + q] = sine * x + cosine * y
  }
  for (let k = 0; k < size; k++) {
    const x = a[p * size + k]!
    const y = a[q * size + k]!
    a[p * size + k] = cosine * x - sine * y
    a[q * size + k] = sine * x + cosine * y
  }
  for (let k = 0; k < size; k++) {
    const x = vectors[k * size + p]!
    const y = vectors[k * size + q]!
    vectors[k * size + p] = cosine * x - sine * y
    vectors[k * size + q] = sine * x + cosine * y
  }
}
