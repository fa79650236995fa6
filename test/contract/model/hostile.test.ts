import { expect, test } from 'vitest'
import { createBuiltinAnalyst } from '#/pipeline/builtin/analyst.ts'
import { findHostileFailures } from '#/test/bench/analyst/hostile.ts'
import { analystOver } from '#/test/support/insight-run.ts'
import { hostileTraces } from '#/test/support/hostile-traces.ts'
import { traceSaying } from '#/test/support/plain-world.ts'
import { conversations } from '#/test/support/trace-lines.ts'
import { openModelWorld } from './model-world.ts'

const normal = conversations(40).map(({ user }, index) => traceSaying(`tr-${index}`, user))

test('there are at least sixty hostile traces, no two alike', () => {
  expect(new Set(hostileTraces.map(({ trace }) => JSON.stringify(trace.spans))).size).toBeGreaterThanOrEqual(60)
})

test('with the built-in analyst they change nothing about the others, and act nowhere', async () => {
  expect(await findHostileFailures(normal, createBuiltinAnalyst)).toEqual([])
}, 120_000)

test('with a model they change nothing about the others, and act nowhere', async () => {
  await using world = await openModelWorld()
  expect(await findHostileFailures(normal, () => analystOver(world))).toEqual([])
}, 120_000)
