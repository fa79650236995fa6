// The short form of `npm run test:chaos -- --faults`: without calls that hang, which take minutes to be given up.
import { describe, expect, test } from 'vitest'
import { runFaults } from '#/test/chaos/faults.ts'
import { databaseKinds, whyNot } from '#/test/support/database.ts'

for (const database of databaseKinds) {
  const reason = await whyNot(database)
  describe.skipIf(reason !== undefined)(`a job on ${database}${reason === undefined ? '' : `: ${reason}`}`, () => {
    test('ends by itself, and its counts reconcile, whatever fails on the way', { timeout: 300_000 }, async () => {
      const report = await runFaults({
        database,
        traces: 150,
        kinds: ['rate_limit', 'rate_limit_after', 'error_500', 'malformed', 'truncated', 'reset'],
        rate: 0.2,
        callsPerTurn: 8,
        mlflowGoneMs: 4_000,
        timeoutMs: 240_000,
      })
      expect(report.problems).toEqual([])
      expect(report.counts.summarized).toBeGreaterThanOrEqual(120)
    })
  })
}
