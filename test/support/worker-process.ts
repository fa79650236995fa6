// A worker in a process of its own, to be killed: summarizes the traces of whatever job comes, one every few milliseconds.
// Started by tests: node worker-process.ts <data folder> <database url or ''>
import { setTimeout as wait } from 'node:timers/promises'
import { createCheckpoints } from '#/server/db/checkpoints.ts'
import { openDatabase } from '#/server/db/database.ts'
import { updateInsight } from '#/server/db/insights.ts'
import { createJobs } from '#/server/jobs/jobs.ts'
import { silentLog } from './database.ts'
import { aRecord } from './insight-rows.ts'

const [dataDir = '', databaseUrl = ''] = process.argv.slice(2)
const database = await openDatabase(
  { dataDir, databaseUrl: databaseUrl === '' ? undefined : databaseUrl },
  { log: silentLog },
)
const jobs = createJobs({
  database,
  concurrency: 1,
  log: silentLog,
  run: async (insightId, { signal }) => {
    const checkpoints = createCheckpoints(database.db, insightId, { pageSize: 10 })
    console.log('run', (await checkpoints.counts()).summarized)
    for await (const page of checkpoints.pending()) {
      for (const { ordinal } of page) {
        signal.throwIfAborted()
        await wait(2)
        await checkpoints.saveSummaries([aRecord(ordinal)])
        // Only now: whoever kills us knows that this one must be there.
        console.log('saved', ordinal)
      }
    }
    await updateInsight(database.db, insightId, { status: 'FINISHED', finishedAt: new Date() })
    console.log('finished')
  },
})
await jobs.start()
console.log('ready')
