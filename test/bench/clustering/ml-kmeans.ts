// ml-kmeans, in a private folder: it is compared with and used for nothing else.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Matrix, rowOf } from '#/clustering/matrix/matrix.ts'
import { privateFolder, reasonOf } from './private-folder.ts'

const version = '7.0.1'

type KMeans = (
  rows: number[][],
  k: number,
  options: { seed: number; initialization: 'random' },
) => { clusters: number[]; centroids: number[][] }

/** Its time from plain arrays, with random centres: its k-means++ takes several times as long. */
export async function timeMlKMeans(points: Matrix, k: number): Promise<{ seconds: number } | { missing: string }> {
  try {
    const path = join(privateFolder, 'node_modules/ml-kmeans/lib/index.js')
    if (!existsSync(path)) {
      const args = ['install', '--silent', '--no-audit', '--no-fund', '--prefix', privateFolder, `ml-kmeans@${version}`]
      execFileSync('npm', args, { stdio: 'pipe' })
    }
    const { kmeans } = (await import(pathToFileURL(path).href)) as { kmeans: KMeans }
    const rows = Array.from({ length: points.rows }, (_, row) => Array.from(rowOf(points, row)))
    const started = performance.now()
    kmeans(rows, k, { seed: 1, initialization: 'random' })
    return { seconds: (performance.now() - started) / 1000 }
  } catch (error) {
    return { missing: reasonOf(error) }
  }
}
