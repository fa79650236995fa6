// The hierarchy as nested rectangles (squarified: Bruls, Huizing & van Wijk 2000), down to what can still be read.
import { hierarchy, treemap, type HierarchyRectangularNode } from 'd3-hierarchy'
import type { ClusterAnswer } from '#/server/api/schemas/clusters.ts'

export type Tile = {
  cluster: ClusterAnswer
  /** A group shows its name above the tiles inside it. */
  kind: 'group' | 'tile'
  x: number
  y: number
  width: number
  height: number
}

type Node = { cluster: ClusterAnswer | undefined; children: Node[] }

const headerPixels = 22
const gapPixels = 2
/** Below this a cluster is one tile, whatever lies below it. */
const smallestGroup = { width: 90, height: 58 }

const isRoomy = (node: HierarchyRectangularNode<Node>) =>
  node.x1 - node.x0 >= smallestGroup.width && node.y1 - node.y0 >= smallestGroup.height

const toNode = (cluster: ClusterAnswer): Node => ({ cluster, children: cluster.children.map(toNode) })

/** Groups before the tiles inside them; larger ones first among siblings. */
export function toTiles(clusters: readonly ClusterAnswer[], size: { width: number; height: number }): Tile[] {
  if (clusters.length === 0 || size.width <= 0 || size.height <= 0) return []
  const root = hierarchy<Node>({ cluster: undefined, children: clusters.map(toNode) })
    .sum(({ cluster, children }) => (children.length === 0 ? (cluster?.size ?? 0) : 0))
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0))
  const laid = treemap<Node>()
    .size([size.width, size.height])
    .round(true)
    .paddingInner(gapPixels)
    .paddingTop((node) => (node.depth > 0 && isRoomy(node) ? headerPixels : 0))(root)
  const tiles: Tile[] = []
  const visit = (node: HierarchyRectangularNode<Node>) => {
    const { cluster } = node.data
    const isGroup = node.children !== undefined && (node.depth === 0 || isRoomy(node))
    if (cluster !== undefined) {
      const box = { x: node.x0, y: node.y0, width: node.x1 - node.x0, height: node.y1 - node.y0 }
      tiles.push({ cluster, kind: isGroup ? 'group' : 'tile', ...box })
    }
    if (isGroup) for (const child of node.children ?? []) visit(child)
  }
  visit(laid)
  return tiles
}
