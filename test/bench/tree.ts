// Is the tree one a person can read? Shapes, outliers, stability and the map on the labelled sets: a table, and `BENCH {…}`.
// The data sets are found as in the tests (TRACE_DATA_DIR). Texts: the question, or all that the user said.
import { join } from 'node:path'
import { clusterTree } from '#/clustering/cluster.ts'
import { featurize } from '#/clustering/text/featurize.ts'
import { projectMap } from '#/clustering/map.ts'
import { createRandom } from '#/clustering/random.ts'
import type { ClusterTree, TreeNode } from '#/clustering/tree.ts'
import { dataSets, findDataDir, readJsonLines, type DataSet } from '../support/data.ts'
import { agreementOf } from '../unit/clustering/agreement.ts'
import { gaussianBlobs } from '../unit/clustering/gaussian-blobs.ts'
import { trustworthiness } from './trustworthiness.ts'

type Line = {
  request_preview: string
  labels: { intent?: string; task?: string; primary_intent?: string }
  spans: { parent_id: string | null; inputs: unknown; outputs: unknown }[]
}

const plantedCount = 200
const mapSample = { neighbours: 10, sample: 400, seed: 1 }
const results: Record<string, unknown> = {}
const dataDir = findDataDir()
if (dataDir === undefined) throw new Error('The data sets were not found: set TRACE_DATA_DIR.')

console.log(
  'set                roots leaves  5–12  3–12 unassigned nonsense   ARI/leaves  silhouette stability  two seeds tenth out    map',
)
for (const set of Object.keys(dataSets) as DataSet[]) {
  const texts: string[] = []
  const labels: (string | undefined)[] = []
  for await (const line of readJsonLines<Line>(join(dataDir, dataSets[set]))) {
    texts.push(saidBy(line))
    labels.push(line.labels.task ?? line.labels.primary_intent ?? line.labels.intent)
  }
  const vectors = featurize(texts, { seed: 1 })
  const tree = clusterTree(vectors, { seed: 1, texts, stability: true })
  const other = clusterTree(featurize(texts, { seed: 2 }), { seed: 2, texts })
  // The whole way again without a tenth of the texts, featurizer included: what a person who comes back next week would see.
  const kept = texts.flatMap((_, row) => (row % 10 === 7 ? [] : [row]))
  const keptTexts = kept.map((row) => texts[row]!)
  const again = leafOfRow(clusterTree(featurize(keptTexts, { seed: 1 }), { seed: 1, texts: keptTexts }), kept.length)
  const nonsense = plantNonsense()
  const all = [...texts, ...nonsense]
  const mixed = clusterTree(featurize(all, { seed: 1 }), { seed: 1, texts: all })
  const leaves = leafOfRow(tree, texts.length)
  const counts = childCounts(tree.roots)
  const within = (least: number) => shareOf(counts, (count) => count >= least && count <= 12)
  const scores = {
    rows: texts.length,
    roots: tree.roots.length,
    leaves: new Set(leaves.filter((leaf) => leaf >= 0)).size,
    inner_nodes: counts.length,
    share_5_to_12: within(5),
    share_3_to_12: within(3),
    lone_children: counts.filter((count) => count === 1).length,
    unassigned_share: tree.unassigned.length / texts.length,
    nonsense_found: mixed.unassigned.filter(({ row }) => row >= texts.length).length / plantedCount,
    leaves_ari: agreementOf(labels, leaves).ARI,
    silhouette: tree.quality.silhouette,
    stability: tree.quality.stability,
    two_seeds_ari: agreementOf(Array.from(leaves), leafOfRow(other, texts.length)).ARI,
    tenth_left_out_ari: agreementOf(
      kept.map((row) => leaves[row]!),
      again,
    ).ARI,
    map_trustworthiness: trustworthiness(vectors, projectMap(vectors, tree, { seed: 1 }), mapSample),
  }
  results[set] = scores
  console.log(
    [
      set.padEnd(18),
      String(scores.roots).padStart(5),
      String(scores.leaves).padStart(6),
      percent(scores.share_5_to_12).padStart(5),
      percent(scores.share_3_to_12).padStart(5),
      percent(scores.unassigned_share).padStart(10),
      percent(scores.nonsense_found).padStart(8),
      (100 * scores.leaves_ari).toFixed(1).padStart(12),
      scores.silhouette.toFixed(2).padStart(11),
      (scores.stability?.toFixed(2) ?? '–').padStart(9),
      scores.two_seeds_ari.toFixed(2).padStart(10),
      scores.tenth_left_out_ari.toFixed(2).padStart(10),
      scores.map_trustworthiness.toFixed(3).padStart(6),
    ].join(' '),
  )
}

for (const rows of [10_000, 100_000]) {
  const { vectors } = gaussianBlobs({ seed: 1, rows, cols: 64, blobs: 120, noise: 0.9 })
  const tree = clusterTree(vectors, { seed: 1 })
  const started = performance.now()
  const map = projectMap(vectors, tree, { seed: 1 })
  const seconds = (performance.now() - started) / 1000
  const trust = trustworthiness(vectors, map, { ...mapSample, sample: rows > 10_000 ? 40 : 200 })
  results[`map_${rows / 1000}k`] = { seconds, trustworthiness: trust }
  console.log(`map of ${rows.toLocaleString('en')} × 64: ${seconds.toFixed(2)} s, trustworthiness ${trust.toFixed(3)}`)
}
console.log(`BENCH ${JSON.stringify(results)}`)

/** The user's side of the conversation, or what stands for it. */
function saidBy({ request_preview: preview, spans }: Line): string {
  const root = spans.find(({ parent_id: parent }) => parent === null)
  const messages = [root?.inputs, root?.outputs].flatMap((side) => messagesOf(side))
  const said = messages.flatMap(({ role, content }) => (role === 'user' && typeof content === 'string' ? content : []))
  return said.length === 0 ? preview : said.join(' ')
}

function messagesOf(side: unknown): { role?: unknown; content?: unknown }[] {
  const messages = typeof side === 'object' && side !== null && 'messages' in side ? side.messages : []
  return Array.isArray(messages) ? (messages as { role?: unknown; content?: unknown }[]) : []
}

/** Words of random letters: what no theme should take in. */
function plantNonsense(): string[] {
  const random = createRandom(5)
  const letters = () => String.fromCharCode(97 + Math.floor(random() * 26))
  const word = () => Array.from({ length: 3 + Math.floor(random() * 7) }, letters).join('')
  return Array.from({ length: plantedCount }, () => Array.from({ length: 8 }, word).join(' '))
}

function leafOfRow(tree: ClusterTree, rows: number): Int32Array {
  const leaves = new Int32Array(rows).fill(-1)
  let count = 0
  const visit = (node: TreeNode): void => {
    for (const row of node.members) leaves[row] = count
    if (node.children.length === 0) count++
    node.children.forEach(visit)
  }
  tree.roots.forEach(visit)
  return leaves
}

function childCounts(nodes: readonly TreeNode[]): number[] {
  return nodes.flatMap(({ children }) => (children.length === 0 ? [] : [children.length, ...childCounts(children)]))
}

/** 1 where there are none to ask. */
function shareOf<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.length === 0 ? 1 : items.filter(holds).length / items.length
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`
}
