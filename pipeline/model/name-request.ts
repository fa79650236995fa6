// What a model is shown of a group to name it.
import type { z } from 'zod'
import { samplingRank } from '../ids.ts'
import type { SummaryRecord } from '../insight.ts'
import type { Lens } from '../lens.ts'
import type { NamedNode, NodeToName } from '../ports.ts'
import { NameAnswer } from './answers.ts'
import type { CompleteRequest } from './complete.ts'
import { type DataBlock, toUserMessage } from './fence.ts'
import { questionBlocks } from './lens-blocks.ts'
import { nameLeafPrompt } from './prompts/name-leaf.ts'
import { nameParentPrompt } from './prompts/name-parent.ts'
import type { Prompt } from './prompts/prompt.ts'
import { tidyText } from './tidy-text.ts'
import { estimateTokens, toTimeoutMs } from './tokens.ts'

const shownMembers = 30
const shownNeighbours = 15
const shownChildren = 40
const shownNearGroups = 6
const shownTitles = 60
const nameTokens = 300

/** Nodes with the names that some of them have by now. */
export type Named = { nodes: readonly NodeToName[]; names: ReadonlyMap<string, NamedNode> }
export type Question = { instruction: string; lens?: Lens | undefined }

/** A leaf is shown by its members against the nearest outside, an upper group by its children and what borders on them. */
export function toNameRequest(
  node: NodeToName,
  question: Question,
  named: Named,
): CompleteRequest<z.infer<typeof NameAnswer>> {
  const isLeaf = node.childIds.length === 0
  const near = isLeaf ? [] : nearGroups(node, named)
  const taken = isLeaf ? [] : takenTitles(node, named)
  const blocks: DataBlock[] = [
    isLeaf
      ? { label: 'members', text: toLines(shuffled(node.members.slice(0, shownMembers), ({ traceId }) => traceId)) }
      : { label: 'groups', text: toGroupLines(node, named) },
    ...(node.keywords.length === 0 ? [] : [{ label: 'keywords', text: node.keywords.slice(0, 10).join(', ') }]),
    {
      label: 'outside',
      text:
        near.length === 0
          ? toLines(node.neighbours.slice(0, shownNeighbours))
          : near.map((other) => `- ${toGroupLine(other, named)}`).join('\n'),
    },
    ...(taken.length === 0 ? [] : [{ label: 'taken', text: taken.map((title) => `- ${title}`).join('\n') }]),
  ]
  return toThinkingRequest(isLeaf ? nameLeafPrompt : nameParentPrompt, {
    blocks: [...questionBlocks(question.instruction, question.lens), ...blocks],
    task: isLeaf ? 'Name this group.' : 'Name this upper group.',
    schema: NameAnswer,
    maxOutputTokens: nameTokens,
  })
}

/** A question to the thinking model about data between marks. */
export function toThinkingRequest<T>(
  prompt: Prompt,
  ask: { blocks: readonly DataBlock[]; task: string; schema: z.ZodType<T>; maxOutputTokens: number },
): CompleteRequest<T> {
  const user = toUserMessage(ask.blocks, ask.task)
  const inputTokens = estimateTokens(prompt.text) + estimateTokens(user)
  return {
    kind: prompt.name,
    prompt: { system: prompt.text, user },
    schema: ask.schema,
    schemaName: prompt.name,
    maxOutputTokens: ask.maxOutputTokens,
    model: 'thinking',
    timeoutMs: toTimeoutMs({ inputTokens, outputTokens: ask.maxOutputTokens }),
  }
}

/** Title and description of a group, in one line. */
export function toGroupLine({ id }: Pick<NodeToName, 'id'>, { names }: Named): string {
  const name = names.get(id)
  return tidyText(`${name?.title ?? id}: ${name?.summary ?? ''}`, 500)
}

/** In an order that says nothing, always the same: a model takes what comes first for what matters most. */
export function shuffled<T>(items: readonly T[], idOf: (item: T) => string): T[] {
  return [...items].sort((a, b) => samplingRank(0, idOf(a)) - samplingRank(0, idOf(b)))
}

function toLines(records: readonly SummaryRecord[]): string {
  return records.map(({ summary }) => `- ${tidyText(`${summary.title}: ${summary.text}`, 400)}`).join('\n')
}

/** The largest groups: where not all fit, these say most about the whole. */
function toGroupLines(node: NodeToName, named: Named): string {
  const bySize = childrenOf(node, named).sort((a, b) => b.size - a.size)
  const lines = shuffled(bySize.slice(0, shownChildren), ({ id }) => id).map(
    (child) => `- (${child.size} traces) ${toGroupLine(child, named)}`,
  )
  const left = bySize.slice(shownChildren)
  if (left.length === 0) return lines.join('\n')
  const titles = left.map(({ id }) => named.names.get(id)?.title).join('; ')
  return [...lines, `- and ${left.length} smaller groups: ${titles}`].join('\n')
}

function childrenOf({ childIds }: NodeToName, { nodes }: Named): NodeToName[] {
  const wanted = new Set(childIds)
  return nodes.filter(({ id }) => wanted.has(id))
}

/** The groups of other upper groups that border most on the children, by the traces outside that are nearest to these. */
function nearGroups(node: NodeToName, named: Named): NodeToName[] {
  const own = new Set(node.childIds)
  const counts = new Map<string, number>()
  for (const { id, count } of childrenOf(node, named).flatMap(({ near }) => near))
    if (!own.has(id) && named.names.has(id)) counts.set(id, (counts.get(id) ?? 0) + count)
  const most = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, shownNearGroups)
  const shown = new Set(most.map(([id]) => id))
  return named.nodes.filter(({ id }) => shown.has(id))
}

/** Titles that upper groups of the same level have already. */
function takenTitles(node: NodeToName, { nodes, names }: Named): string[] {
  const level = node.id.split('.').length
  return nodes
    .filter(({ id, childIds }) => id !== node.id && childIds.length > 0 && id.split('.').length === level)
    .flatMap(({ id }) => names.get(id)?.title ?? [])
    .slice(0, shownTitles)
}
