// From leaf clusters to a tree a person can read: few children a node, siblings alike, no chains.
import { cutDendrogram, type Dendrogram } from './dendrogram.ts'
import { centresOf, lloyd } from './lloyd.ts'
import type { Matrix } from './matrix.ts'
import { dot } from './multiply.ts'
import { takeRows } from './take-rows.ts'
import { wardDendrogram } from './ward.ts'

/** A leaf cluster by number, or a group of branches. */
export type Branch = { leaf: number } | { children: Branch[] }

/** What a node should hold: a person takes in five to twelve things at once (Miller 1956 would say seven). */
const mostChildren = 12
const fewestChildren = 3
const wantedChildren = 8
const lloydRounds = 10

/**
 * Groups leaf clusters level by level from below: Ward over their centres on the unit sphere (every leaf counts
 * alike, or the large ones would swallow their neighbours), cut where the heights leave the widest gap near the wanted
 * number, improved by Lloyd, then groups too large split and groups too small merged into the nearest with room.
 * On CLINC150 this finds domains half again as well as cutting the points' own dendrogram twice.
 */
export function buildLevels(leafCentres: Matrix, levels?: number): Branch[] {
  const leaves = leafCentres.rows
  const depth = Math.min(levels ?? depthFor(leaves), maxDepth(leaves))
  let branches: Branch[] = Array.from({ length: leaves }, (_, leaf) => ({ leaf }))
  let centres = leafCentres
  for (let level = depth - 1; level >= 1; level--) {
    const wanted = leaves ** (level / depth)
    const assignment = groupOnce(centres, level === 1 ? Math.min(wanted, mostChildren) : wanted, level === 1)
    const groups = Math.max(...assignment) + 1
    const ones = new Float64Array(centres.rows).fill(1)
    centres = centresOf(centres, ones, assignment, { groups, spherical: true }).centres
    branches = collect(branches, assignment, groups)
  }
  return branches
}

/** Two levels hold 144 leaves at twelve children a node, three 1,728. */
function depthFor(leaves: number): number {
  if (leaves <= mostChildren) return 1
  if (leaves <= mostChildren ** 2) return 2
  return leaves <= 900 ? 3 : 4
}

/** More levels than this would leave nodes with one child. */
function maxDepth(leaves: number): number {
  return Math.max(1, Math.min(4, Math.floor(Math.log2(Math.max(2, leaves)))))
}

function collect(branches: readonly Branch[], assignment: Int32Array, groups: number): Branch[] {
  const children: Branch[][] = Array.from({ length: groups }, () => [])
  branches.forEach((branch, i) => children[assignment[i]!]!.push(branch))
  // A lone child stands for itself: no chains.
  return children.map((own) => (own.length === 1 ? own[0]! : { children: own }))
}

/** One level up: a group number for every centre. */
function groupOnce(centres: Matrix, wanted: number, isTop: boolean): Int32Array {
  const ones = new Float64Array(centres.rows).fill(1)
  const dendrogram = wardDendrogram(centres, ones)
  const count = widestGap(dendrogram, {
    least: Math.max(2, Math.floor(wanted * 0.75)),
    most: Math.min(centres.rows, isTop ? mostChildren : Infinity, Math.ceil(wanted * 1.35)),
  })
  const start = cutDendrogram(dendrogram, count)
  const { assignment } = lloyd(centres, ones, start, { groups: count, iterations: lloydRounds, spherical: true })
  return renumber(splitLarge(centres, mergeSmall(centres, splitLarge(centres, assignment))))
}

/** The number of groups in the range after which the next merge is the largest step up. */
function widestGap(dendrogram: Dendrogram, range: { least: number; most: number }): number {
  const { points, heights } = dendrogram
  let best = -Infinity
  let count = Math.min(range.least, points)
  for (let groups = range.least; groups <= range.most && groups < points; groups++) {
    const below = heights[points - groups - 1]!
    const ratio = heights[points - groups]! / Math.max(below, 1e-12)
    if (ratio > best) [best, count] = [ratio, groups]
  }
  return count
}

/** Splits groups of more than twelve by Ward. */
function splitLarge(centres: Matrix, assignment: Int32Array): Int32Array {
  const result = assignment.slice()
  let next = Math.max(...assignment) + 1
  for (const members of membersOf(assignment).values()) {
    if (members.length <= mostChildren) continue
    const own = takeRows(centres, members)
    const parts = Math.ceil(members.length / wantedChildren)
    const split = cutDendrogram(wardDendrogram(own, new Float64Array(own.rows).fill(1)), parts)
    members.forEach((member, i) => {
      if (split[i]! > 0) result[member] = next + split[i]! - 1
    })
    next += parts - 1
  }
  return result
}

/** Merges groups of fewer than three into the nearest group with room, smallest first. */
function mergeSmall(centres: Matrix, assignment: Int32Array): Int32Array {
  const result = assignment.slice()
  const settled = new Set<number>()
  for (;;) {
    const groups = membersOf(result)
    const small = Array.from(groups)
      .filter(([group, members]) => members.length < fewestChildren && !settled.has(group))
      .sort((a, b) => a[1].length - b[1].length || a[0] - b[0])[0]
    if (small === undefined || groups.size <= 2) return result
    const [group, members] = small
    let best = -Infinity
    let into = -1
    for (const [other, theirs] of groups) {
      if (other === group || theirs.length + members.length > mostChildren) continue
      const closeness = meanSimilarity(centres, members, theirs)
      if (closeness > best) [best, into] = [closeness, other]
    }
    if (into < 0) settled.add(group)
    else for (const member of members) result[member] = into
  }
}

function meanSimilarity(centres: Matrix, a: readonly number[], b: readonly number[]): number {
  let sum = 0
  for (const i of a) {
    for (const j of b) sum += dot(centres.data, i * centres.cols, centres.data, j * centres.cols, centres.cols)
  }
  return sum / (a.length * b.length)
}

function membersOf(assignment: Int32Array): Map<number, number[]> {
  const members = new Map<number, number[]>()
  assignment.forEach((group, i) => {
    const own = members.get(group)
    if (own === undefined) members.set(group, [i])
    else own.push(i)
  })
  return members
}

function renumber(assignment: Int32Array): Int32Array {
  const numberOf = new Map<number, number>()
  return assignment.map((group) => {
    const number = numberOf.get(group) ?? numberOf.size
    numberOf.set(group, number)
    return number
  })
}
