// Clustering against the libraries named in its references, in one run: a table for people, and `BENCH {…}` for machines.
//
//   npm run bench:clustering [-- --only ward,errors,kmeans,million,labelled,tree,featurize] [--data FOLDER]
//
// Every measurement runs in a process of its own. References in Python run where there is one (see clustering/python.ts).
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { agnes } from 'ml-hclust'
import { z } from 'zod'
import { rowOf } from '#/clustering/matrix/matrix.ts'
import { wardDendrogram } from '#/clustering/ward/ward.ts'
import { openThreads } from '#/server/compute/threads.ts'
import { findDataDir } from '../support/data.ts'
import { labelledSets, scoreLabelled } from './clustering/labelled.ts'
import { themedPoints } from './clustering/points.ts'
import { timeMlKMeans } from './clustering/ml-kmeans.ts'
import { findPython, runReference } from './clustering/python.ts'

const { values: flags } = parseArgs({ options: { only: { type: 'string' }, data: { type: 'string' } } })
const parts = flags.only?.split(',')
/** The part each key of the last line comes from: there is null, and the reason beside it, where it was not measured. */
const partOf = {
  ward_20k_vs_fastcluster: 'ward',
  ward_20k_vs_blas_fastcluster: 'ward',
  ward_2k_vs_ml_hclust: 'ward',
  peak_mb_ward_20k: 'ward',
  ward_20k_sse_ratios: 'errors',
  kmeans_50k_k100_vs_sklearn: 'kmeans',
  kmeans_50k_k100_inertia_ratio: 'kmeans',
  kmeans_10k_k100_vs_ml_kmeans: 'kmeans',
  hundred_thousand_seconds: 'tree',
  million_seconds: 'million',
  million_peak_mb: 'million',
  featurize_million_seconds: 'featurize',
  banking77: 'labelled',
  dstc11_insurance: 'labelled',
  star_dev: 'labelled',
  tau_retail: 'labelled',
} as const
type Key = keyof typeof partOf
type Part = (typeof partOf)[Key]
const keys = Object.keys(partOf) as Key[]
const results: Partial<Record<Key, unknown>> = {}
const reasons: Partial<Record<Key, string>> = {}
const python = findPython()
if ('missing' in python) console.log(`No references in Python: ${python.missing}`)

const timeSchema = z.object({ seconds: z.number() })
const timesSchema = z.object({ seconds: z.array(z.number()), inertia: z.array(z.number()) })

type Measured = { seconds: number[]; peak_mb: number; inertia: number[]; errors: Record<string, number> }

function measure(...task: (string | number)[]): Measured {
  const path = join(import.meta.dirname, 'clustering', 'measure-process.ts')
  return JSON.parse(execFileSync(process.execPath, [path, ...task.map(String)], { encoding: 'utf8' })) as Measured
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

function report(what: string, mine: string, other = ''): void {
  console.log(`${what.padEnd(40)} ${mine.padStart(22)}   ${other}`)
}

/** The reference's median against ours; a reason where there is none. */
function compare(key: Key, than: string, mine: number, theirs: { seconds: number | number[] } | { missing: string }) {
  if ('missing' in theirs) {
    reasons[key] = theirs.missing
    return report('', '', `${than}: not measured (${theirs.missing})`)
  }
  const seconds = median([theirs.seconds].flat())
  results[key] = seconds / mine
  report('', '', `${than}: ${seconds.toFixed(2)} s, ${(seconds / mine).toFixed(1)} ×`)
}

/** Runs a part that is wanted. One that fails leaves its reason, and the others their figures. */
async function part(name: Part, run: () => void | Promise<void>): Promise<void> {
  let reason = 'left out by --only'
  if (parts === undefined || parts.includes(name)) {
    try {
      await run()
      reason = 'not measured'
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error)
      console.error(error)
      process.exitCode = 1
    }
  }
  for (const key of keys) if (partOf[key] === name && results[key] === undefined) reasons[key] ??= reason
}

