import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toProxyPath } from '#/server/mlflow/artifacts.ts'
import { createByteBudget } from '#/server/mlflow/byte-budget.ts'
import { parseTrackingUri, toAuthorization } from '#/server/mlflow/config.ts'
import { countByOffset } from '#/server/mlflow/count-traces.ts'
import { allOf, inList, isQuotable, quoteKey, quoteValue } from '#/server/mlflow/filters.ts'
import { findClusterLink, toExperimentLink, toRunLink, toTraceLink } from '#/server/mlflow/links.ts'
import { parseRetryAfterMs, toBackoffMs } from '#/server/mlflow/retry.ts'
import { batchLimits, shorten, splitBatch, type WireBatch } from '#/server/mlflow/split-batch.ts'

const { signal } = new AbortController()

describe('filters', () => {
  test('a value stands in the quotes it does not hold', () => {
    expect(quoteValue('plain')).toBe("'plain'")
    expect(quoteValue("women's")).toBe('"women\'s"')
    expect(quoteValue('say "hi"')).toBe('\'say "hi"\'')
    expect(isQuotable(`'"`)).toBe(false)
    expect(() => quoteValue(`'"`)).toThrow(expect.objectContaining({ code: 'request.invalid' }))
  })

  test('keys with dots stand in backticks', () => {
    expect(quoteKey('tags', 'stage')).toBe('tags.stage')
    expect(quoteKey('tags', 'mlflow.runType')).toBe('tags.`mlflow.runType`')
    expect(() => quoteKey('tags', 'a`b')).toThrow(expect.objectContaining({ code: 'request.invalid' }))
  })

  test('conditions are joined, blank ones left out', () => {
    expect(allOf(' ', "status = 'OK'", '')).toBe("status = 'OK'")
    expect(allOf("status = 'OK'", inList('request_id', ['a', "b'c"]))).toBe(
      `status = 'OK' AND request_id IN ('a', "b'c")`,
    )
  })
})

describe('waiting', () => {
  test('each wait is twice the one before, with up to a second of chance, two minutes at most', () => {
    const waits = [1, 2, 3, 4, 7, 20].map((retry) => toBackoffMs(retry, { backoffMs: 2000, random: () => 0.5 }))
    expect(waits).toEqual([2500, 4500, 8500, 16_500, 120_000, 120_000])
  })

  test('Retry-After is seconds or a date', () => {
    const now = Date.UTC(2026, 0, 1)
    expect(parseRetryAfterMs('3', now)).toBe(3000)
    expect(parseRetryAfterMs('Thu, 01 Jan 2026 00:00:05 GMT', now)).toBe(5000)
    expect(parseRetryAfterMs('Wed, 31 Dec 2025 00:00:05 GMT', now)).toBe(0)
    expect([undefined, '', 'soon'].map((header) => parseRetryAfterMs(header, now))).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})

describe('batches', () => {
  test('shortening counts characters as MLflow does and tears none', () => {
    expect(shorten('🎉'.repeat(10), 10)).toBe('🎉'.repeat(10))
    expect(shorten('🎉'.repeat(11), 10)).toBe(`${'🎉'.repeat(9)}…`)
  })

  test('every part is within every limit, and together they are the whole', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 })
    const pair = fc.record({ key: text, value: text })
    fc.assert(
      fc.property(
        fc.array(pair, { maxLength: 350 }),
        fc.array(pair, { maxLength: 350 }),
        fc.nat(2500),
        (tags, params, count) => {
          const metrics = Array.from({ length: count }, (_, i) => ({ key: `m${i}`, value: i, timestamp: 0, step: 0 }))
          const batch: WireBatch = { tags, params, metrics }
          const parts = splitBatch(batch)
          for (const part of parts) {
            expect(part.tags.length).toBeLessThanOrEqual(batchLimits.tags)
            expect(part.params.length).toBeLessThanOrEqual(batchLimits.params)
            expect(part.metrics.length + part.tags.length + part.params.length).toBeLessThanOrEqual(batchLimits.items)
            expect(Buffer.byteLength(JSON.stringify(part))).toBeLessThanOrEqual(batchLimits.bytes)
          }
          expect(parts.flatMap((part) => part.tags)).toEqual(tags)
          expect(parts.flatMap((part) => part.params)).toEqual(params)
          expect(parts.flatMap((part) => part.metrics)).toEqual(metrics)
        },
      ),
      { numRuns: 30 },
    )
  })

  test('bytes are counted as they are sent', () => {
    const tags = Array.from({ length: 100 }, (_, i) => ({ key: `k${i}`, value: '🎉'.repeat(8000) }))
    const parts = splitBatch({ tags, params: [], metrics: [] })
    expect(parts.length).toBe(4)
    expect(parts.every((part) => Buffer.byteLength(JSON.stringify(part)) < 1_000_000)).toBe(true)
  })
})

