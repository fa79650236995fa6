// Groups moved in a finished tree by somebody who has read their names; the mathematics has a veto.
import { describeTree } from './describe/describe.ts'
import { groupingQuality } from './shape/grouping-quality.ts'
import { addKeywords } from './describe/keywords-of-tree.ts'
import { createMatrix, type Matrix, rowOf } from './matrix/matrix.ts'
import { toDistinctPoints, rowsBehind, toUnitRows } from './matrix/unit-rows.ts'
import { mostChildren } from './shape/group-shape.ts'
import type { Branch } from './shape/levels.ts'
import { oneThread } from './threads/threads.ts'
import { type ClusterTree, leavesOf, type TreeNode } from './tree.ts'

/** Nodes (by path) that are wished to stand below another one of their parent's level; all of them or none. */
export type Rearrangement = { paths: string[]; to: string }

export type Rearranged = {
  tree: ClusterTree
  /** The path a node had before, of the nodes that hold the same leaves as then; by the new path. */
  was: Map<string, string>
}

const noParent = ''
const fewestSiblings = 2
const rounding = 1e-9

/**
 * Carries out the wishes one by one, each only where the tree stays readable (two to twelve children a node, no level less)
 * and the silhouette of the leaf centres in their groups, averaged over the levels, does not get worse. Leaves and what is
 * unassigned stay as they are; the tree itself comes back where no wish is carried out.
 */
export function rearrangeTree(
  vectors: Matrix,
  tree: ClusterTree,
  wishes: readonly Rearrangement[],
  { texts }: { texts?: readonly string[] } = {},
): Rearranged {
  const leaves = leavesOf(tree.roots)
  const { unit, isZero } = toUnitRows(vectors)
  const centres = centresOf(unit, leaves)
  let parents: Parents = parentsOf(tree.roots, noParent)
  const untouched = parents
  let quality = qualityOf(parents, leaves, centres)
  for (const wish of wishes) {
    const wished = carryOut(wish, parents)
    if (wished === undefined) continue
    const then = qualityOf(wished, leaves, centres)
    if (then < quality - rounding) continue
    parents = wished
    quality = then
  }
  if (parents === untouched) return { tree, was: new Map([...parents.keys()].map((path) => [path, path])) }

  const leafOfRow = new Int32Array(vectors.rows).fill(-1)
  leaves.forEach(({ members }, leaf) => members.forEach((row) => (leafOfRow[row] = leaf)))
  // Rows that say nothing were never looked at, though their vectors may equal another's.
  const isOutlier = new Set(tree.unassigned.flatMap(({ row, reason }) => (reason === 'unlike_others' ? [row] : [])))
  const rows = [...leafOfRow.keys()].filter((row) => isZero[row] === 0 && (leafOfRow[row]! >= 0 || isOutlier.has(row)))
  const distinct = toDistinctPoints(unit, Int32Array.from(rows))
  const assignment = Int32Array.from({ length: distinct.points.rows }, (_, point) =>
    distinct.weights[point] === 0 ? -1 : leafOfRow[rowsBehind(distinct, point)[0]!]!,
  )
  const { roots, nodes } = describeTree(
    distinct,
    assignment,
    leaves.length,
    toBranches(noParent, parents, leaves),
    oneThread,
  )
  if (texts !== undefined) addKeywords(roots, texts)
  const before = new Map(flatten(tree.roots).map((node) => [keyOf(node), node]))
  const was = new Map<string, string>()
  for (const { node } of nodes) {
    const same = before.get(keyOf(node))
    if (same === undefined) continue
    was.set(node.path, same.path)
    // How much of these leaves comes back has nothing to do with what is around them.
    node.quality.stability = same.quality.stability
  }
  return { tree: { ...tree, roots }, was }
}

type Parents = ReadonlyMap<string, string>