const scratch = mkdtempSync(join(tmpdir(), 'bench-clustering-'))
try {
  await part('ward', () => {
    const small = themedPoints(2_000, 256)
    const rows = Array.from({ length: small.rows }, (_, row) => Array.from(rowOf(small, row)))
    const threads = openThreads()
    const own = Array.from({ length: 7 }, () => {
      const started = performance.now()
      wardDendrogram(small, new Float64Array(small.rows).fill(1), { threads })
      return (performance.now() - started) / 1000
    })
    threads.close()
    report('exact Ward, 2,000 × 256', `${median(own).toFixed(3)} s`)
    const started = performance.now()
    agnes(rows, { method: 'ward2' })
    compare('ward_2k_vs_ml_hclust', 'ml-hclust', median(own), { seconds: (performance.now() - started) / 1000 })

    const path = join(scratch, 'ward.f32')
    measure('write', 20_000, 256, path)
    // Turn about: what else the machine is doing meets both.
    const turns = Array.from({ length: 3 }, () => ({
      own: measure('ward', 20_000, 256),
      blas: runReference(python, ['blas', path, '256'], timeSchema),
    }))
    const runs = turns.map(({ own: run }) => run)
    const seconds = median(runs.map((run) => run.seconds[0]!))
    results['peak_mb_ward_20k'] = Math.max(...runs.map((run) => run.peak_mb))
    report(
      'exact Ward, 20,000 × 256',
      `${seconds.toFixed(2)} s, ${(results['peak_mb_ward_20k'] as number).toFixed(0)} MB`,
    )
    compare(
      'ward_20k_vs_fastcluster',
      'pdist + fastcluster',
      seconds,
      runReference(python, ['fastcluster', path, '256'], timeSchema),
    )
    const blas = turns.map((turn) => turn.blas)
    const missing = blas.find((answer) => 'missing' in answer)
    const times = { seconds: blas.flatMap((answer) => ('seconds' in answer ? [answer.seconds] : [])) }
    compare('ward_20k_vs_blas_fastcluster', 'BLAS + fastcluster', seconds, missing ?? times)
  })

  await part('errors', () => {
    const { errors } = measure('errors', 20_000, 256, '10,40,100,300')
    results['ward_20k_sse_ratios'] = errors
    for (const [cut, ratio] of Object.entries(errors)) {
      report(
        '20,000 × 256 by micro-clusters',
        cut === 'leaves' ? 'leaves of a tree' : `${cut} clusters`,
        `squared error ${ratio.toFixed(4)} of exact Ward's`,
      )
    }
  })

  await part('kmeans', async () => {
    const run = measure('kmeans', 50_000, 256, 100)
    const inertia = median(run.inertia)
    report('k-means, 50,000 × 256, k = 100', `${median(run.seconds).toFixed(2)} s`, `inertia ${inertia.toFixed(0)}`)
    const path = join(scratch, 'kmeans.f32')
    measure('write', 50_000, 256, path)
    const theirs = runReference(python, ['kmeans', path, '256', '100'], timesSchema)
    compare('kmeans_50k_k100_vs_sklearn', 'scikit-learn', median(run.seconds), theirs)
    if ('missing' in theirs) reasons['kmeans_50k_k100_inertia_ratio'] = theirs.missing
    else results['kmeans_50k_k100_inertia_ratio'] = inertia / median(theirs.inertia)
    const small = median(measure('kmeans', 10_000, 256, 100).seconds)
    report('k-means, 10,000 × 256, k = 100', `${small.toFixed(2)} s`)
    const points = themedPoints(10_000, 256)
    compare('kmeans_10k_k100_vs_ml_kmeans', 'ml-kmeans', small, await timeMlKMeans(points, 100))
  })

  await part('tree', () => {
    const { seconds, peak_mb } = measure('tree', 100_000, 64)
    results['hundred_thousand_seconds'] = seconds[0]
    report('100,000 × 64 to a tree', `${seconds[0]!.toFixed(2)} s, ${peak_mb.toFixed(0)} MB`)
  })
  await part('million', () => {
    const { seconds, peak_mb } = measure('tree', 1_000_000, 256)
    results['million_seconds'] = seconds[0]
    results['million_peak_mb'] = peak_mb
    report('1,000,000 × 256 to a tree', `${seconds[0]!.toFixed(2)} s, ${peak_mb.toFixed(0)} MB`)
  })
  await part('featurize', () => {
    const { seconds, peak_mb } = measure('featurize', 1_000_000)
    results['featurize_million_seconds'] = seconds[0]
    report('featurizer, 1,000,000 short texts', `${seconds[0]!.toFixed(2)} s, ${peak_mb.toFixed(0)} MB`)
  })

  await part('labelled', async () => {
    const data = flags.data ?? findDataDir()
    if (data === undefined) {
      for (const set of labelledSets) reasons[set] = '../shared/data is not there (see --data)'
      return console.log('No labelled sets: ../shared/data is not there (see --data).')
    }
    for (const set of labelledSets) {
      const scores = await scoreLabelled(set, data, python)
      results[set] = scores
      report(set, 'leaves', percent(scores.leaves, scores.baseline?.leaves))
      report('', 'top', percent(scores.top, scores.baseline?.top))
    }
  })
} finally {
  rmSync(scratch, { recursive: true })
}
const values = Object.fromEntries(keys.map((key) => [key, results[key] ?? null]))
console.log(`BENCH ${JSON.stringify({ ...values, missing: reasons })}`)

type Scores = { clusters: number; ARI: number; NMI: number; ACC: number }

function percent(own: Scores, baseline: Scores | undefined): string {
  const of = ({ ARI, NMI, ACC }: Scores) =>
    [ARI, NMI, ACC].map((value, i) => `${['ARI', 'NMI', 'ACC'][i]} ${(100 * value).toFixed(1)}`).join(' ')
  return `${own.clusters} clusters ${of(own)}${baseline === undefined ? '' : `   TF-IDF + k-means: ${of(baseline)}`}`
}
