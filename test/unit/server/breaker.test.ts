import { expect, test, vi } from 'vitest'
import { AppError } from '#/pipeline/errors.ts'
import { createBreakers, endpointOf } from '#/server/jobs/breaker.ts'
import { silentLog } from '#/test/support/database.ts'

const signal = new AbortController().signal
const gone = new AppError('mlflow.unreachable', 'Nobody answers.')

function openBreakers() {
  const isUp = { model: true, mlflow: true, database: true }
  const asked = { model: 0, mlflow: 0, database: 0 }
  const probe = (endpoint: keyof typeof isUp) => async () => {
    asked[endpoint]++
    if (!isUp[endpoint]) throw new Error('down')
  }
  const probes = { model: probe('model'), mlflow: probe('mlflow'), database: probe('database') }
  return { isUp, asked, breakers: createBreakers({ probes, log: silentLog, firstProbeMs: 5 }) }
}

test('an error of a server that answers is no outage', async () => {
  const { breakers, asked } = openBreakers()
  expect(await breakers.waitOut(gone, signal)).toBe(false)
  expect(asked).toEqual({ model: 0, mlflow: 1, database: 0 })
  expect(breakers.open()).toEqual([])
})

test('while a server is gone all its jobs wait on one probe, others do not, and it closes by itself', async () => {
  const { breakers, isUp, asked } = openBreakers()
  isUp.mlflow = false
  const ended: boolean[] = []
  const waiting = Array.from({ length: 20 }, async () => ended.push(await breakers.waitOut(gone, signal)))
  await vi.waitFor(() => expect(asked.mlflow).toBeGreaterThan(22), 10_000)
  expect(breakers.open()).toEqual(['mlflow'])
  expect(asked.mlflow).toBeLessThan(30)
  expect(ended).toEqual([])
  expect(await breakers.waitOut(new AppError('model.unreachable', 'Nobody answers.'), signal)).toBe(false)
  isUp.mlflow = true
  await Promise.all(waiting)
  expect(ended).toEqual(Array.from({ length: 20 }, () => true))
  expect(breakers.open()).toEqual([])
})

test('who is cancelled waits no longer', async () => {
  const { breakers, isUp } = openBreakers()
  isUp.mlflow = false
  const abort = new AbortController()
  const waiting = breakers.waitOut(gone, abort.signal)
  abort.abort(new Error('cancelled'))
  await expect(waiting).rejects.toThrow('cancelled')
  isUp.mlflow = true
})

test.each([
  ['model.rate_limited', new AppError('model.rate_limited', ''), 'model'],
  ['a wrong key', new AppError('model.unauthorized', ''), undefined],
  ['too many failures', new AppError('insight.too_many_failures', ''), undefined],
  [
    'PostgreSQL that shuts down',
    new Error('query', { cause: Object.assign(new Error(''), { code: '57P01' }) }),
    'database',
  ],
  ['a refused connection', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'database'],
  ['a connection that broke', new Error('Connection terminated unexpectedly'), 'database'],
  ['a bug', new TypeError('x is not a function'), undefined],
  ['a wrong statement', Object.assign(new Error('syntax'), { code: '42601' }), undefined],
] as const)('%s speaks of the right server', (_name, error, endpoint) => {
  expect(endpointOf(error)).toBe(endpoint)
})
