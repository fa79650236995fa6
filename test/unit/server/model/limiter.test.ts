import { expect, test } from 'vitest'
import { AppError } from '#/pipeline/errors.ts'
import { createLimiter } from '#/server/model/limiter.ts'

const signal = new AbortController().signal

/** Calls that end when told, and how many are under way. */
function load(limiter: ReturnType<typeof createLimiter>) {
  const open: PromiseWithResolvers<void>[] = []
  const settled: Promise<unknown>[] = []
  let active = 0
  let most = 0
  return {
    start: (count: number) => {
      for (let i = 0; i < count; i++) {
        const call = limiter.run(async () => {
          most = Math.max(most, ++active)
          const gate = Promise.withResolvers<void>()
          open.push(gate)
          await gate.promise.finally(() => active--)
        }, signal)
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

test('a fixed number of places is never exceeded, whatever happens', async () => {
  const limiter = createLimiter(4)
  const calls = load(limiter)
  calls.start(20)
  while (calls.active() > 0 || calls.most() === 0) await calls.end(overload)
  await Promise.all(calls.settled)
  expect(calls.most()).toBe(4)
  expect(limiter.limit()).toBe(4)
})

test('left to itself it starts at three and grows to thirty-two while all goes well', async () => {
  const limiter = createLimiter(undefined)
  const calls = load(limiter)
  calls.start(300)
  await calls.end()
  expect(limiter.limit()).toBeGreaterThanOrEqual(4)
  for (let round = 0; round < 30; round++) await calls.end()
  expect(calls.most()).toBe(32)
})

test('many refusals at once halve it once, and it never falls below one', async () => {
  const limiter = createLimiter(undefined)
  const calls = load(limiter)
  calls.start(400)
  for (let round = 0; round < 8; round++) await calls.end()
  expect(limiter.limit()).toBe(32)
  await calls.end(overload)
  expect(limiter.limit()).toBe(16)
  for (let round = 0; round < 10; round++) await calls.end(overload)
  expect(limiter.limit()).toBe(1)
})

test('a wrong answer is no sign of overload', async () => {
  const limiter = createLimiter(undefined)
  const calls = load(limiter)
  calls.start(3)
  await calls.end(new AppError('model.bad_answer', 'No JSON.'))
  expect(limiter.limit()).toBeGreaterThanOrEqual(3)
})

test('who is aborted while waiting gives up the place in the queue', async () => {
  const limiter = createLimiter(1)
  const calls = load(limiter)
  calls.start(1)
  const abort = new AbortController()
  const waiting = limiter.run(async () => 'ran', abort.signal)
  abort.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  const next = limiter.run(async () => 'next', signal)
  await calls.end()
  expect(await next).toBe('next')
})
