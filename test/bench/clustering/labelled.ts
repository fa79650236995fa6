// Quality on labelled sets, the number of labels unknown to the program: leaves and top, against TF-IDF and k-means.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { clusterTree } from '#/clustering/cluster.ts'
import { featurize } from '#/clustering/text/featurize.ts'
import type { TreeNode } from '#/clustering/tree.ts'
import { type DataSet, dataSets, readJsonLines } from '../../support/data.ts'
import { type Agreement, agreementOf } from '../../unit/clustering/agreement.ts'
import { type Python, runReference } from './python.ts'

type Line = {
  request_preview: string
  labels: Record<string, unknown>
  spans: { parent_id: string | null; inputs: { messages?: { role: string; content: unknown }[] } | null }[]
}

/** Which labels stand for the leaves and which for the top. */
const labelsOf: Record<DataSet, { leaves: string; top: string }> = {
  banking77: { leaves: 'intent', top: 'intent' },
  dstc11_insurance: { leaves: 'intent', top: 'intent' },
  star_dev: { leaves: 'task', top: 'domain' },
  tau_retail: { leaves: 'intent', top: 'intent' },
}

export const labelledSets = Object.keys(labelsOf) as DataSet[]

const labelsSchema = z.object({ labels: z.record(z.string(), z.array(z.number())) })

type Scores = { leaves: Agreement; top: Agreement }

export async function scoreLabelled(
  set: DataSet,
  folder: string,
  python: Python,
): Promise<Scores & { baseline?: Scores }> {
  const texts: string[] = []
  const leaves: string[] = []
  const top: string[] = []
  for await (const line of readJsonLines<Line>(join(folder, dataSets[set]))) {
    texts.push(saidBy(line))
    leaves.push(String(line.labels[labelsOf[set].leaves]))
    top.push(String(line.labels[labelsOf[set].top]))
  }
  const { roots } = clusterTree(featurize(texts, { seed: 1 }), { seed: 1, texts })
  const scores: Scores = {
    leaves: agreementOf(leaves, partitionOf(roots, texts.length, 'leaves')),
    top: agreementOf(top, partitionOf(roots, texts.length, 'top')),
  }
  const [atLeaves, atTop] = baselineOf(texts, [new Set(leaves).size, new Set(top).size], python)
  if (atLeaves === undefined || atTop === undefined) return scores
  return { ...scores, baseline: { leaves: agreementOf(leaves, atLeaves), top: agreementOf(top, atTop) } }
}

/** What the person said in the whole conversation. */
function saidBy({ spans, request_preview: preview }: Line): string {
  const messages = spans.find((span) => span.parent_id === null)?.inputs?.messages ?? []
  const said = messages.flatMap(({ role, content }) =>
    role === 'user' && typeof content === 'string' ? [content] : [],
  )
  return said.length === 0 ? preview : said.join('\n')
}

/** The leaf (or the root) of every row; unassigned rows share -1. */
function partitionOf(roots: readonly TreeNode[], count: number, at: 'leaves' | 'top'): Int32Array {
  const labels = new Int32Array(count).fill(-1)
  let leaf = 0
  const visit = (node: TreeNode, root: number): void => {
    for (const row of node.members) labels[row] = at === 'leaves' ? leaf : root
    if (node.children.length === 0) leaf++
    for (const child of node.children) visit(child, root)
  }
  roots.forEach(visit)
  return labels
}

function baselineOf(texts: readonly string[], counts: readonly number[], python: Python): (number[] | undefined)[] {
  const folder = mkdtempSync(join(tmpdir(), 'bench-clustering-'))
  try {
    const path = join(folder, 'texts.json')
    writeFileSync(path, JSON.stringify(texts))
    const answer = runReference(python, ['baseline', path, ...counts.map(String)], labelsSchema)
    return 'missing' in answer ? [] : counts.map((count) => answer.labels[count])
  } finally {
    rmSync(folder, { recursive: true })
  }
}
