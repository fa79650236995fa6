import fc from 'fast-check'
import { expect, test } from 'vitest'
import { samplingRank } from '#/pipeline/ids.ts'
import { sample, stratumOf } from '#/pipeline/load.ts'
import { runInsight } from '#/pipeline/run.ts'
import { createPlainWorld, plainSpec, traceSaying } from '#/test/support/plain-world.ts'

const signal = new AbortController().signal
const candidates = fc.array(
  fc.record({ stratum: fc.constantFrom('a', 'b', 'c'), rank: fc.double({ min: 0, max: 1, noNaN: true }) }),
  { maxLength: 60 },
)

test('a sample has the size asked for, or everything when there is less, and keeps the order of arrival', () => {
  fc.assert(
    fc.property(candidates, fc.integer({ min: 1, max: 80 }), (drawn, size) => {
      const all = drawn.map((candidate, arrival) => ({ ...candidate, arrival }))
      const chosen = sample(all, size)
      expect(chosen).toHaveLength(Math.min(size, all.length))
      expect(chosen.map(({ arrival }) => arrival)).toEqual(
        chosen.map(({ arrival }) => arrival).toSorted((a, b) => a - b),
      )
      expect(new Set(chosen).size).toBe(chosen.length)
    }),
  )
})

test('every stratum gives the same number as far as it reaches, and large ones take what small ones leave', () => {
  const of = (stratum: string, count: number) =>
    Array.from({ length: count }, (_, at) => ({ stratum, rank: samplingRank(1, `${stratum}${at}`), arrival: at }))
  const chosen = sample([...of('large', 100), ...of('small', 5), ...of('middle', 40)], 45)
  const sizes = Object.fromEntries(
    [...Map.groupBy(chosen, ({ stratum }) => stratum)].map(([name, all]) => [name, all.length]),
  )
  expect(sizes).toEqual({ small: 5, middle: 20, large: 20 })
})

test('a random sample does not depend on the order in which the traces arrive', () => {
  const ids = Array.from({ length: 200 }, (_, at) => `tr-${at}`)
  const draw = (order: string[]) =>
    sample(
      order.map((id, arrival) => ({ id, stratum: '', rank: samplingRank(7, id), arrival })),
      20,
    )
      .map(({ id }) => id)
      .toSorted()
  expect(draw(ids)).toEqual(draw(ids.toReversed()))
})

test('a stratum is a state, a day, a tag or a metadata key', () => {
  const { info } = traceSaying('tr-1', 'hi', {
    state: 'ERROR',
    tags: { campaign: 'x' },
    metadata: { region: 'eu' },
    requestTimeMs: Date.UTC(2026, 9, 2, 23),
  })
  expect(['state', 'day', 'campaign', 'region', 'nothing'].map((by) => stratumOf(info, by))).toEqual([
    'ERROR',
    '2026-10-02',
    'x',
    'eu',
    '',
  ])
})

test('the newest traces are taken when a maximum is set without a sample', async () => {
  const world = createPlainWorld(Array.from({ length: 30 }, (_, at) => traceSaying(`tr-${at}`, `refund please ${at}`)))
  const spec = { ...plainSpec, scope: { filter: '', maxTraces: 10 } }
  const { counts } = await runInsight({ runId: 'r1', spec }, world, { signal })
  expect(counts.selected).toBe(10)
  expect([...world.tracking.linked]).toEqual(Array.from({ length: 10 }, (_, at) => `tr-${at}`))
})

test('a random sample links and summarizes exactly the traces it chose', async () => {
  const world = createPlainWorld(Array.from({ length: 250 }, (_, at) => traceSaying(`tr-${at}`, `refund please ${at}`)))
  const spec = { ...plainSpec, scope: { filter: '', maxTraces: 40, sample: 'random' as const } }
  const { counts } = await runInsight({ runId: 'r1', spec }, world, { signal })
  expect(counts).toMatchObject({ selected: 40, summarized: 40 })
  expect(world.tracking.assessments.size).toBe(40)
  expect([...world.tracking.linked].some((id) => Number(id.slice(3)) > 100)).toBe(true)
})
