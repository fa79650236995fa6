import { addCounts, createPhraseReader, textsPerLeaf, type PhraseCounts } from './keywords.ts'
import type { TreeNode } from '../tree.ts'

/** Fills in the keywords of every node: its phrases against those of its siblings (at the top: of all other roots). */
export function addKeywords(roots: readonly TreeNode[], texts: readonly string[]): void {
  const reader = createPhraseReader()
  const countsOf = new Map<TreeNode, PhraseCounts>()
  const read = (node: TreeNode): PhraseCounts => {
    const counts =
      node.children.length > 0
        ? addCounts(node.children.map(read))
        : reader.readLeaf(evenly(node.members, textsPerLeaf).map((row) => texts[row]!))
    countsOf.set(node, counts)
    return counts
  }
  for (const root of roots) read(root)
  const rank = (siblings: readonly TreeNode[]): void => {
    for (const node of siblings) {
      const others = siblings.filter((other) => other !== node).map((other) => countsOf.get(other)!)
      node.keywords = reader.rank(countsOf.get(node)!, addCounts(others))
      rank(node.children)
    }
  }
  rank(roots)
}

/** At most `limit` of the members, evenly spread. */
function evenly(members: readonly number[], limit: number): number[] {
  if (members.length <= limit) return [...members]
  return Array.from({ length: limit }, (_, i) => members[Math.floor((i * members.length) / limit)]!)
}
