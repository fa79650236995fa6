// A picture of the whole set: every row a point in the square, near rows near each other, clusters apart.
import { createMatrix, rowOf, type Matrix } from './matrix/matrix.ts'
import { createRandom } from './random.ts'
import { symmetricEigen } from './svd/eigen.ts'
import { takeRows } from './matrix/take-rows.ts'
import { type ClusterTree, leavesOf } from './tree.ts'
import { toUnitRows } from './matrix/unit-rows.ts'

/** The discs of the leaves together cover this share of the square. */
const coveredShare = 0.35
const pushRounds = 120
const powerRounds = 12

/**
 * Places every row in [-1, 1]²: leaf centres by principal components (classical scaling; Torgerson 1952), pushed apart until
 * their discs no longer overlap, and each leaf's rows inside its disc by their own principal components. Unassigned
 * rows stand near the leaf they resemble most. The same input and seed give the same picture.
 */
export function projectMap(vectors: Matrix, tree: ClusterTree, options: { seed: number }): Matrix {
  const { unit } = toUnitRows(vectors)
  const positions = createMatrix(vectors.rows, 2)
  const leaves = leavesOf(tree.roots)
  if (leaves.length === 0) return positions
  const centres = createMatrix(leaves.length, unit.cols)
  leaves.forEach((leaf, i) => {
    const centre = rowOf(centres, i)
    for (const row of leaf.members) rowOf(unit, row).forEach((value, k) => (centre[k] = centre[k]! + value / leaf.size))
  })
  const total = leaves.reduce((sum, leaf) => sum + leaf.size, 0)
  const radii = Float64Array.from(leaves, (leaf) => Math.sqrt((coveredShare * 4 * leaf.size) / (Math.PI * total)))
  const places = leaves.length === 1 ? createMatrix(1, 2) : principalPlane(centres, options.seed)
  fitToSquare(places, 0.8)
  pushApart(places, radii)

  leaves.forEach((leaf, i) => {
    const inside = principalPlane(takeRows(unit, leaf.members), options.seed + i + 1)
    const [x, y] = [places.data[i * 2]!, places.data[i * 2 + 1]!]
    const reach = radii[i]! * spreadOf(inside)
    leaf.members.forEach((row, m) => {
      const angleX = inside.data[m * 2]! * reach
      const angleY = inside.data[m * 2 + 1]! * reach
      // A row far out in its leaf stays within a disc and a half.
      const length = Math.hypot(angleX, angleY)
      const limit = 1.5 * radii[i]!
      const scale = length > limit ? limit / length : 1
      positions.data[row * 2] = x + angleX * scale
      positions.data[row * 2 + 1] = y + angleY * scale
    })
  })
  placeUnassigned(unit, tree, centres, places, radii, positions)
  fitToSquare(positions, 1)
  return positions
}

/** The rows' two principal components, found by power iteration on the rows themselves; all zero for equal rows. */
function principalPlane(rows: Matrix, seed: number): Matrix {
  const { cols } = rows
  const mean = new Float64Array(cols)
  for (let i = 0; i < rows.data.length; i++) mean[i % cols] = mean[i % cols]! + rows.data[i]! / rows.rows
  const centred = createMatrix(rows.rows, cols)
  for (let i = 0; i < rows.data.length; i++) centred.data[i] = rows.data[i]! - mean[i % cols]!
  const random = createRandom(seed)
  let axes = Float64Array.from({ length: cols * 2 }, () => random() - 0.5)
  for (let round = 0; round < powerRounds; round++) {
    const onAxes = projectOnto(centred, axes)
    axes = new Float64Array(cols * 2)
    for (let row = 0; row < rows.rows; row++) {
      for (let k = 0; k < cols; k++) {
        const value = centred.data[row * cols + k]!
        axes[k * 2] = axes[k * 2]! + value * onAxes.data[row * 2]!
        axes[k * 2 + 1] = axes[k * 2 + 1]! + value * onAxes.data[row * 2 + 1]!
      }
    }
    orthonormalisePair(axes)
  }
  const plane = projectOnto(centred, axes)
  return alignWithVariance(plane)
}

function projectOnto(rows: Matrix, axes: Float64Array): Matrix {
  const result = createMatrix(rows.rows, 2)
  for (let row = 0; row < rows.rows; row++) {
    let x = 0
    let y = 0
    for (let k = 0; k < rows.cols; k++) {
      const value = rows.data[row * rows.cols + k]!
      x += value * axes[k * 2]!
      y += value * axes[k * 2 + 1]!
    }
    result.data[row * 2] = x
    result.data[row * 2 + 1] = y
  }
  return result
}

