// Two groups under one parent never share a title.
import type { NamedNode, NodeToName } from '../ports.ts'
import { maxTitleWords, tidyTitle } from './tidy-text.ts'

/**
 * Changes titles in `names` until all siblings differ (case and punctuation aside). The largest group keeps the title;
 * the others get, in this order, what the fallback calls them, the title with a keyword that sets them apart, or a
 * number. Deterministic, and at most ten words all the same.
 */
export async function makeTitlesUnique(
  siblings: readonly NodeToName[],
  names: Map<string, NamedNode>,
  fallbackTitle: (node: NodeToName) => Promise<string>,
): Promise<void> {
  const taken = new Set<string>()
  const ranked = siblings
    .map((node, index) => ({ node, index }))
    .sort((a, b) => b.node.size - a.node.size || a.index - b.index)
  const repeated: NodeToName[] = []
  for (const { node } of ranked) {
    const name = names.get(node.id)
    if (name === undefined) continue
    const key = toKey(name.title)
    if (taken.has(key)) repeated.push(node)
    else taken.add(key)
  }
  for (const node of repeated) {
    const name = names.get(node.id)
    if (name === undefined) continue
    const title = [...candidates(name.title, node, await fallbackTitle(node))].find((text) => !taken.has(toKey(text)))
    const unique = title ?? numbered(name.title, taken)
    taken.add(toKey(unique))
    names.set(node.id, { ...name, title: unique })
  }
}

function* candidates(title: string, node: NodeToName, fallback: string): Generator<string> {
  const other = tidyTitle(fallback)
  if (other !== '') yield other
  for (const keyword of node.keywords) {
    if (!title.toLowerCase().includes(keyword.toLowerCase())) yield withSuffix(title, `(${keyword})`)
  }
}

function numbered(title: string, taken: ReadonlySet<string>): string {
  for (let number = 2; ; number++) {
    const candidate = withSuffix(title, `(${number})`)
    if (!taken.has(toKey(candidate))) return candidate
  }
}

function withSuffix(title: string, suffix: string): string {
  return `${tidyTitle(title, maxTitleWords - suffix.split(' ').length)} ${suffix}`
}

function toKey(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}
