import { expect, test } from 'vitest'
import { attemptsOf } from '#/pipeline/attempts.ts'
import { AppError, type ErrorCode } from '#/pipeline/errors.ts'
import { type RetryPolicy, sleepFor, toBackoffMs, withRetries } from '#/pipeline/retry.ts'

const policy: RetryPolicy = { maxRetries: 3, backoffMs: 100, maxBackoffMs: 300, maxRetryAfterMs: 10_000 }

function failing(errors: (AppError | Error)[]) {
  const waits: number[] = []
  let attempts = 0
  const run = (changes: Partial<RetryPolicy> = {}, signal = new AbortController().signal) =>
    withRetries(
      async (number) => {
        attempts = number
        const error = errors[number - 1]
        if (error !== undefined) throw error
        return 'done'
      },
      {
        ...policy,
        ...changes,
        signal,
        random: () => 1,
        sleep: async (ms) => {
          waits.push(ms)
        },
      },
    )
  return { run, waits, attempts: () => attempts }
}

const late = (retryAfterMs?: number) =>
  new AppError('model.rate_limited', 'Slow down.', retryAfterMs === undefined ? {} : { retryAfterMs })

test('the wait doubles up to its ceiling, and any part of it may be drawn', () => {
  const ends = [1, 2, 3, 4].map((retry) => toBackoffMs(retry, { ...policy, random: () => 1 }))
  expect(ends).toEqual([100, 200, 300, 300])
  expect(toBackoffMs(3, { ...policy, random: () => 0 })).toBe(0)
})

test('a failure that may pass is met by asking again', async () => {
  const it = failing([late(), late()])
  expect(await it.run()).toBe('done')
  expect(it.waits).toEqual([100, 200])
})

test('after the last retry the last error is thrown', async () => {
  const it = failing(Array.from({ length: 9 }, () => late()))
  const error = await it.run().catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ message: 'Slow down.' })
  expect(it.attempts()).toBe(4)
  expect(attemptsOf(error as AppError)).toBe(4)
})

test.for(['model.unauthorized', 'model.refused', 'model.too_long', 'trace.empty'] satisfies ErrorCode[])(
  '%s is not tried again',
  async (code) => {
    const it = failing([new AppError(code, 'No.')])
    await expect(it.run()).rejects.toThrow('No.')
    expect(it.attempts()).toBe(1)
  },
)

test('a bug is not tried again', async () => {
  const it = failing([new TypeError('undefined is not a function')])
  await expect(it.run()).rejects.toThrow(TypeError)
  expect(it.attempts()).toBe(1)
})

test('the time asked for is waited out, with at most a tenth on top', async () => {
  const it = failing([late(5_000)])
  await it.run()
  expect(it.waits).toEqual([5_100])
})

test('who asks for too much patience gets none', async () => {
  const it = failing([late(60_000)])
  await expect(it.run()).rejects.toThrow('Slow down.')
  expect(it.waits).toEqual([])
})

test('some codes can be given fewer retries than the rest', async () => {
  const wrong = new AppError('model.bad_answer', 'Nonsense.')
  const it = failing([wrong, late(), wrong, wrong])
  await expect(it.run({ maxRetriesFor: { 'model.bad_answer': 1 } })).rejects.toThrow('Nonsense.')
  expect(it.attempts()).toBe(3)
})

test('an abort ends the waiting with its own reason', async () => {
  const abort = new AbortController()
  const waiting = sleepFor(60_000, abort.signal)
  abort.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
})
