import fc from 'fast-check'
import { expect, test } from 'vitest'
import { samplingRank } from '#/pipeline/ids.ts'
import { toReadingOrder } from '#/pipeline/reading-order.ts'
import { allocate, createPool, describeShortfall, stratumOf, toSelection } from '#/pipeline/sample.ts'
import { traceSaying } from '#/test/support/plain-world.ts'

const strata = fc.uniqueArray(
  fc.record({ value: fc.constantFrom('a', 'b', 'c', 'd', 'e'), available: fc.nat({ max: 40 }) }),
  { selector: ({ value }) => value },
)
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

test('a sample has the size asked for, or everything when there is less, and never more of a kind than there is', () => {
  fc.assert(
    fc.property(strata, fc.integer({ min: 1, max: 120 }), (all, size) => {
      const counts = allocate(all, { size })
      expect(sum(counts.map(({ selected }) => selected))).toBe(
        Math.min(size, sum(all.map(({ available }) => available))),
      )
      for (const { available, selected } of counts) expect(selected).toBeLessThanOrEqual(available)
    }),
  )
})

test('no kind is taken more than one above another that still has some', () => {
  fc.assert(
    fc.property(strata, fc.integer({ min: 1, max: 120 }), (all, size) => {
      const counts = allocate(all, { size })
      const most = Math.max(0, ...counts.map(({ selected }) => selected))
      for (const { available, selected } of counts)
        if (selected < available) expect(most - selected).toBeLessThanOrEqual(1)
    }),
  )
})

test('every kind gives the same number as far as it reaches, and large ones take what small ones leave', () => {
  const all = [
    { value: 'large', available: 100 },
    { value: 'middle', available: 40 },
    { value: 'small', available: 5 },
  ]
  const taken = (size: number) => allocate(all, { size }).map(({ selected }) => selected)
  expect(taken(45)).toEqual([20, 20, 5])
  expect(taken(100)).toEqual([55, 40, 5])
})

test('two thirds of one outcome are two thirds, and what is missing of it is not made up for by the others', () => {
  const of = (refunded: number, kept: number) => [
    { value: 'kept', available: kept },
    { value: 'refunded', available: refunded },
  ]
  const targets = { shares: { refunded: 2 / 3 } }
  expect(allocate(of(500, 500), { size: 300, targets })).toEqual([
    { value: 'kept', available: 500, wanted: 100, selected: 100 },
    { value: 'refunded', available: 500, wanted: 200, selected: 200 },
  ])
  const short = allocate(of(50, 500), { size: 300, targets })
  expect(short.map(({ selected }) => selected)).toEqual([100, 50])
  expect(describeShortfall(toSelection(550, short))).toBe('1 kind is short of what was wanted: refunded 50 of 200.')
})

test('a kind that nobody has is told as a shortfall too', () => {
  const counts = allocate([{ value: 'kept', available: 90 }], { size: 90, targets: { shares: { refunded: 0.5 } } })
  expect(counts).toEqual([
    { value: 'kept', available: 90, wanted: 45, selected: 45 },
    { value: 'refunded', available: 0, wanted: 45, selected: 0 },
  ])
})

test('a draw does not depend on the order in which the traces arrive, and keeps no more than can be chosen', () => {
  const ids = Array.from({ length: 5_000 }, (_, at) => `tr-${at}`)
  const draw = (order: readonly string[]) => {
    const pool = createPool(20)
    for (const traceId of order) pool.add({ traceId, stratum: '', rank: samplingRank(7, traceId) })
    return pool.strata()
  }
  const [one] = draw(ids)
  expect(one).toMatchObject({ value: '', available: 5_000 })
  expect(one?.candidates).toHaveLength(20)
  expect(draw(ids.toReversed())).toEqual([one])
})

test('a kind is a state, a time, a session, a user, a tag, a metadata key or a feedback', () => {
  const { info } = traceSaying('tr-1', 'hi', {
    state: 'ERROR',
    session: 's-1',
    user: 'ana',
    tags: { campaign: 'x' },
    metadata: { region: 'eu' },
    requestTimeMs: Date.UTC(2026, 9, 2, 23),
    assessments: [
      {
        id: 'a',
        name: 'solved',
        kind: 'feedback',
        value: false,
        source: { type: 'HUMAN', id: '' },
        metadata: {},
        valid: true,
      },
    ],
  })
  const by = ['state', 'session', 'user', 'campaign', 'region', 'solved', 'hour', 'day', 'time', 'month', 'nothing']
  expect(by.map((each) => stratumOf(info, each)).join(' ')).toBe(
    'ERROR s-1 ana x eu false 2026-10-02T23 2026-10-02 2026-10-02 2026-10 ',
  )
})

test('of many kinds those that fell short are written down first, and all are counted', () => {
  const many = Array.from({ length: 500 }, (_, at) => ({ value: `k${at}`, available: at === 499 ? 1 : 9 }))
  const selection = toSelection(4_000, allocate(many, { size: 2_500, targets: { each: 5 } }))
  expect(selection).toMatchObject({ strataCount: 500, shortCount: 1 })
  expect(selection.strata).toHaveLength(200)
  expect(selection.strata[0]).toMatchObject({ value: 'k499', selected: 1, wanted: 5 })
})

test('the first 5 % have every state, time and key in the proportions of the whole, and few traces of one session', () => {
  const traces = Array.from({ length: 4_000 }, (_, at) => ({
    traceId: `tr-${at}`,
    rank: samplingRank(3, `tr-${at}`),
    requestTimeMs: at * 1_000,
    state: at % 10 === 0 ? 'ERROR' : 'OK',
    stratum: ['a', 'b', 'c', 'c'][at % 4] ?? '',
    session: `s-${Math.floor(at / 40)}`,
  }))
  const first = toReadingOrder(traces, 3).slice(0, 200)
  const share = (of: (trace: (typeof traces)[number]) => boolean) => first.filter(of).length / first.length
  expect(share(({ state }) => state === 'ERROR')).toBeCloseTo(0.1, 1)
  expect(share(({ stratum }) => stratum === 'c')).toBeCloseTo(0.5, 1)
  for (let period = 0; period < 10; period++) {
    const inPeriod = share(({ requestTimeMs }) => Math.floor(requestTimeMs / 400_000) === period)
    expect(inPeriod).toBeGreaterThan(0.06)
    expect(inPeriod).toBeLessThan(0.14)
  }
  const perSession = [...Map.groupBy(first, ({ session }) => session).values()].map(({ length }) => length)
  expect(perSession.length).toBeGreaterThan(75)
  expect(Math.max(...perSession)).toBeLessThanOrEqual(6)
})

test('the order holds every trace once, and the seed alone changes it', () => {
  const traces = Array.from({ length: 300 }, (_, at) => ({
    traceId: `tr-${at}`,
    rank: samplingRank(1, `tr-${at}`),
    stratum: '',
  }))
  const ids = (seed: number) =>
    toReadingOrder(
      traces.map((trace) => ({ ...trace, rank: samplingRank(seed, trace.traceId) })),
      seed,
    ).map(({ traceId }) => traceId)
  expect(ids(1).toSorted()).toEqual(traces.map(({ traceId }) => traceId).toSorted())
  expect(ids(1)).toEqual(ids(1))
  expect(ids(2)).not.toEqual(ids(1))
})
