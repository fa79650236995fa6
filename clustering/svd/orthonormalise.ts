import { createMatrix, type Matrix } from '../matrix/matrix.ts'
import type { Threads } from '../threads/threads.ts'
import { gram, multiplyDense } from './products.ts'

/** A column that the ones before it leave less than this share of is taken for dependent. */
const dependentShare = 1e-12

/**
 * The same columns made orthonormal by Cholesky QR (Fukaya et al. 2014); a dependent column becomes zero. Once leaves
 * them apart, as iterations need them; only twice leaves them at right angles to the last digit.
 */
export function orthonormal(matrix: Matrix, passes: 1 | 2, threads: Threads): Matrix {
  let columns = matrix
  for (let pass = 0; pass < passes; pass++) {
    columns = multiplyDense(columns, inverseFactor(gram(columns, threads), matrix.cols), threads)
  }
  return columns
}

/** The inverse of the lower triangular L with `L Lᵀ = square`; rows of dependent columns are zero. */
function inverseFactor(square: Float64Array, size: number): Matrix {
  const factor = Float64Array.from(square)
  let largest = 0
  for (let i = 0; i < size; i++) largest = Math.max(largest, square[i * size + i]!)
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = factor[i * size + j]!
      for (let k = 0; k < j; k++) sum -= factor[i * size + k]! * factor[j * size + k]!
      if (i === j) factor[i * size + i] = sum > largest * dependentShare ? Math.sqrt(sum) : 0
      else factor[i * size + j] = sum * inverseOrZero(factor[j * size + j]!)
    }
  }
  const inverse = new Float64Array(size * size)
  for (let i = 0; i < size; i++) {
    const pivot = inverseOrZero(factor[i * size + i]!)
    inverse[i * size + i] = pivot
    for (let k = 0; k < i; k++) {
      const scale = pivot * factor[i * size + k]!
      for (let j = 0; j <= k; j++) inverse[i * size + j] = inverse[i * size + j]! - scale * inverse[k * size + j]!
    }
  }
  const rows = createMatrix(size, size)
  rows.data.set(inverse)
  return rows
}

function inverseOrZero(value: number): number {
  return value === 0 ? 0 : 1 / value
}
