import { createMatrix, type Matrix } from '#/clustering/matrix/matrix.ts'
import { createRandom } from '#/clustering/random.ts'

/** Unit-length points around random directions, and which direction each was drawn from. */
export function gaussianBlobs(options: { seed: number; rows: number; cols: number; blobs: number; noise?: number }): {
  vectors: Matrix
  labels: number[]
} {
  const random = createRandom(options.seed)
  const gaussian = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const directions = Array.from({ length: options.blobs }, () => {
    const direction = Array.from({ length: options.cols }, gaussian)
    const length = Math.hypot(...direction)
    return direction.map((value) => value / length)
  })
  const noise = (options.noise ?? 0.3) / Math.sqrt(options.cols)
  const vectors = createMatrix(options.rows, options.cols)
  const labels = Array.from({ length: options.rows }, (_, row) => {
    const label = Math.floor(random() * options.blobs)
    const point = directions[label]!.map((value) => value + noise * gaussian())
    const length = Math.hypot(...point)
    point.forEach((value, k) => (vectors.data[row * options.cols + k] = value / length))
    return label
  })
  return { vectors, labels }
}
