// Groups of a size that a person takes in at once, at the least loss of likeness.
import { cutDendrogram } from '../ward/dendrogram.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { dot } from '../matrix/measure.ts'
import { takeRows } from '../matrix/take-rows.ts'
import { wardDendrogram } from '../ward/ward.ts'

/** What a node should hold: a person takes in five to twelve things at once (Miller 1956 would say seven). */
export const mostChildren = 12
const wantedChildren = 5
const fewestChildren = 3
const splitInto = 8
/** Where this share of the groups is in shape, the rest may stay small: what is far from everything is a group of its own. */
const shareInShape = 0.8

/** About how many groups, at least and at most how many, and how large one may be. */
export type GroupShape = { groups: number; least: number; most: number; largest: number }

/** How like a member is to a group. */
export type Likeness = (member: number, group: readonly number[]) => number

/**
 * Splits groups too large, and dissolves or fills groups too small, whichever costs least likeness first, until every group
 * has at least three members and most have five to twelve.
 */
export function intoShape(
  centres: Matrix,
  assignment: Int32Array,
  wanted: GroupShape,
  likeness: Likeness = createLikeness(centres),
): Int32Array {
  const { largest } = wanted
  const usual = usualChildren(centres.rows, wanted)
  const groups = splitLarge(centres, membersOf(assignment), wanted)
  for (const group of groups) {
    while (group.length > largest) {
      const change = cheapestLeaver(group, groups, likeness, largest)
      if (change === undefined) break
      carryOut(change)
    }
  }
  for (;;) {
    const small = groups.filter((group) => group.length < usual)
    const isGood = small.length <= (1 - shareInShape) * groups.length
    const toMend = isGood ? small.filter((group) => group.length < Math.min(fewestChildren, usual)) : small
    const changes = toMend.flatMap((group) => [
      groups.length > wanted.least ? dissolve(group, groups, likeness, largest) : undefined,
      fill(group, groups, likeness, usual),
    ])
    const best = changes.filter((change) => change !== undefined).sort((a, b) => a.loss - b.loss)[0]
    if (best === undefined) break
    carryOut(best)
    for (let i = groups.length - 1; i >= 0; i--) if (groups[i]!.length === 0) groups.splice(i, 1)
  }
  const result = new Int32Array(centres.rows)
  groups.forEach((members, number) => {
    for (const member of members) result[member] = number
  })
  return result
}

/** Members moved from one group to another; `loss` is the likeness to their fellows that they give up. */
type Change = { moves: { member: number; from: number[]; to: number[] }[]; loss: number }

function carryOut({ moves }: Change): void {
  for (const { member, from, to } of moves) {
    from.splice(from.indexOf(member), 1)
    to.push(member)
  }
}

/** True where most groups are of the size they should have. */
export function isInShape(assignment: Int32Array, wanted: GroupShape): boolean {
  const groups = membersOf(assignment)
  const usual = usualChildren(assignment.length, wanted)
  const good = groups.filter(({ length }) => length >= usual && length <= wanted.largest)
  return good.length >= shareInShape * groups.length
}

/** Five; fewer where so many groups are wanted that there cannot be as many in each. */
function usualChildren(rows: number, { groups }: GroupShape): number {
  return Math.max(1, Math.min(wantedChildren, Math.floor(rows / groups)))
}

/** Mean similarity of a member to the others of a group. */
export function createLikeness({ data, cols, rows }: Matrix): Likeness {
  const similarities = new Float32Array(rows * rows)
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j <= i; j++) {
      const similarity = dot(data, i * cols, data, j * cols, cols)
      similarities[i * rows + j] = similarity
      similarities[j * rows + i] = similarity
    }
  }
  return (member, group) => {
    let sum = 0
    let others = 0
    for (const other of group) {
      if (other === member) continue
      sum += similarities[member * rows + other]!
      others++
    }
    return others === 0 ? 0 : sum / others
  }
}

/** Splits groups above the largest size by Ward, as long as there may be more groups. */
function splitLarge(centres: Matrix, groups: readonly number[][], { largest, most }: GroupShape): number[][] {
  let count = groups.length
  return groups.flatMap((members) => {
    const parts = Math.min(Math.ceil(members.length / splitInto), 1 + Math.max(0, most - count))
    if (members.length <= largest || parts < 2) return [members]
    count += parts - 1
    const own = takeRows(centres, members)
    const part = cutDendrogram(wardDendrogram(own, new Float64Array(own.rows).fill(1)), parts)
    return membersOf(part).map((places) => places.map((place) => members[place]!))
  })
}

function membersOf(assignment: Int32Array): number[][] {
  const members: number[][] = []
  assignment.forEach((group, i) => (members[group] ??= []).push(i))
  return members.filter((own) => own.length > 0)
}

/** The member that loses least by going to another group with room. */
function cheapestLeaver(
  group: number[],
  groups: readonly number[][],
  likeness: Likeness,
  largest: number,
): Change | undefined {
  let best: Change | undefined
  for (const to of groups) {
    if (to === group || to.length >= largest) continue
    for (const member of group) {
      const loss = likeness(member, group) - likeness(member, to)
      if (best === undefined || loss < best.loss) best = { moves: [{ member, from: group, to }], loss }
    }
  }
  return best
}

/** Each member to the group it is most like among those with room; `undefined` where there is no room. */
function dissolve(
  group: number[],
  groups: readonly number[][],
  likeness: Likeness,
  largest: number,
): Change | undefined {
  const room = new Map(groups.filter((other) => other !== group).map((other) => [other, largest - other.length]))
  const change: Change = { moves: [], loss: 0 }
  for (const member of group) {
    let best = -Infinity
    let to: number[] | undefined
    for (const [other, free] of room) {
      const closeness = free > 0 ? likeness(member, other) : -Infinity
      if (closeness > best) [best, to] = [closeness, other]
    }
    if (to === undefined) return undefined
    room.set(to, room.get(to)! - 1)
    change.moves.push({ member, from: group, to })
    change.loss += likeness(member, group) - best
  }
  return change
}

/** The members of groups that can spare some which lose least by coming here, one by one, until there are enough. */
function fill(group: number[], groups: readonly number[][], likeness: Likeness, usual: number): Change | undefined {
  const grown = [...group]
  const left = new Map(groups.filter((other) => other !== group).map((other) => [other, [...other]]))
  const change: Change = { moves: [], loss: 0 }
  while (grown.length < usual) {
    let best = Infinity
    let chosen: { member: number; from: number[] } | undefined
    for (const [from, members] of left) {
      if (members.length <= usual) continue
      for (const member of members) {
        const loss = likeness(member, members) - likeness(member, grown)
        if (loss < best) [best, chosen] = [loss, { member, from }]
      }
    }
    if (chosen === undefined) return undefined
    const { member, from } = chosen
    left.set(
      from,
      left.get(from)!.filter((other) => other !== member),
    )
    grown.push(member)
    change.moves.push({ member, from, to: group })
    change.loss += best
  }
  return change
}
