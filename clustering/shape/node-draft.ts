// The nodes of a hierarchy before anything is said about them: paths, members, centres.
import type { Branch } from './levels.ts'
import { createGroupSums } from '../k-means/group-sums.ts'
import { sumGroups } from '../k-means/sum-groups.ts'
import { createMatrix, type Matrix } from '../matrix/matrix.ts'
import { createTopList, type TopList } from '../matrix/top-list.ts'
import type { Threads } from '../threads/threads.ts'
import type { TreeNode } from '../tree.ts'

const mostRepresentatives = 40
const mostBorderline = 10
const mostExtremes = 10
const mostNeighbours = 20

/** A node while it is being described. */
export type Draft = {
  node: TreeNode
  leaves: number[]
  /** For every leaf: whether it is below this node. */
  isInside: Uint8Array
  nearest: TopList
  farthest: TopList
  undecided: TopList
  outside: TopList
  /** The nearest leaf outside this node, for each row that was among the undecided for a while. */
  nextLeaf: Map<number, number>
  silhouetteSum: number
  /** Weight of the points without a leaf that are nearest to this node. */
  leftOut: number
}

/** Creates nodes depth first, siblings by falling size (then by their first member), and lists them in that order. */
export function draftNodes(
  branches: readonly Branch[],
  parentPath: string,
  leafMembers: readonly number[][],
  drafts: Draft[],
): TreeNode[] {
  const measured = branches.map((branch) => {
    const leaves = leavesOf(branch)
    return {
      branch,
      leaves,
      size: leaves.reduce((sum, leaf) => sum + leafMembers[leaf]!.length, 0),
      first: Math.min(...leaves.map((leaf) => leafMembers[leaf]![0] ?? Infinity)),
    }
  })
  measured.sort((a, b) => b.size - a.size || a.first - b.first)
  return measured.map(({ branch, leaves, size }, i) => {
    const path = parentPath === '' ? `${i + 1}` : `${parentPath}.${i + 1}`
    const node: TreeNode = {
      path,
      members: 'leaf' in branch ? leafMembers[branch.leaf]! : [],
      size,
      children: [],
      representatives: [],
      borderline: [],
      extremes: [],
      neighbours: [],
      keywords: [],
      quality: { silhouette: 0, coverage: 1, stability: null },
    }
    drafts.push({
      node,
      leaves,
      isInside: Uint8Array.from(leafMembers, (_, leaf) => (leaves.includes(leaf) ? 1 : 0)),
      nearest: createTopList(mostRepresentatives),
      farthest: createTopList(mostExtremes),
      undecided: createTopList(mostBorderline),
      outside: createTopList(mostNeighbours),
      nextLeaf: new Map(),
      silhouetteSum: 0,
      leftOut: 0,
    })
    if ('children' in branch) node.children = draftNodes(branch.children, path, leafMembers, drafts)
    return node
  })
}

function leavesOf(branch: Branch): number[] {
  return 'leaf' in branch ? [branch.leaf] : branch.children.flatMap(leavesOf)
}

/** Unit centre of every node, and how long the plain mean of its points is (1 when they are all equal). */
export function nodeCentres(
  { points, weights }: { points: Matrix; weights: Float64Array },
  assignment: Int32Array,
  drafts: readonly Draft[],
  draftsOfLeaf: readonly number[][],
  threads: Threads,
): { centres: Matrix; meanLengths: Float64Array } {
  const { cols } = points
  const ofLeaves = createGroupSums(
    draftsOfLeaf.length,
    cols,
    weights.reduce((sum, weight) => sum + weight, 0),
  )
  sumGroups(ofLeaves, points, weights, assignment, threads)
  const sums = new Float64Array(drafts.length * cols)
  draftsOfLeaf.forEach((numbers, leaf) => {
    for (const number of numbers) {
      for (let k = 0; k < cols; k++) {
        sums[number * cols + k] = sums[number * cols + k]! + ofLeaves.sums[leaf * (cols + 1) + k]!
      }
    }
  })
  const centres = createMatrix(drafts.length, cols)
  const meanLengths = new Float64Array(drafts.length)
  drafts.forEach(({ node }, number) => {
    let square = 0
    for (let k = number * cols; k < (number + 1) * cols; k++) square += sums[k]! * sums[k]!
    const length = Math.sqrt(square)
    meanLengths[number] = node.size === 0 ? 0 : length / node.size
    for (let k = number * cols; k < (number + 1) * cols; k++) centres.data[k] = length === 0 ? 0 : sums[k]! / length
  })
  return { centres, meanLengths }
}
