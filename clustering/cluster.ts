// The whole of clustering in one call: vectors in, a readable tree out.
import { describeTree, type Description } from './describe/describe.ts'
import { addKeywords } from './describe/keywords-of-tree.ts'
import { findUnfamiliar } from './text/familiarity.ts'
import { mostChildren } from './shape/group-shape.ts'
import { findLeaves, joinNearestLeaves } from './shape/leaves.ts'
import { buildLevels, leastForTwoLevels } from './shape/levels.ts'
import type { Partition } from './k-means/lloyd.ts'
import type { Matrix } from './matrix/matrix.ts'
import { dropOutliers, mergeTinyLeaves, reasonOfText } from './shape/outliers.ts'
import { measureStability } from './describe/stability.ts'
import { oneThread } from './threads/threads.ts'
import type { ClusterOptions, ClusterTree, UnassignedReason } from './tree.ts'
import { rowsBehind, toDistinctPoints, toUnitRows, type DistinctPoints } from './matrix/unit-rows.ts'

/**
 * Clusters rows into a tree of two to four levels (one where there is little), five to twelve children a node where the
 * data allow. The same rows, options and seed give the same tree, whatever order the rows come in (ties aside).
 *
 * Throws RangeError for values that are not finite, and for texts that do not match the rows.
 *
 * @example
 * const tree = clusterTree(featurize(texts, { seed: 1 }), { seed: 1, texts })
 * tree.roots[0].children[2].members // rows of the third child of the largest root
 */
export function clusterTree(vectors: Matrix, options: ClusterOptions): ClusterTree {
  const { texts } = options
  if (texts !== undefined && texts.length !== vectors.rows) {
    throw new RangeError(`There are ${vectors.rows} rows but ${texts.length} texts.`)
  }
  checkShape(options)
  const { threads = oneThread, onProgress: progress = () => {} } = options
  const { unit, isZero } = toUnitRows(vectors)

  const unassigned: { row: number; reason: UnassignedReason }[] = []
  const usable = new Int32Array(vectors.rows)
  let used = 0
  for (let row = 0; row < vectors.rows; row++) {
    const reason = texts === undefined ? undefined : reasonOfText(texts[row]!)
    if (reason !== undefined) unassigned.push({ row, reason })
    else if (isZero[row] === 1) unassigned.push({ row, reason: texts === undefined ? 'empty' : 'unlike_others' })
    else usable[used++] = row
  }
  const distances = new Float32Array(vectors.rows).fill(NaN)
  if (used === 0) {
    return { roots: [], unassigned, distances, quality: { silhouette: 0, coverage: 0, stability: null } }
  }

  const distinct = toDistinctPoints(unit, usable.subarray(0, used))
  progress(0.05)
  const partition = findPartition(distinct, options, (share) => progress(0.05 + 0.7 * share))
  const branches = buildLevels(partition.centres, options.levels)
  progress(0.8)
  const described = describeTree(distinct, partition.assignment, partition.centres.rows, branches, threads)
  progress(0.85)
  const stability =
    options.stability === true ? addStability(distinct, partition.assignment, described.nodes, options, progress) : null
  partition.assignment.forEach((leaf, point) => {
    // Rows that are not used have their reasons already.
    if (distinct.weights[point] === 0) return
    for (let i = distinct.offsets[point]!; i < distinct.offsets[point + 1]!; i++) {
      const row = distinct.members[i]!
      if (leaf < 0) unassigned.push({ row, reason: 'unlike_others' })
      else distances[row] = described.distances[point]!
    }
  })
  unassigned.sort((a, b) => a.row - b.row)
  if (texts !== undefined) addKeywords(described.roots, texts)
  progress(1)
  const coverage = 1 - unassigned.length / vectors.rows
  return {
    roots: described.roots,
    unassigned,
    distances,
    quality: { silhouette: described.silhouette, coverage, stability },
  }
}

/** Writes the stability of every node into it, and gives that of the whole: of the leaves, by their sizes. */
function addStability(
  { points, weights }: DistinctPoints,
  assignment: Int32Array,
  nodes: Description['nodes'],
  options: ClusterOptions,
  progress: (share: number) => void,
): number | null {
  const measured = measureStability(
    points,
    weights,
    assignment,
    nodes.map(({ leaves }) => leaves),
    {
      seed: options.seed,
      ...(options.levels === undefined ? {} : { levels: options.levels }),
      onProgress: (share) => progress(0.85 + 0.1 * share),
    },
  )
  if (measured === null) return null
  let sum = 0
  let rows = 0
  nodes.forEach(({ node }, i) => {
    node.quality.stability = measured[i]!
    if (node.children.length > 0) return
    sum += measured[i]! * node.size
    rows += node.size
  })
  return sum / rows
}

function findPartition(
  distinct: DistinctPoints,
  options: ClusterOptions,
  progress: (share: number) => void,
): Partition {
  const { points, weights } = distinct
  const { threads = oneThread } = options
  const found = findLeaves(points, weights, {
    seed: options.seed,
    threads,
    ...(options.maxLeaves === undefined ? {} : { maxLeaves: options.maxLeaves }),
    onProgress: progress,
  })
  const unfamiliar = options.texts === undefined ? undefined : findUnfamiliar(options.texts)
  // One row speaks for all that share its vector.
  const isUnfamiliar = unfamiliar && ((point: number) => unfamiliar[rowsBehind(distinct, point)[0]!] === 1)
  const withoutFar = dropOutliers(points, weights, found, { threads, ...(isUnfamiliar && { isUnfamiliar }) })
  for (let point = 0; point < points.rows; point++) if (weights[point] === 0) withoutFar.assignment[point] = -1
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const leaves = mergeTinyLeaves(points, weights, withoutFar, options.minSize ?? defaultMinSize(total))
  // A few leaves more than one node should hold would make two or three nodes of four: one node reads better.
  const isAwkward = options.levels === undefined && leaves.centres.rows < leastForTwoLevels
  return isAwkward ? joinNearestLeaves(points, weights, leaves, mostChildren) : leaves
}

/** A theme of one among hundreds is no theme. */
function defaultMinSize(rows: number): number {
  if (rows < 20) return 1
  return rows < 500 ? 2 : 3
}

function checkShape(options: ClusterOptions): void {
  const { levels, maxLeaves, minSize } = options
  for (const [name, value] of Object.entries({ levels, maxLeaves, minSize })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      throw new RangeError(`${name} must be a whole number of at least 1, not ${value}.`)
    }
  }
}
