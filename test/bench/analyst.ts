// Whether the analyst can be trusted, in figures: a table for people, and `BENCH {…}` for machines.
//   npm run bench:analyst -- [--data DIR] [--without-estimate]
import { parseArgs } from 'node:util'
import { createBuiltinAnalyst } from '#/pipeline/builtin/analyst.ts'
import { createRedactor } from '#/pipeline/redact/redactor.ts'
import { openModelWorld } from '../contract/model/model-world.ts'
import { type DataSet, dataSets, findDataDir } from '../support/data.ts'
import { hostileTraces } from '../support/hostile-traces.ts'
import { traceSaying } from '../support/plain-world.ts'
import { benchCache, benchFaults } from './analyst/calls.ts'
import { readDataSet } from './analyst/data-traces.ts'
import { benchEstimate } from './analyst/estimate.ts'
import { findHostileFailures } from './analyst/hostile.ts'
import { analystOver } from '#/test/support/insight-run.ts'
import { benchQuality } from './analyst/quality.ts'
import { lookAlikes, planted, scoreRedaction } from './analyst/redaction/cases.ts'

const { values: flags } = parseArgs({
  options: { data: { type: 'string' }, 'without-estimate': { type: 'boolean', default: false } },
})
const dataDir = flags.data ?? findDataDir()
if (dataDir === undefined) throw new Error('The labelled traces are not there: name their folder with --data.')

const results: Record<string, unknown> = {}
const say = (what: string, figure: string): void => console.log(`${what.padEnd(44)} ${figure}`)
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

let shown = 0
let verified = 0
let empty = 0
const majority: Record<string, { ours: number; baseline: number }> = {}
for (const set of Object.keys(dataSets) as DataSet[]) {
  const quality = await benchQuality(set, dataDir)
  shown += quality.shown
  verified += quality.verified
  empty += quality.empty
  majority[set] = { ours: quality.ours, baseline: quality.baseline }
  say(
    `${set}: in a leaf of their label`,
    `${percent(quality.ours)} in ${quality.leaves} leaves; TF-IDF + k-means ${percent(quality.baseline)}`,
  )
}
say('quotes verified', `${percent(verified / shown)} of ${shown}`)
say('empty summaries', String(empty))
Object.assign(results, { quotes_verified: verified / shown, empty_summaries: empty, builtin_leaf_majority: majority })

const { traces } = await readDataSet('star_dev', dataDir)
const some = traces.slice(0, 150)
const cache = await benchCache(some)
say('summary calls: first, second, one changed', `${cache.first}, ${cache.second}, ${cache.changed}`)
const faults = await benchFaults(some)
say(
  'every fault, 20 % together',
  `${faults.ratio.toFixed(2)} × the calls; ${faults.status}; counts ${faults.reconciles ? 'reconcile' : 'DO NOT reconcile'}; ${faults.failed} failed, ${faults.listed} listed`,
)
Object.assign(results, {
  calls_second_run: cache.second,
  calls_one_changed: cache.changed,
  fault20_calls_ratio: faults.ratio,
})

const redact = createRedactor()
const scores = scoreRedaction((text) => redact(traceSaying('tr-1', '')).mask(text))
say(
  `redaction (${planted.length} planted, ${lookAlikes.length} look-alikes)`,
  `recall ${percent(scores.recall)}, precision ${percent(scores.precision)}`,
)
results['redaction'] = { recall: scores.recall, precision: scores.precision }

const normal = traces.slice(0, 60)
const builtinFailures = await findHostileFailures(normal, createBuiltinAnalyst)
await using world = await openModelWorld()
const modelFailures = await findHostileFailures(normal, () => analystOver(world))
const failures = [...builtinFailures, ...modelFailures]
say(`${hostileTraces.length} hostile traces, both analysts`, `${failures.length} failures`)
for (const failure of failures) console.log(`  ${failure}`)
results['hostile_failures'] = failures.length

if (!flags['without-estimate']) results['estimate_error'] = (await benchEstimate(dataDir)).worst
console.log(`BENCH ${JSON.stringify(results)}`)
