// One measurement in a process of its own, so that its peak of memory is its own: prints {"seconds", "peak_mb", …}.
import { writeFileSync } from 'node:fs'
import { clusterTree } from '#/clustering/cluster.ts'
import { featurize } from '#/clustering/text/featurize.ts'
import { kMeans } from '#/clustering/k-means/k-means.ts'
import { squaredDistance } from '#/clustering/matrix/measure.ts'
import { dendrogramByRounds } from '#/clustering/ward/reciprocal-rounds.ts'
import { openThreads } from '#/server/compute/threads.ts'
import { themedPoints, themedTexts } from './points.ts'
import { wardErrors } from './ward-error.ts'

const [task, rowsText = '0', colsText = '0', pathOrCount = ''] = process.argv.slice(2)
const [rows, cols] = [Number(rowsText), Number(colsText)]
const threads = openThreads()
const weights = new Float64Array(rows).fill(1)
const seconds: number[] = []
const inertia: number[] = []
let errors: Record<string, number> = {}

function timed<T>(run: () => T): T {
  const started = performance.now()
  const result = run()
  seconds.push((performance.now() - started) / 1000)
  return result
}

if (task === 'featurize') {
  const texts = themedTexts(rows)
  timed(() => featurize(texts, { seed: 1, threads }))
} else {
  const points = themedPoints(rows, cols)
  if (task === 'write') writeFileSync(pathOrCount, new Uint8Array(points.data.buffer))
  if (task === 'ward') timed(() => dendrogramByRounds(points, weights, { rule: 'ward', threads }))
  if (task === 'errors') errors = wardErrors(points, pathOrCount.split(',').map(Number), threads)
  if (task === 'tree') timed(() => clusterTree(points, { seed: 1, threads }))
  for (const seed of task === 'kmeans' ? [1, 2, 3] : []) {
    const { assignment, centres } = timed(() => kMeans(points, weights, { k: Number(pathOrCount), seed, threads }))
    const errorOf = (row: number) =>
      squaredDistance(points.data, row * cols, centres.data, assignment[row]! * cols, cols)
    inertia.push(Array.from({ length: rows }, (_, row) => errorOf(row)).reduce((sum, error) => sum + error, 0))
  }
}
threads.close()
console.log(JSON.stringify({ seconds, peak_mb: process.resourceUsage().maxRSS / 1024, inertia, errors }))
