// From leaf clusters to a tree a person can read: few children a node, siblings alike, no chains.
import { cutDendrogram, type Dendrogram } from '../ward/dendrogram.ts'
import { createLikeness, type GroupShape, intoShape, isInShape, mostChildren } from './group-shape.ts'
import { groupingQuality } from './grouping-quality.ts'
import { centresOf, lloyd } from '../k-means/lloyd.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { wardDendrogram } from '../ward/ward.ts'

/** A leaf cluster by number, or a group of branches. */
export type Branch = { leaf: number } | { children: Branch[] }

/** Children of a node on average: enough room to either side of it between five and twelve. */
const leastMeanChildren = 6.5
const mostMeanChildren = 8
const leastRoots = 3
/** Three nodes of five children. */
export const leastForTwoLevels = 15
const lloydRounds = 10
/** Numbers of groups that are tried out before one is taken. */
const mostTried = 8

/**
 * Groups leaf clusters level by level from below: Ward over their centres on the unit sphere (every leaf counts alike, or the
 * large ones would swallow their neighbours), cut into several numbers of groups near the wanted one, improved by Lloyd and
 * brought into shape; the one is taken in which the centres are best told apart. On CLINC150 this finds domains half again
 * as well as cutting the points' own dendrogram twice.
 */
export function buildLevels(leafCentres: Matrix, levels?: number): Branch[] {
  let branches: Branch[] = Array.from({ length: leafCentres.rows }, (_, leaf) => ({ leaf }))
  let centres = leafCentres
  for (const shape of levelShapes(leafCentres.rows, levels)) {
    const assignment = groupOnce(centres, shape)
    const groups = Math.max(...assignment) + 1
    const ones = new Float64Array(centres.rows).fill(1)
    centres = centresOf(centres, ones, assignment, { groups, spherical: true }).centres
    branches = collect(branches, assignment, groups)
  }
  return branches
}

/** What the groups of each level above the leaves should be like, from below. */
function levelShapes(leaves: number, levels: number | undefined): GroupShape[] {
  const depth = Math.min(levels ?? depthFor(leaves), maxDepth(leaves))
  const even = leaves ** (1 / depth)
  // Where the levels were asked for they share the width, however wide; else the top takes what is over.
  if (levels !== undefined) {
    const largest = Math.max(mostChildren, Math.ceil(1.25 * even))
    return Array.from({ length: depth - 1 }, (_, level) => {
      const groups = Math.max(2, Math.round(leaves / even ** (level + 1)))
      return { groups, least: 2, most: Infinity, largest }
    })
  }
  const width = Math.min(mostMeanChildren, Math.max(leastMeanChildren, even))
  return Array.from({ length: depth - 1 }, (_, level) => {
    const groups = Math.max(leastRoots, Math.round(leaves / width ** (level + 1)))
    return { groups, least: leastRoots, most: level === depth - 2 ? mostChildren : Infinity, largest: mostChildren }
  })
}

/** Two levels hold 96 leaves at eight children a node, three 768. */
function depthFor(leaves: number): number {
  if (leaves <= mostChildren) return 1
  if (leaves <= mostChildren * mostMeanChildren) return 2
  return leaves <= mostChildren * mostMeanChildren ** 2 ? 3 : 4
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
function groupOnce(centres: Matrix, shape: GroupShape): Int32Array {
  const ones = new Float64Array(centres.rows).fill(1)
  const dendrogram = wardDendrogram(centres, ones)
  const likeness = createLikeness(centres)
  const counts = countsToTry(dendrogram, {
    least: Math.max(shape.least, Math.floor(shape.groups * 0.75)),
    most: Math.min(centres.rows, shape.most, Math.ceil(shape.groups * 1.35)),
  })
  const tried = counts.map((count) => {
    const start = cutDendrogram(dendrogram, count)
    const options = { groups: count, iterations: lloydRounds, spherical: true }
    const groups = renumber(intoShape(centres, lloyd(centres, ones, start, options).assignment, shape, likeness))
    return { groups, isInShape: isInShape(groups, shape), quality: groupingQuality(centres, Array.from(groups)) }
  })
  tried.sort((a, b) => Number(b.isInShape) - Number(a.isInShape) || b.quality - a.quality)
  return tried[0]!.groups
}

/** The numbers of groups in the range; of many, those after which the next merge is the largest step up. */
function countsToTry({ points, heights }: Dendrogram, { least, most }: { least: number; most: number }): number[] {
  const counts = Array.from({ length: Math.max(1, most - least + 1) }, (_, i) => Math.min(least + i, points))
  const stepAfter = (groups: number) =>
    groups < points ? heights[points - groups]! / Math.max(heights[points - groups - 1]!, 1e-12) : 0
  return counts.toSorted((a, b) => stepAfter(b) - stepAfter(a)).slice(0, mostTried)
}

function renumber(assignment: Int32Array): Int32Array {
  const numberOf = new Map<number, number>()
  return assignment.map((group) => {
    const number = numberOf.get(group) ?? numberOf.size
    numberOf.set(group, number)
    return number
  })
}