/** Gram–Schmidt on the two columns. */
function orthonormalisePair(axes: Float64Array): void {
  for (const column of [0, 1]) {
    if (column === 1) {
      let overlap = 0
      for (let i = 0; i < axes.length; i += 2) overlap += axes[i]! * axes[i + 1]!
      for (let i = 0; i < axes.length; i += 2) axes[i + 1] = axes[i + 1]! - overlap * axes[i]!
    }
    let square = 0
    for (let i = column; i < axes.length; i += 2) square += axes[i]! * axes[i]!
    const scale = square > 1e-20 ? 1 / Math.sqrt(square) : 0
    for (let i = column; i < axes.length; i += 2) axes[i] = axes[i]! * scale
  }
}

/** Turns the plane so that its first axis carries the most variance, and fixes the signs. */
function alignWithVariance(plane: Matrix): Matrix {
  const covariance = new Float64Array(4)
  for (let i = 0; i < plane.data.length; i += 2) {
    const [x, y] = [plane.data[i]!, plane.data[i + 1]!]
    covariance[0] = covariance[0]! + x * x
    covariance[1] = covariance[1]! + x * y
    covariance[3] = covariance[3]! + y * y
  }
  covariance[2] = covariance[1]!
  const { values, vectors } = symmetricEigen(covariance, 2)
  const [first, second] = values[0]! >= values[1]! ? [0, 1] : [1, 0]
  const turned = createMatrix(plane.rows, 2)
  for (const [to, from] of [first, second].entries()) {
    let largest = 0
    for (let row = 0; row < plane.rows; row++) {
      const value = plane.data[row * 2]! * vectors[from]! + plane.data[row * 2 + 1]! * vectors[2 + from]!
      turned.data[row * 2 + to] = value
      if (Math.abs(value) > Math.abs(largest)) largest = value
    }
    if (largest < 0) for (let row = 0; row < plane.rows; row++) turned.data[row * 2 + to] = -turned.data[row * 2 + to]!
  }
  return turned
}

/** What to multiply a cloud with so that its points lie within about one unit. */
function spreadOf(cloud: Matrix): number {
  let square = 0
  for (const value of cloud.data) square += value * value
  const root = Math.sqrt(square / Math.max(1, cloud.rows))
  return root > 1e-9 ? 0.6 / root : 0
}

/** Moves overlapping discs apart, each by half, until none overlap or the rounds are over. */
function pushApart(places: Matrix, radii: Float64Array): void {
  const { data } = places
  for (let round = 0; round < pushRounds; round++) {
    let moved = false
    for (let i = 0; i < places.rows; i++) {
      for (let j = i + 1; j < places.rows; j++) {
        const wanted = radii[i]! + radii[j]!
        let x = data[j * 2]! - data[i * 2]!
        let y = data[j * 2 + 1]! - data[i * 2 + 1]!
        const apart = Math.hypot(x, y)
        if (apart >= wanted) continue
        // Two discs in one place part at an angle of their own (golden angle).
        if (apart < 1e-9) [x, y] = [Math.cos(2.399963 * j), Math.sin(2.399963 * j)]
        else [x, y] = [x / apart, y / apart]
        const step = 0.25 * (wanted - apart)
        data[i * 2] = data[i * 2]! - x * step
        data[i * 2 + 1] = data[i * 2 + 1]! - y * step
        data[j * 2] = data[j * 2]! + x * step
        data[j * 2 + 1] = data[j * 2 + 1]! + y * step
        moved = true
      }
    }
    if (!moved) return
  }
}

/** Rows without a leaf stand just outside the disc of the nearest one, spread evenly around it. */
function placeUnassigned(
  unit: Matrix,
  tree: ClusterTree,
  centres: Matrix,
  places: Matrix,
  radii: Float64Array,
  positions: Matrix,
): void {
  tree.unassigned.forEach(({ row }, i) => {
    const own = rowOf(unit, row)
    let best = -Infinity
    let nearest = 0
    for (let leaf = 0; leaf < centres.rows; leaf++) {
      const centre = rowOf(centres, leaf)
      const similarity = own.reduce((sum, value, k) => sum + value * centre[k]!, 0)
      if (similarity > best) [best, nearest] = [similarity, leaf]
    }
    const angle = 2.399963 * i
    const reach = 1.6 * radii[nearest]!
    positions.data[row * 2] = places.data[nearest * 2]! + reach * Math.cos(angle)
    positions.data[row * 2 + 1] = places.data[nearest * 2 + 1]! + reach * Math.sin(angle)
  })
}

/** Centres a cloud and scales it so that its farthest coordinate is at `limit`. */
function fitToSquare(cloud: Matrix, limit: number): void {
  const { data } = cloud
  const least = [Infinity, Infinity]
  const most = [-Infinity, -Infinity]
  data.forEach((value, i) => {
    least[i % 2] = Math.min(least[i % 2]!, value)
    most[i % 2] = Math.max(most[i % 2]!, value)
  })
  const half = Math.max(most[0]! - least[0]!, most[1]! - least[1]!) / 2
  const scale = half > 1e-12 ? limit / half : 0
  data.forEach(
    (value, i) => (data[i] = Math.max(-limit, Math.min(limit, (value - (least[i % 2]! + most[i % 2]!) / 2) * scale))),
  )
}