describe('the address', () => {
  test('keeps a prefix and loses a trailing slash', () => {
    expect(parseTrackingUri('https://host/mlflow/')).toBe('https://host/mlflow')
    expect(parseTrackingUri('http://127.0.0.1:5000')).toBe('http://127.0.0.1:5000')
  })

  test.each(['', 'databricks', 'file:///tmp/x', 'http://user:pw@host'])('%s is refused', (uri) => {
    expect(() => parseTrackingUri(uri)).toThrow(expect.objectContaining({ code: 'config.invalid' }))
  })

  test('credentials become a header', () => {
    expect(toAuthorization({ kind: 'basic', username: 'ä', password: 'b' })).toBe('Basic w6Q6Yg==')
    expect(toAuthorization({ kind: 'bearer', token: 't' })).toBe('Bearer t')
    expect(toAuthorization({ kind: 'header', authorization: 'Negotiate x' })).toBe('Negotiate x')
    expect(toAuthorization({ kind: 'none' })).toBeUndefined()
  })
})

test('an artifact goes to the proxy of the same server and to no other', () => {
  const base = 'https://host/mlflow'
  expect(toProxyPath('mlflow-artifacts:/1/run/artifacts', base)).toBe('1/run/artifacts')
  expect(toProxyPath('mlflow-artifacts://other:5000/1/run/artifacts', base)).toBe('1/run/artifacts')
  expect(toProxyPath(`${base}/api/2.0/mlflow-artifacts/artifacts/1/run`, base)).toBe('1/run')
  expect(toProxyPath('https://evil/api/2.0/mlflow-artifacts/artifacts/1/run', base)).toBeUndefined()
  expect(toProxyPath('s3://bucket/1/run', base)).toBeUndefined()
})

describe('links', () => {
  const ui = { base: 'http://host' }
  test('lead to a trace, a run, an experiment', () => {
    expect(toExperimentLink(ui, '1')).toBe('http://host/#/experiments/1/traces?startTimeLabel=ALL')
    expect(toTraceLink(ui, { experimentId: '1', traceId: 'tr-"1 2"' })).toBe(
      'http://host/#/experiments/1/traces?selectedEvaluationId=tr-%221%202%22&startTimeLabel=ALL',
    )
    expect(toRunLink({ ...ui, workspace: 'team a' }, { experimentId: '1', runId: 'r', tab: 'traces' })).toBe(
      'http://host/#/experiments/1/runs/r/traces?workspace=team%20a',
    )
  })

  test('lead to the traces of a cluster, unless its id cannot stand in a filter', () => {
    const cluster = { experimentId: '1', runId: 'r', tagKey: 'mlflow.insights.cluster_id', tagValue: 'r/1.2' }
    expect(findClusterLink(ui, cluster)).toBe(
      'http://host/#/experiments/1/traces?startTimeLabel=ALL&filter=run_name%3A%3A%3D%3A%3Ar&filter=TAG%3A%3A%3D%3A%3Ar%2F1.2%3A%3Amlflow.insights.cluster_id',
    )
    expect(findClusterLink(ui, { ...cluster, tagValue: 'a::b' })).toBeUndefined()
  })
})

describe('the byte budget', () => {
  test('lets in order, never more than there is, and frees once', async () => {
    const budget = createByteBudget(100)
    const first = await budget.take(60, signal)
    const order: string[] = []
    const large = budget.take(500, signal).then((release) => (order.push('large'), release))
    const small = budget.take(10, signal).then((release) => (order.push('small'), release))
    await new Promise(setImmediate)
    expect(order).toEqual([])
    first()
    first()
    const releaseLarge = await large
    expect(order).toEqual(['large'])
    releaseLarge()
    await small
    expect(order).toEqual(['large', 'small'])
  })

  test('a reader that gives up makes room for the next', async () => {
    const budget = createByteBudget(100)
    const release = await budget.take(50, signal)
    const abort = new AbortController()
    const large = budget.take(100, abort.signal)
    const small = budget.take(50, signal)
    abort.abort()
    await expect(large).rejects.toThrow()
    await small
    release()
  })
})

test('counting by halving gives the number of rows, or that there are more', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(3000), fc.integer({ min: 1, max: 3000 }), async (rows, atMost) => {
      let asked = 0
      const findTracePage = (query: { pageToken?: string }) => {
        asked++
        const token = query.pageToken === undefined ? '{"offset":0}' : Buffer.from(query.pageToken, 'base64').toString()
        const { offset } = JSON.parse(token) as { offset: number }
        const next = Buffer.from(JSON.stringify({ offset: offset + 1 })).toString('base64')
        return Promise.resolve({
          traces: offset < rows ? [{ traceId: 'tr', experimentId: '1' } as never] : [],
          ...(offset + 1 <= rows ? { nextPageToken: next } : {}),
        })
      }
      const count = await countByOffset(findTracePage, { experimentIds: ['1'], atMost }, { signal })
      const counted = rows <= atMost ? { count: rows, isExact: true } : { count: atMost, isExact: false }
      expect(count).toEqual({ ...counted, hasOffsets: true })
      expect(asked).toBeLessThan(30)
    }),
    { numRuns: 200 },
  )
  const odd = () => Promise.resolve({ traces: [], nextPageToken: 'opaque' })
  expect(await countByOffset(odd, { experimentIds: ['1'], atMost: 5 }, { signal })).toBeUndefined()
})
