import { expect, test } from 'vitest'
import { createMatrix, rowOf, type Matrix } from '#/clustering/matrix/matrix.ts'
import { createRandom } from '#/clustering/random.ts'
import { orthonormal } from '#/clustering/svd/orthonormalise.ts'
import { gram, multiplySparse } from '#/clustering/svd/products.ts'
import { createSparseBuilder, transposed, type SparseMatrix } from '#/clustering/svd/sparse.ts'
import { truncatedSvd } from '#/clustering/svd/truncated-svd.ts'
import { oneThread } from '#/clustering/threads/threads.ts'

const threads = oneThread

function sparseMatrix(rows: number, cols: number, share: number): SparseMatrix {
  const random = createRandom(1)
  const builder = createSparseBuilder(cols)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < cols; column++) if (random() < share) builder.add(column, random() - 0.3)
    builder.endRow()
  }
  return builder.build()
}

function randomMatrix(rows: number, cols: number): Matrix {
  const random = createRandom(2)
  const matrix = createMatrix(rows, cols)
  for (let i = 0; i < matrix.data.length; i++) matrix.data[i] = random() - 0.5
  return matrix
}

/** Entry by entry in double precision. */
function productOf(matrix: SparseMatrix, dense: Matrix): number[] {
  return Array.from({ length: matrix.rows * dense.cols }, (_, at) => {
    const row = Math.floor(at / dense.cols)
    let sum = 0
    for (let i = matrix.offsets[row]!; i < matrix.offsets[row + 1]!; i++) {
      sum += matrix.values[i]! * dense.data[matrix.columns[i]! * dense.cols + (at % dense.cols)]!
    }
    return sum
  })
}

test.each([1, 3, 7, 17, 52, 116])(
  'a sparse matrix times a dense one of %i columns is as in double precision',
  (cols) => {
    const matrix = sparseMatrix(150, 40, 0.2)
    const dense = randomMatrix(40, cols)
    const product = Array.from(multiplySparse(matrix, dense, threads).data)
    productOf(matrix, dense).forEach((value, i) => expect(product[i]).toBeCloseTo(value, 5))
  },
)

test('a matrix turned twice is itself', () => {
  const matrix = sparseMatrix(30, 50, 0.1)
  expect(transposed(transposed(matrix))).toEqual(matrix)
})

test('columns made orthonormal are at right angles and of length one, a dependent one is zero', () => {
  const matrix = randomMatrix(3_000, 10)
  for (let row = 0; row < matrix.rows; row++) {
    const own = rowOf(matrix, row)
    own[4] = 2 * own[1]! - own[3]!
  }
  const square = gram(orthonormal(matrix, 2, threads), threads)
  square.forEach((value, at) => {
    const [i, j] = [Math.floor(at / 10), at % 10]
    expect(value).toBeCloseTo(i === j && i !== 4 ? 1 : 0, 5)
  })
})

test.each([
  [200, 60],
  [60, 200],
])(
  'of a matrix of %i × %i with a falling diagonal the largest singular values are found, and their directions',
  (rows, cols) => {
    // A diagonal matrix: its singular values are what stands on it.
    const builder = createSparseBuilder(cols)
    for (let row = 0; row < rows; row++) {
      if (row < Math.min(rows, cols)) builder.add(row, 10 * 0.8 ** row)
      builder.endRow()
    }
    const { singularValues, directions } = truncatedSvd(builder.build(), { rank: 5, iterations: 4, threads })
    for (let j = 0; j < 5; j++) {
      expect(singularValues[j]).toBeCloseTo(10 * 0.8 ** j, 4)
      expect(Math.abs(directions.data[j * 5 + j]!)).toBeCloseTo(1, 3)
    }
  },
)
