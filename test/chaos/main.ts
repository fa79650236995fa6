// npm run test:chaos [-- --kills 200 --traces 300 --seed 1 --database embedded|postgresql|both]
// npm run test:chaos -- --faults [--traces 300 --database …]: nothing is killed; model, MLflow and database fail instead.
import { parseArgs } from 'node:util'
import { databaseKinds } from '#/test/support/database.ts'
import { type ChaosReport, runChaos } from './chaos.ts'
import { runFaults } from './faults.ts'

const { values: flags } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    traces: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    concurrency: { type: 'string', default: '8' },
    latency: { type: 'string', default: '100' },
    'longest-life': { type: 'string', default: '8000' },
    database: { type: 'string', default: 'both' },
    faults: { type: 'boolean', default: false },
    /** Seconds that MLflow is gone in the fault run. */
    gone: { type: 'string', default: '60' },
    /** A command that restarts the PostgreSQL at TEST_DATABASE_URL in the fault run, in place of cut connections. */
    restart: { type: 'string' },
  },
})

// Leaves nothing behind: the processes it started end with it.
for (const ending of ['SIGINT', 'SIGTERM'] as const) process.once(ending, () => process.exit(1))

const databases = databaseKinds.filter((kind) => flags.database === 'both' || flags.database === kind)
if (flags.faults) {
  let problems = 0
  for (const database of databases) {
    const { counts, struck, ...report } = await runFaults({
      database,
      traces: Number(flags.traces),
      kinds: ['rate_limit', 'rate_limit_after', 'error_500', 'malformed', 'truncated', 'reset', 'hang'],
      rate: 0.2,
      callsPerTurn: 25,
      mlflowGoneMs: Number(flags.gone) * 1_000,
      restart: flags.restart,
      timeoutMs: 3_600_000,
    })
    console.table({ ...report, ...counts, ...struck, problems: report.problems.length })
    for (const problem of report.problems) console.log(problem)
    problems += report.problems.length
  }
  console.log(problems === 0 ? 'The job ended by itself, and its counts reconcile.' : 'Something does not add up.')
  process.exit(problems === 0 ? 0 : 1)
}

const reports: ChaosReport[] = []
for (const database of databases) {
  const report = await runChaos({
    database,
    kills: Number(flags.kills),
    traces: Number(flags.traces),
    seed: Number(flags.seed),
    concurrency: Number(flags.concurrency),
    latencyMs: Number(flags.latency),
    longestLifeMs: Number(flags['longest-life']),
    log: (line) => console.log(line),
  })
  reports.push(report)
  console.table({
    ...report,
    different: report.different.length,
    orphans: report.orphans.length,
    stuck: report.stuck.length,
  })
  for (const kind of ['different', 'orphans', 'stuck'] as const) for (const one of report[kind]) console.log(kind, one)
}
const isGood = reports.every(
  ({ different, orphans, stuck, calls, callsAllowed }) =>
    different.length + orphans.length + stuck.length === 0 && calls <= callsAllowed,
)
console.log(isGood ? 'Every job ended with the records of an undisturbed run.' : 'Something was lost.')
process.exit(isGood ? 0 : 1)
