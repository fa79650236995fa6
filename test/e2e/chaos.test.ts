// The short form of `npm run test:chaos`.
import { describe, expect, test } from 'vitest'
import { runChaos } from '#/test/chaos/chaos.ts'
import { databaseKinds, whyNot } from '#/test/support/database.ts'

for (const database of databaseKinds) {
  const reason = await whyNot(database)
  describe.skipIf(reason !== undefined)(`chaos on ${database}${reason === undefined ? '' : `: ${reason}`}`, () => {
    test(
      'processes killed at random instants lose nothing, pay for nothing twice and leave nothing behind',
      { timeout: 600_000 },
      async () => {
        const report = await runChaos({
          database,
          kills: 5,
          traces: 80,
          seed: 7,
          concurrency: 4,
          latencyMs: 50,
          longestLifeMs: 6_000,
          sparesCreation: true,
          log: () => undefined,
        })
        expect(report).toMatchObject({ kills: 5, different: [], orphans: [], stuck: [] })
        expect(report.calls).toBeLessThanOrEqual(report.callsAllowed)
      },
    )
  })
}
