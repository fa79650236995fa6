// What is done regularly, by schedules of the queue: each time by one of the workers, whichever is free.
import type { PgBoss } from 'pg-boss'
import type { Log } from '../log.ts'

/** `cron` in UTC. What a run leaves undone the next one does: a failed run is logged and not tried again. */
export type Chore = { name: string; cron: string; run: () => Promise<void> }

const hour = 3_600

/** Schedules the chores and takes part in doing them. */
export async function startChores(boss: PgBoss, chores: readonly Chore[], log: Log): Promise<void> {
  for (const { name, cron, run } of chores) {
    await boss.createQueue(name, { retryLimit: 0, expireInSeconds: hour, deleteAfterSeconds: hour })
    await boss.schedule(name, cron)
    await boss.work(name, { pollingIntervalSeconds: 5 }, async () => {
      await run().catch((error: unknown) => log.warn({ err: error, chore: name }, 'chore failed'))
    })
  }
}
