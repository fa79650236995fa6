// Upper levels seen as a whole, as Clio does it (Tamkin et al. 2024, App. G): the same chapter twice becomes one, and a group
// at the border of several goes where it belongs. These are wishes: who grants them measures whether they do harm.
import type { Rearrangement } from '#/clustering/rearrange.ts'
import { forEachConcurrent } from '../concurrency.ts'
import { samplingRank } from '../ids.ts'
import type { Cancellable, NodeToName } from '../ports.ts'
import { PlaceGroupAnswer, SameGroupsAnswer } from './answers.ts'
import type { CompleteRequest } from './complete.ts'
import { questionBlocks } from './lens-blocks.ts'
import { type Named, type Question, shuffled, toGroupLine, toThinkingRequest } from './name-request.ts'
import { placeGroupPrompt } from './prompts/place-group.ts'
import { sameGroupsPrompt } from './prompts/same-groups.ts'

/** Upper groups that a group may be offered, its own among them. */
const mostCandidates = 8
/** A group is at a border when this share of the traces nearest to it are in other upper groups. */
const borderShare = 0.5
const sameTokens = 300
const placeTokens = 50

/** The answer, or `undefined` where the call has failed for good and things stay as they are. */
export type Ask = <T>(request: CompleteRequest<T>) => Promise<T | undefined>

export type Wishes = {
  wishes: Rearrangement[]
  /** Upper groups that say what a larger one says: where they are not joined they need another name. */
  repeated: Set<string>
}

/** What a model would move, having read the names: joined groups first, then single ones, each in the order of the nodes. */
export async function findWishes(
  question: Question,
  named: Named,
  ask: Ask,
  options: Cancellable & { concurrency: number },
): Promise<Wishes> {
  const byId = new Map(named.nodes.map((node) => [node.id, node]))
  const upper = named.nodes.filter(({ childIds }) => childIds.length > 0)
  const wishes: Rearrangement[] = []
  const repeated = new Set<string>()
  for (const [, level] of Map.groupBy(upper, ({ id }) => id.split('.').length)) {
    for (const [largest, ...others] of await findSame(level, question, named, ask)) {
      for (const { id, childIds } of others) {
        repeated.add(id)
        wishes.push({ paths: childIds, to: largest?.id ?? '' })
      }
    }
  }
  const places = new Map<string, string>()
  const atBorder = named.nodes.filter((node) => isAtBorder(node, byId))
  await forEachConcurrent(atBorder, options, async (node) => {
    const to = await findPlace(node, byId, question, named, ask)
    if (to !== undefined && to !== node.parentId) places.set(node.id, to)
  })
  for (const { id } of atBorder) {
    const to = places.get(id)
    if (to !== undefined) wishes.push({ paths: [id], to })
  }
  return { wishes, repeated }
}

/** Groups that are one under several names, the largest of each first. */
async function findSame(
  level: readonly NodeToName[],
  question: Question,
  named: Named,
  ask: Ask,
): Promise<NodeToName[][]> {
  if (level.length < 2) return []
  const listed = shuffled(level, ({ id }) => id)
  const answer = await ask(
    toThinkingRequest(sameGroupsPrompt, {
      blocks: [
        ...questionBlocks(question.instruction, question.lens),
        { label: 'groups', text: toNumbered(listed, named) },
      ],
      task: 'Which of these upper groups are the same?',
      schema: SameGroupsAnswer,
      maxOutputTokens: sameTokens,
    }),
  )
  const met = new Set<NodeToName>()
  return (answer?.same ?? []).map((numbers) => {
    const groups = [...new Set(numbers)]
      .flatMap((number) => listed[number - 1] ?? [])
      .filter((group) => !met.has(group))
    for (const group of groups) met.add(group)
    return groups.sort((a, b) => b.size - a.size || (a.id < b.id ? -1 : 1))
  })
}

/** The id of the upper group it belongs to, among those it borders on. */
async function findPlace(
  node: NodeToName,
  byId: ReadonlyMap<string, NodeToName>,
  question: Question,
  named: Named,
  ask: Ask,
): Promise<string | undefined> {
  const parents = [node.parentId, ...node.near.map(({ id }) => byId.get(id)?.parentId)]
  const candidates = [...new Set(parents)]
    .flatMap((id) => byId.get(id ?? '') ?? [])
    .slice(0, mostCandidates)
    // In another order for every group: no place in the list is favoured over all of them.
    .sort((a, b) => samplingRank(0, `${node.id} ${a.id}`) - samplingRank(0, `${node.id} ${b.id}`))
  const answer = await ask(
    toThinkingRequest(placeGroupPrompt, {
      blocks: [
        ...questionBlocks(question.instruction, question.lens),
        { label: 'group', text: `- ${toGroupLine(node, named)}` },
        { label: 'groups', text: toNumbered(candidates, named) },
      ],
      task: 'To which upper group does the group belong?',
      schema: PlaceGroupAnswer,
      maxOutputTokens: placeTokens,
    }),
  )
  return answer === undefined ? undefined : candidates[answer.group - 1]?.id
}

function isAtBorder({ parentId, near }: NodeToName, byId: ReadonlyMap<string, NodeToName>): boolean {
  if (parentId === null) return false
  const all = near.reduce((sum, { count }) => sum + count, 0)
  const elsewhere = near.filter(({ id }) => (byId.get(id)?.parentId ?? null) !== parentId)
  return all > 0 && elsewhere.reduce((sum, { count }) => sum + count, 0) >= borderShare * all
}

function toNumbered(groups: readonly NodeToName[], named: Named): string {
  return groups.map((group, at) => `${at + 1}. ${toGroupLine(group, named)}`).join('\n')
}
