import fc from 'fast-check'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { createLimiter, type Limiter } from '#/server/model/limiter.ts'
import { joinFleet, type Fleet } from '#/server/jobs/fleet.ts'
import { shareOut } from '#/server/jobs/share-out.ts'
import { createTestDatabase, silentLog, whyNot } from '#/test/support/database.ts'

test('shares come to the whole, and nobody has more than they want while another wants for more', () => {
  const wants = fc.array(fc.nat(60), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(fc.nat(64), wants, fc.nat(20), (whole, wanted, turn) => {
      const shares = shareOut(whole, wanted, turn)
      const isAnybodyAtWork = wanted.some((want) => want > 0)
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(
        isAnybodyAtWork ? whole : Math.min(whole, wanted.length * 2),
      )
      const wanting = shares.filter((share, at) => share < wanted[at]!)
      for (const [at, share] of shares.entries()) {
        for (const poor of wanting) if (share > wanted[at]!) expect.fail(`${share} of ${wanted[at]} beside ${poor}`)
        for (const poor of wanting) expect(share - poor).toBeLessThanOrEqual(1)
      }
    }),
  )
})

test('whoever is idle keeps two places at most, and those at work have the rest', () => {
  expect(shareOut(32, [0, 32, 0])).toEqual([0, 32, 0])
  expect(shareOut(32, [0, 8])).toEqual([2, 30])
  expect(shareOut(32, [0, 0])).toEqual([2, 2])
})

test('with fewer places than processes each has its turn', () => {
  const served = new Set(Array.from({ length: 3 }, (_, turn) => shareOut(1, [5, 5, 5], turn).indexOf(1)))
  expect(served.size).toBe(3)
})

const reason = await whyNot('postgresql')
describe.skipIf(reason !== undefined)(
  `several processes on PostgreSQL${reason === undefined ? '' : `: ${reason}`}`,
  () => {
    /** A process with calls that end when told. */
    async function openProcess(database: Parameters<typeof joinFleet>[0]['database'], most: number) {
      let fleet: Fleet | undefined
      const limiter: Limiter = createLimiter({ most, start: most, onShortage: () => fleet?.hurry() })
      fleet = await joinFleet({ database, mode: 'worker', limiter, most, report: () => ({ calls: 1 }), log: silentLog })
      const gates: PromiseWithResolvers<void>[] = []
      return {
        limiter,
        fleet,
        start: (count: number) => {
          for (let call = 0; call < count; call++) {
            void limiter.run(
              () => {
                const gate = Promise.withResolvers<void>()
                gates.push(gate)
                return gate.promise
              },
              { signal: new AbortController().signal },
            )
          }
        },
        end: (count: number) => {
          for (const gate of gates.splice(0, count)) gate.resolve()
        },
        [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
      }
    }

    test('together they never have more calls under way than one number, which goes to whoever has use for it', async () => {
      await using opened = await createTestDatabase('postgresql')
      const most = 8
      await using first = await openProcess(opened.database, most)
      await using second = await openProcess(opened.database, most)
      await using third = await openProcess(opened.database, most)
      const all = [first, second, third]
      const underWay = () => all.reduce((sum, { limiter }) => sum + limiter.state().active, 0)
      let highest = 0
      const watching = setInterval(() => (highest = Math.max(highest, underWay())), 1)

      first.start(1_000)
      await vi.waitFor(() => expect(first.limiter.state().active).toBe(most), 10_000)
      second.start(1_000)
      third.start(1_000)
      const ending = setInterval(() => all.forEach(({ end }) => end(2)), 50)
      await vi.waitFor(
        () => expect(all.map(({ limiter }) => limiter.state().active).toSorted((a, b) => a - b)).toEqual([2, 3, 3]),
        {
          timeout: 20_000,
          interval: 20,
        },
      )
      clearInterval(ending)
      clearInterval(watching)
      expect(highest).toBe(most)
      expect(await first.fleet.members()).toHaveLength(3)
    }, 60_000)

    test('the places of a process that died are free again, and one that cannot renew its own stops', async () => {
      await using opened = await createTestDatabase('postgresql')
      const { database } = opened
      await database.pool.query(
        `insert into workers (id, mode, host, wants, places, report) values ('dead', 'worker', 'h', 8, 8, '{}')`,
      )
      await using living = await openProcess(database, 8)
      living.start(8)
      await wait(1_500)
      expect(living.limiter.state().active).toBe(0)
      await vi.waitFor(() => expect(living.limiter.state().active).toBe(8), 15_000)
      await database.pool.query('alter table workers rename to workers_gone')
      await vi.waitFor(() => expect(living.limiter.state().share).toBe(0), 15_000)
      await database.pool.query('alter table workers_gone rename to workers')
      await vi.waitFor(() => expect(living.limiter.state().share).toBe(8), 15_000)
    }, 60_000)
  },
)
