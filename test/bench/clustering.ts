// Clustering against the libraries named in its references, in one run: a table for people, and `BENCH {…}` for machines.
// PYTHON may name an interpreter with numpy, scipy and fastcluster; DATA sets are found as in the tests.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { agnes } from 'ml-hclust'
import { clusterTree } from '#/clustering/cluster.ts'
import { featurize } from '#/clustering/featurize.ts'
import { rowOf, type Matrix } from '#/clustering/matrix.ts'
import type { TreeNode } from '#/clustering/tree.ts'
import { wardDendrogramByRounds } from '#/clustering/ward-rounds.ts'
import { wardDendrogram } from '#/clustering/ward.ts'
import { dataSets, findDataDir, readJsonLines } from '../support/data.ts'
import { agreementOf } from '../unit/clustering/agreement.ts'
import { gaussianBlobs } from '../unit/clustering/gaussian-blobs.ts'

const large = Number(process.env['BENCH_LARGE'] ?? 20_000)
const results: Record<string, unknown> = {}

function seconds(run: () => void): number {
  const started = performance.now()
  run()
  return (performance.now() - started) / 1000
}

function report(what: string, mine: number, theirs: number | undefined, than: string): void {
  const ratio =
    theirs === undefined ? `${than} not measured` : `${than} ${theirs.toFixed(2)} s, ${(theirs / mine).toFixed(1)} ×`
  console.log(`${what.padEnd(34)} ${mine.toFixed(2).padStart(8)} s   ${ratio}`)
}

const ones = (matrix: Matrix) => new Float64Array(matrix.rows).fill(1)

const small = gaussianBlobs({ seed: 1, rows: 2_000, cols: 256, blobs: 100, noise: 0.9 }).vectors
const rows = Array.from({ length: small.rows }, (_, row) => Array.from(rowOf(small, row)))
const smallSeconds = seconds(() => wardDendrogram(small, ones(small)))
const hclustSeconds = seconds(() => agnes(rows, { method: 'ward2' }))
report('exact Ward, 2,000 × 256', smallSeconds, hclustSeconds, 'ml-hclust')
results['ward_2k_vs_ml_hclust'] = hclustSeconds / smallSeconds

const many = gaussianBlobs({ seed: 1, rows: large, cols: 256, blobs: 150, noise: 0.9 }).vectors
const largeSeconds = seconds(() => wardDendrogramByRounds(many, ones(many)))
const reference = fastclusterSeconds(many)
report(`exact Ward, ${large.toLocaleString('en')} × 256`, largeSeconds, reference, 'pdist + fastcluster')
// The key promises twenty thousand points; a shortened run must not fill it.
if (reference !== undefined && large === 20_000) results['ward_20k_vs_fastcluster'] = reference / largeSeconds

const dataDir = findDataDir()
for (const set of ['banking77', 'dstc11_insurance'] as const) {
  if (dataDir === undefined) break
  const texts: string[] = []
  const intents: string[] = []
  type Line = { request_preview: string; labels: { intent: string } }
  for await (const line of readJsonLines<Line>(join(dataDir, dataSets[set]))) {
    texts.push(line.request_preview)
    intents.push(line.labels.intent)
  }
  const { roots } = clusterTree(featurize(texts, { seed: 1 }), { seed: 1, texts })
  const scores = {
    leaves: agreementOf(intents, labelsOf(roots, texts.length, true)),
    top: agreementOf(intents, labelsOf(roots, texts.length, false)),
  }
  results[set] = scores
  console.log(`${set.padEnd(34)} leaves ${percent(scores.leaves)}   top ${percent(scores.top)}`)
}
console.log(`BENCH ${JSON.stringify(results)}`)

/** The leaf (or the root) of every row; unassigned rows share -1. */
function labelsOf(roots: readonly TreeNode[], count: number, atLeaves: boolean): Int32Array {
  const labels = new Int32Array(count).fill(-1)
  let leaf = 0
  const visit = (node: TreeNode, root: number): void => {
    for (const row of node.members) labels[row] = atLeaves ? leaf : root
    if (node.children.length === 0) leaf++
    for (const child of node.children) visit(child, root)
  }
  roots.forEach(visit)
  return labels
}

function percent(scores: { clusters: number; ARI: number; NMI: number; ACC: number }): string {
  const of = (value: number) => (100 * value).toFixed(1)
  return `${scores.clusters} clusters ARI ${of(scores.ARI)} NMI ${of(scores.NMI)} ACC ${of(scores.ACC)}`
}

/** Distances and linkage as a user of SciPy and fastcluster writes them; undefined without such a Python. */
function fastclusterSeconds(points: Matrix): number | undefined {
  const python = process.env['PYTHON']
  if (python === undefined) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'bench-clustering-'))
  try {
    const path = join(folder, 'points.f32')
    writeFileSync(path, new Uint8Array(points.data.buffer))
    const program = `
import sys, time, numpy, fastcluster
from scipy.spatial.distance import pdist
points = numpy.fromfile(sys.argv[1], numpy.float32).reshape(-1, int(sys.argv[2])).astype(float)
started = time.time(); fastcluster.linkage(pdist(points), 'ward'); print(time.time() - started)`
    return Number(execFileSync(python, ['-c', program, path, String(points.cols)], { encoding: 'utf8' }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
