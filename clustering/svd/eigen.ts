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
