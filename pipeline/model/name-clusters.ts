// Names from the bottom up, as Clio does it (Tamkin et al. 2024, App. G): leaves from their most central members against
// the nearest non-members, parents from the children they really got.
import type { z } from 'zod'
import { forEachConcurrent } from '../concurrency.ts'
import { AppError } from '../errors.ts'
import { addUsage, noUsage, type SummaryRecord, type Usage } from '../insight.ts'
import type { Analyst, Cancellable, NamedNode, NodeToName } from '../ports.ts'
import { NameAnswer } from './answers.ts'
import { type Complete, type CompleteRequest, ModelCallError } from './complete.ts'
import { type DataBlock, toUserMessage } from './fence.ts'
import { nameLeafPrompt } from './prompts/name-leaf.ts'
import { nameParentPrompt } from './prompts/name-parent.ts'
import { tidyText, tidyTitle } from './tidy-text.ts'
import { estimateTokens, toTimeoutMs } from './tokens.ts'
import { makeTitlesUnique } from './unique-titles.ts'

const shownMembers = 30
const shownNeighbours = 15
const shownChildren = 40
const nameTokens = 300

export type NameInput = { instruction: string; nodes: readonly NodeToName[]; total: number }

/**
 * A title and a description for every node, titles unique among siblings. A call that fails for good leaves that node
 * with the name the fallback gives it; errors that hit every call alike (credentials, unknown model) are thrown.
 */
export async function nameAll(
  input: NameInput,
  context: { complete: Complete; fallback: Pick<Analyst, 'nameClusters'>; concurrency: number },
  options: Cancellable & { onProgress?: (done: number) => void },
): Promise<{ names: NamedNode[]; usage: Usage }> {
  const fallbackNames = createFallbackNames(input, context.fallback, options)
  const names = new Map<string, NamedNode>()
  const byId = new Map(input.nodes.map((node) => [node.id, node]))
  let usage = noUsage
  for (const level of fromTheBottom(input.nodes)) {
    await forEachConcurrent(level, { concurrency: context.concurrency, signal: options.signal }, async (node) => {
      const children = node.childIds.flatMap((id) => byId.get(id) ?? [])
      try {
        const answer = await context.complete(toRequest(input.instruction, node, children, names), options)
        usage = addUsage(usage, answer.usage)
        const title = tidyTitle(answer.value.title)
        if (title === '') throw new AppError('model.bad_answer', 'The title is nothing but punctuation.')
        names.set(node.id, { id: node.id, title, summary: tidyText(answer.value.description, 700) })
      } catch (error) {
        if (error instanceof ModelCallError) usage = addUsage(usage, error.usage)
        if (!mayFallBack(error, options.signal)) throw error
        names.set(node.id, await fallbackNames(node))
      }
      options.onProgress?.(names.size)
    })
    // Siblings must differ before their parent is named from them.
    for (const [, siblings] of Map.groupBy(level, ({ parentId }) => parentId)) {
      await makeTitlesUnique(siblings, names, async (node) => (await fallbackNames(node)).title)
    }
  }
  // Siblings of different depth are never in one level together.
  for (const [, siblings] of Map.groupBy(input.nodes, ({ parentId }) => parentId)) {
    await makeTitlesUnique(siblings, names, async (node) => (await fallbackNames(node)).title)
  }
  return { names: input.nodes.flatMap(({ id }) => names.get(id) ?? []), usage }
}

/** False for what the caller must hear of: an abort, a bug, or an error that no further call would escape. */
export function mayFallBack(error: unknown, signal: AbortSignal): boolean {
  if (signal.aborted || !(error instanceof AppError)) return false
  return error.code.startsWith('model.') && error.code !== 'model.unauthorized' && error.code !== 'model.not_found'
}

/** The fallback names all nodes in one go, and only when the first is needed. */
function createFallbackNames(
  input: NameInput,
  fallback: Pick<Analyst, 'nameClusters'>,
  { signal }: Cancellable,
): (node: NodeToName) => Promise<NamedNode> {
  let all: Promise<Map<string, NamedNode>> | undefined
  return async (node) => {
    all ??= fallback
      .nameClusters({ ...input, nodes: [...input.nodes] }, { signal })
      .then(({ names }) => new Map(names.map((name) => [name.id, name])))
    return (await all).get(node.id) ?? { id: node.id, title: node.keywords.join(', ') || node.id, summary: '' }
  }
}

/** Nodes by height: all leaves, then parents of which all children are named, and so on to the roots. */
function fromTheBottom(nodes: readonly NodeToName[]): NodeToName[][] {
  const heights = new Map<string, number>()
  // Parents stand before children, so backwards every child is met first.
  for (const node of [...nodes].reverse()) {
    heights.set(node.id, Math.max(0, ...node.childIds.map((id) => (heights.get(id) ?? 0) + 1)))
  }
  return [...Map.groupBy(nodes, ({ id }) => heights.get(id) ?? 0)].sort(([a], [b]) => a - b).map(([, level]) => level)
}

function toRequest(
  instruction: string,
  node: NodeToName,
  children: readonly NodeToName[],
  names: ReadonlyMap<string, NamedNode>,
): CompleteRequest<z.infer<typeof NameAnswer>> {
  const isLeaf = children.length === 0
  const prompt = isLeaf ? nameLeafPrompt : nameParentPrompt
  const blocks: DataBlock[] = [
    { label: 'question', text: instruction },
    isLeaf
      ? { label: 'members', text: toLines(node.members.slice(0, shownMembers)) }
      : { label: 'groups', text: toGroupLines(children, names) },
    ...(node.keywords.length === 0 ? [] : [{ label: 'keywords', text: node.keywords.slice(0, 10).join(', ') }]),
    { label: 'outside', text: toLines(node.neighbours.slice(0, shownNeighbours)) },
  ]
  const user = toUserMessage(blocks, isLeaf ? 'Name this group.' : 'Name this upper group.')
  return {
    kind: isLeaf ? 'name_leaf' : 'name_parent',
    prompt: { system: prompt.text, user },
    schema: NameAnswer,
    schemaName: prompt.name,
    maxOutputTokens: nameTokens,
    model: 'thinking',
    timeoutMs: toTimeoutMs({
      inputTokens: estimateTokens(prompt.text) + estimateTokens(user),
      outputTokens: nameTokens,
    }),
  }
}

function toLines(records: readonly SummaryRecord[]): string {
  return records.map(({ summary }) => `- ${tidyText(`${summary.title}: ${summary.text}`, 400)}`).join('\n')
}

/** The largest first: where not all fit, these say most about the whole. */
function toGroupLines(children: readonly NodeToName[], names: ReadonlyMap<string, NamedNode>): string {
  const bySize = [...children].sort((a, b) => b.size - a.size)
  const lines = bySize.slice(0, shownChildren).map((child) => {
    const name = names.get(child.id)
    return `- (${child.size} traces) ${tidyText(`${name?.title ?? child.id}: ${name?.summary ?? ''}`, 500)}`
  })
  const left = bySize.slice(shownChildren)
  return left.length === 0
    ? lines.join('\n')
    : [...lines, `- and ${left.length} smaller groups: ${left.map(({ id }) => names.get(id)?.title).join('; ')}`].join(
        '\n',
      )
}