function parentsOf(nodes: readonly TreeNode[], parent: string): Map<string, string> {
  return new Map(nodes.flatMap((node) => [[node.path, parent] as const, ...parentsOf(node.children, node.path)]))
}

/** The tree with the wish fulfilled; `undefined` where it cannot be, or a node would have too few or too many children. */
function carryOut({ paths, to }: Rearrangement, parents: Parents): Parents | undefined {
  const isInner = new Set(parents.values())
  const sources = new Set(paths.map((path) => parents.get(path)))
  if (paths.length === 0 || !parents.has(to) || !isInner.has(to)) return undefined
  for (const from of sources) {
    if (from === undefined || from === noParent || from === to || depthOf(from, parents) !== depthOf(to, parents))
      return undefined
  }
  const wished = new Map(parents)
  for (const path of paths) wished.set(path, to)
  const hasChildren = new Set(wished.values())
  // A group that was emptied is gone.
  for (const from of sources) if (from !== undefined && !hasChildren.has(from)) wished.delete(from)
  const before = countBy(parents.values())
  const counts = countBy(wished.values())
  const isReadable = [...counts].every(([parent, count]) => {
    const old = before.get(parent) ?? 0
    return count === old || (count >= fewestSiblings && (count <= mostChildren || count < old))
  })
  return isReadable ? wished : undefined
}

function countBy(values: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}

function depthOf(path: string, parents: Parents): number {
  let depth = 0
  for (let at: string | undefined = path; at !== undefined && at !== noParent; at = parents.get(at)) depth++
  return depth
}

/** Of each level above the leaves: a leaf that stands there already is a group by itself. */
function qualityOf(parents: Parents, leaves: readonly TreeNode[], centres: Matrix): number {
  const lines = leaves.map(({ path }) => lineOf(path, parents))
  const levels = Math.max(...lines.map((line) => line.length)) - 1
  let sum = 0
  for (let level = 0; level < levels; level++) {
    const numbers = new Map<string, number>()
    const groups = lines.map((line) => {
      const group = line[Math.min(level, line.length - 1)]!
      const number = numbers.get(group) ?? numbers.size
      numbers.set(group, number)
      return number
    })
    sum += groupingQuality(centres, groups)
  }
  return sum
}

/** The paths from the root down to a node. */
function lineOf(path: string, parents: Parents): string[] {
  const line: string[] = []
  for (let at: string | undefined = path; at !== undefined && at !== noParent; at = parents.get(at)) line.unshift(at)
  return line
}

function toBranches(parent: string, parents: Parents, leaves: readonly TreeNode[]): Branch[] {
  const leafOf = new Map(leaves.map(({ path }, leaf) => [path, leaf]))
  const childrenOf = Map.groupBy(parents.keys(), (path) => parents.get(path) ?? noParent)
  const build = (path: string): Branch => {
    const leaf = leafOf.get(path)
    return leaf === undefined ? { children: (childrenOf.get(path) ?? []).map(build) } : { leaf }
  }
  return (childrenOf.get(parent) ?? []).map(build)
}

function centresOf(unit: Matrix, leaves: readonly TreeNode[]): Matrix {
  const centres = createMatrix(leaves.length, unit.cols)
  leaves.forEach(({ members }, leaf) => {
    const centre = rowOf(centres, leaf)
    for (const row of members) rowOf(unit, row).forEach((value, k) => (centre[k] = centre[k]! + value))
    const length = Math.hypot(...centre)
    if (length > 0) centre.forEach((value, k) => (centre[k] = value / length))
  })
  return centres
}

/** A leaf's first row is no other leaf's: these tell nodes apart whatever their paths. */
function keyOf(node: TreeNode): string {
  return leavesOf([node])
    .map(({ members }) => members[0] ?? -1)
    .sort((a, b) => a - b)
    .join(' ')
}

function flatten(nodes: readonly TreeNode[]): TreeNode[] {
  return nodes.flatMap((node) => [node, ...flatten(node.children)])
}
