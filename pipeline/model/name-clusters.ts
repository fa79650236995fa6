// Names from the bottom up, as Clio does it (Tamkin et al. 2024, App. G): leaves from their most central members against
// the nearest non-members, parents from their children; then the upper levels are looked at as a whole, and parents that
// got other children are named anew from those they really got.
import { forEachConcurrent } from '../concurrency.ts'
import { AppError } from '../errors.ts'
import { addUsage, noUsage, type Usage } from '../insight.ts'
import type { Analyst, Cancellable, NamedNode, NodeToName } from '../ports.ts'
import { type Complete, ModelCallError } from './complete.ts'
import { toNameRequest } from './name-request.ts'
import { type Ask, findWishes } from './rearrange-groups.ts'
import { tidyText, tidyTitle } from './tidy-text.ts'
import { makeTitlesUnique } from './unique-titles.ts'

export type NameInput = Parameters<Analyst['nameClusters']>[0]

/**
 * A title and a description for every node, titles unique among siblings. A call that fails for good leaves that node
 * with the name the fallback gives it, or its group where it is; errors that hit every call alike (credentials, unknown
 * model) are thrown.
 */
export async function nameAll(
  input: NameInput,
  context: { complete: Complete; fallback: Pick<Analyst, 'nameClusters'>; concurrency: number },
  options: Cancellable & { onProgress?: (done: number) => void },
): ReturnType<Analyst['nameClusters']> {
  let usage: Usage = noUsage
  const ask: Ask = async (request) => {
    try {
      const answer = await context.complete(request, options)
      usage = addUsage(usage, answer.usage)
      return answer.value
    } catch (error) {
      if (error instanceof ModelCallError) usage = addUsage(usage, error.usage)
      if (!mayFallBack(error, options.signal)) throw error
      return undefined
    }
  }
  const { nodes } = input
  const names = await nameNodes(input, new Map(), { ...context, ask }, options)
  const hasLevels = nodes.some(({ parentId }) => parentId !== null)
  if (input.rearrange === undefined || !hasLevels) return { names: listed(nodes, names), usage }

  const { concurrency } = context
  const { wishes, repeated } = await findWishes(input, { nodes, names }, ask, { signal: options.signal, concurrency })
  if (wishes.length === 0) return { names: listed(nodes, names), usage }
  const after = await input.rearrange(wishes)
  const known = new Map<string, NamedNode>()
  for (const { id } of after.nodes) {
    const before = after.was.get(id)
    const name = before === undefined || repeated.has(before) ? undefined : names.get(before)
    if (name !== undefined) known.set(id, { ...name, id })
  }
  const { signal } = options
  const final = await nameNodes({ ...input, nodes: after.nodes }, known, { ...context, ask }, { signal })
  return { names: listed(after.nodes, final), usage, wishes }
}

/** False for what the caller must hear of: an abort, a bug, or an error that no further call would escape. */
export function mayFallBack(error: unknown, signal: AbortSignal): boolean {
  if (signal.aborted || !(error instanceof AppError)) return false
  return error.code.startsWith('model.') && error.code !== 'model.unauthorized' && error.code !== 'model.not_found'
}

/** Names for the nodes that have none yet. */
async function nameNodes(
  input: NameInput,
  known: ReadonlyMap<string, NamedNode>,
  context: { ask: Ask; fallback: Pick<Analyst, 'nameClusters'>; concurrency: number },
  options: Cancellable & { onProgress?: (done: number) => void },
): Promise<Map<string, NamedNode>> {
  const { nodes } = input
  const fallbackNames = createFallbackNames(input, context.fallback, options)
  const names = new Map(known)
  for (const level of fromTheBottom(nodes)) {
    // What is named at the same time does not see each other's names: the same input gives the same prompts.
    const before = new Map(names)
    const unnamed = level.filter(({ id }) => !known.has(id))
    await forEachConcurrent(unnamed, { concurrency: context.concurrency, signal: options.signal }, async (node) => {
      const answer = await context.ask(toNameRequest(node, input, { nodes, names: before }))
      const title = tidyTitle(answer?.title ?? '')
      const name = { id: node.id, title, summary: tidyText(answer?.description ?? '', 700) }
      names.set(node.id, title === '' ? await fallbackNames(node) : name)
      options.onProgress?.(names.size)
    })
    // Groups of one level must differ before their parents are named from them, under whatever parent they stand.
    await makeTitlesUnique(level, names, async (node) => (await fallbackNames(node)).title)
  }
  // Siblings of different depth are never in one level together.
  for (const [, siblings] of Map.groupBy(nodes, ({ parentId }) => parentId)) {
    await makeTitlesUnique(siblings, names, async (node) => (await fallbackNames(node)).title)
  }
  return names
}

function listed(nodes: readonly NodeToName[], names: ReadonlyMap<string, NamedNode>): NamedNode[] {
  return nodes.flatMap(({ id }) => names.get(id) ?? [])
}

/** The fallback names all nodes in one go, and only when the first is needed. */
function createFallbackNames(
  { instruction, lens, nodes, total, outcomes }: NameInput,
  fallback: Pick<Analyst, 'nameClusters'>,
  { signal }: Cancellable,
): (node: NodeToName) => Promise<NamedNode> {
  let all: Promise<Map<string, NamedNode>> | undefined
  return async (node) => {
    all ??= fallback
      .nameClusters({ instruction, lens, nodes: [...nodes], total, outcomes }, { signal })
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
