import { expect, test, vi } from 'vitest'
import { AppError } from '#/pipeline/errors.ts'
import { createLimiter } from '#/server/model/limiter.ts'

const signal = new AbortController().signal

/** Calls that end when told, and how many are under way. */
function load(limiter: ReturnType<typeof createLimiter>, job = '') {
  const open: PromiseWithResolvers<void>[] = []
  const settled: Promise<unknown>[] = []
  let active = 0
  let most = 0
  return {
    start: (count: number) => {
      for (let i = 0; i < count; i++) {
        const call = limiter.run(
          async () => {
            most = Math.max(most, ++active)
            const gate = Promise.withResolvers<void>()
            open.push(gate)
            await gate.promise.finally(() => active--)
          },
          { signal, job },
        )
        settled.push(call.catch(() => undefined))
      }
    },
    end: async (error?: Error) => {
      await new Promise((resolve) => setImmediate(resolve))
      for (const gate of open.splice(0)) {
        if (error === undefined) gate.resolve()
        else gate.reject(error)
      }
      await new Promise((resolve) => setImmediate(resolve))
    },
    active: () => active,
    most: () => most,
    settled,
  }
}

const overload = new AppError('model.rate_limited', 'Slow down.')

const adaptive = { most: 32, start: 3 }
const fixed = (places: number) => ({ most: places, start: places })

test('a number of places that is set is where it starts and is never exceeded, and it gives way to overload all the same', async () => {
  const limiter = createLimiter(fixed(4))
  const calls = load(limiter)
  calls.start(40)
  await calls.end()
  await calls.end(overload)
  expect(limiter.state().places).toBe(2)
  while (calls.active() > 0) await calls.end()
  await Promise.all(calls.settled)
  expect(calls.most()).toBe(4)
  expect(limiter.state().places).toBe(4)
})

test('left to itself it starts at three and grows to thirty-two while all goes well', async () => {
  const limiter = createLimiter(adaptive)
  const calls = load(limiter)
  calls.start(300)
  await calls.end()
  expect(limiter.state().places).toBeGreaterThanOrEqual(4)
  for (let round = 0; round < 30; round++) await calls.end()
  expect(calls.most()).toBe(32)
})

test('many refusals at once halve it once, and it never falls below one', async () => {
  const limiter = createLimiter(adaptive)
  const calls = load(limiter)
  calls.start(400)
  for (let round = 0; round < 8; round++) await calls.end()
  expect(limiter.state().places).toBe(32)
  await calls.end(overload)
  expect(limiter.state().places).toBe(16)
  for (let round = 0; round < 10; round++) await calls.end(overload)
  expect(limiter.state().places).toBe(1)
})

test('a wrong answer is no sign of overload', async () => {
  const limiter = createLimiter(adaptive)
  const calls = load(limiter)
  calls.start(3)
  await calls.end(new AppError('model.bad_answer', 'No JSON.'))
  expect(limiter.state().places).toBeGreaterThanOrEqual(3)
})

test('who is aborted while waiting gives up the place in the queue', async () => {
  const limiter = createLimiter(fixed(1))
  const calls = load(limiter)
  calls.start(1)
  const abort = new AbortController()
  const waiting = limiter.run(async () => 'ran', { signal: abort.signal })
  abort.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  const next = limiter.run(async () => 'next', { signal })
  await calls.end()
  expect(await next).toBe('next')
})

test('a small job beside a large one has its turn at once, and as many places as it can use', async () => {
  const limiter = createLimiter(fixed(8))
  const large = load(limiter, 'large')
  const small = load(limiter, 'small')
  large.start(100)
  await new Promise((resolve) => setImmediate(resolve))
  small.start(10)
  expect([large.active(), small.active()]).toEqual([8, 0])
  await large.end()
  expect([large.active(), small.active()]).toEqual([4, 4])
  await Promise.all([large.end(), small.end()])
  expect([large.active(), small.active()]).toEqual([4, 4])
})

test('what an endpoint asks one caller to wait, all wait', async () => {
  let now = 0
  const limiter = createLimiter({ ...fixed(4), now: () => now })
  const calls = load(limiter)
  limiter.pause(60)
  calls.start(2)
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(calls.active()).toBe(0)
  now = 61
  await vi.waitFor(() => expect(calls.active()).toBe(2), 1_000)
})

test('a share that shrinks lets calls end and starts none until there is room again', async () => {
  const shortages: number[] = []
  const limiter = createLimiter({ ...fixed(8), onShortage: () => shortages.push(1) })
  const calls = load(limiter)
  calls.start(20)
  await new Promise((resolve) => setImmediate(resolve))
  expect(shortages).toEqual([])
  limiter.setShare(2)
  expect(calls.active()).toBe(8)
  expect(shortages.length).toBeGreaterThan(0)
  await calls.end()
  expect(calls.active()).toBe(2)
  limiter.setShare(0)
  await calls.end()
  expect(calls.active()).toBe(0)
  limiter.setShare(8)
  await new Promise((resolve) => setImmediate(resolve))
  expect(calls.active()).toBe(8)
})

test.each([
  ['requests', { requestsPerMinute: 60 }, 1, 60],
  ['tokens', { tokensPerMinute: 6_000 }, 100, 60],
] as const)('no minute sees more %s than its budget', async (_name, budget, tokens, most) => {
  vi.useFakeTimers()
  try {
    const started: number[] = []
    const limiter = createLimiter({ ...fixed(100), ...budget, now: () => Date.now() })
    for (let number = 0; number < 300; number++)
      void limiter.run(async () => void started.push(Date.now()), { signal, tokens })
    await vi.advanceTimersByTimeAsync(240_000)
    const inMinuteFrom = (at: number) => started.filter((time) => time >= at && time < at + 60_000).length
    expect(Math.max(...started.map(inMinuteFrom))).toBeLessThanOrEqual(most)
    // Nor is much of it left unused.
    expect(started.length).toBeGreaterThan(4 * most * 0.85)
  } finally {
    vi.useRealTimers()
  }
})
