import { expect, test } from 'vitest'
import { runInsight } from '#/pipeline/run.ts'
import { createPlainWorld, plainSpec, traceSaying } from '#/test/support/plain-world.ts'

const signal = new AbortController().signal
test('the newest traces are taken when a maximum is set without a sample', async () => {
  const world = createPlainWorld(Array.from({ length: 30 }, (_, at) => traceSaying(`tr-${at}`, `refund please ${at}`)))
  const spec = { ...plainSpec, scope: { filter: '', maxTraces: 10 } }
  const { counts } = await runInsight({ runId: 'r1', spec }, world, { signal })
  expect(counts.selected).toBe(10)
  expect(new Set(world.tracking.linked)).toEqual(new Set(Array.from({ length: 10 }, (_, at) => `tr-${at}`)))
})

test('a random sample links and summarizes exactly the traces it chose', async () => {
  const world = createPlainWorld(Array.from({ length: 250 }, (_, at) => traceSaying(`tr-${at}`, `refund please ${at}`)))
  const spec = { ...plainSpec, scope: { filter: '', maxTraces: 40, sample: 'random' as const } }
  const { counts } = await runInsight({ runId: 'r1', spec }, world, { signal })
  expect(counts).toMatchObject({ selected: 40, summarized: 40 })
  expect(world.tracking.assessments.size).toBe(40)
  expect([...world.tracking.linked].some((id) => Number(id.slice(3)) > 100)).toBe(true)
})

const campaigns = (sizes: Record<string, number>) =>
  Object.entries(sizes).flatMap(([campaign, size]) =>
    Array.from({ length: size }, (_, at) =>
      traceSaying(`tr-${campaign}-${at}`, `refund please ${at}`, { tags: { campaign } }),
    ),
  )
const campaignOf = (id: string): string => id.split('-')[1] ?? ''

test('thirty of each campaign are taken as far as there are, and the Insight says which fell short', async () => {
  const world = createPlainWorld(campaigns({ spring: 200, summer: 31, autumn: 4 }))
  const scope = { filter: '', stratifyBy: 'campaign', targets: { each: 30 } }
  const { counts } = await runInsight({ runId: 'r1', spec: { ...plainSpec, scope } }, world, { signal })
  expect(counts.selected).toBe(64)
  const taken = Object.groupBy(world.tracking.linked, campaignOf)
  expect([taken['spring']?.length, taken['summer']?.length, taken['autumn']?.length]).toEqual([30, 30, 4])
  expect(await world.checkpoints.selection()).toEqual({
    matched: 235,
    strata: [
      { value: 'autumn', available: 4, wanted: 30, selected: 4 },
      { value: 'spring', available: 200, wanted: 30, selected: 30 },
      { value: 'summer', available: 31, wanted: 30, selected: 30 },
    ],
    strataCount: 3,
    shortCount: 1,
  })
  expect(world.events).toContainEqual({
    type: 'log',
    level: 'info',
    message: '1 kind is short of what was wanted: autumn 4 of 30.',
  })
  expect(JSON.parse(world.tracking.artifacts.get('insights/config.json')!)).toMatchObject({
    selection: { shortCount: 1 },
  })
})

test('the order of reading begins with every kind, and is the same whatever order the traces arrive in', async () => {
  const traces = campaigns({ spring: 200, summer: 100 })
  const read = async (arriving: typeof traces) => {
    const world = createPlainWorld(arriving)
    const scope = { filter: '', stratifyBy: 'campaign' }
    await runInsight({ runId: 'r1', spec: { ...plainSpec, scope } }, world, { signal })
    return world.checkpoints.selected().map(({ traceId }) => traceId)
  }
  const order = await read(traces)
  expect(order).toHaveLength(300)
  const first = Object.groupBy(order.slice(0, 60), campaignOf)
  expect(Math.abs((first['spring']?.length ?? 0) - 40)).toBeLessThanOrEqual(3)
  expect(await read(traces.toReversed())).toEqual(order)
})

test('what lists show of a trace is known from the moment it is selected', async () => {
  const world = createPlainWorld(
    Array.from({ length: 6 }, (_, at) => traceSaying(`tr-${at}`, `refund please ${at}`, { state: 'ERROR' })),
  )
  await runInsight({ runId: 'r1', spec: plainSpec }, world, { signal })
  expect(world.checkpoints.selected()[0]).toMatchObject({
    requestTimeMs: 1_760_000_000_000,
    state: 'ERROR',
    executionMs: 100,
  })
})

test('one trace that vanishes while thousands are linked costs one look at the links, not one a page', async () => {
  const world = createPlainWorld(Array.from({ length: 300 }, (_, at) => traceSaying(`tr-${at}`, `refund please ${at}`)))
  const { tracking } = world
  const linkTraces: typeof tracking.linkTraces = async (runId, ids, options) => {
    await tracking.linkTraces(
      runId,
      ids.filter((id) => id !== 'tr-7'),
      options,
    )
  }
  const getTraceInfos: typeof tracking.getTraceInfos = async (query, options) =>
    (await tracking.getTraceInfos(query, options)).filter(({ traceId }) => traceId !== 'tr-7')
  let looks = 0
  const findUnlinked: typeof tracking.findUnlinked = (run, ids, options) => {
    looks++
    return tracking.findUnlinked(run, ids, options)
  }
  const ports = { ...world, tracking: { ...tracking, linkTraces, getTraceInfos, findUnlinked } }
  const { counts } = await runInsight({ runId: 'r1', spec: plainSpec }, ports, { signal })
  expect(counts).toMatchObject({ selected: 300, summarized: 299, failed: 1 })
  expect(await world.checkpoints.failures()).toMatchObject([{ traceId: 'tr-7', code: 'trace.not_found' }])
  expect(looks).toBe(1)
})
