import { describe, expect, test } from 'vitest'
import { AppError } from '#/pipeline/errors.ts'
import { environment, isLoopback, parseConfig, renderConfigTable } from '#/server/config.ts'
import { findPrice } from '#/server/model/prices.ts'

const refusal = (env: Record<string, string>): AppError => {
  try {
    parseConfig(env)
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new Error('the configuration was accepted')
}

describe('the configuration', () => {
  test('is complete with nothing set: embedded parts, built-in analyst, loopback', () => {
    expect(parseConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 5055,
      auth: 'none',
      mode: 'all',
      dataDir: './.insights',
      databaseUrl: undefined,
      tracking: { uri: undefined },
      model: { isConfigured: false, thinking: 'gpt-5-mini', summary: 'gpt-5-mini', reasoningEffort: 'medium' },
    })
  })

  test('takes a blank value for unset and drops spaces and trailing slashes', () => {
    const config = parseConfig({ PORT: '  ', DATABASE_URL: '', MLFLOW_TRACKING_URI: ' http://mlflow:5000/ ' })
    expect(config).toMatchObject({ port: 5055, databaseUrl: undefined, tracking: { uri: 'http://mlflow:5000' } })
  })

  test('takes prices of its own over the list, in any case of the name, and says what one looks like', () => {
    const { prices } = parseConfig({
      INSIGHTS_PRICES: '{"My-Model":{"input":2,"output":8},"gpt-5-mini":{"input":1,"cached_input":0.5,"output":3}}',
    }).model
    expect(findPrice('my-model', prices)).toEqual({ input: 2, cachedInput: 2, output: 8 })
    expect(findPrice('gpt-5-mini-2025-08-07', prices)).toEqual({ input: 1, cachedInput: 0.5, output: 3 })
    expect(findPrice('gpt-5-nano', prices)).toEqual(findPrice('gpt-5-nano'))
    for (const wrong of ['cheap', '{"m":{"input":-1}}', '{"m":{"in":1}}']) {
      expect(refusal({ INSIGHTS_PRICES: wrong }).message).toContain('INSIGHTS_PRICES')
    }
  })

  test('uses the thinking model for summaries unless told otherwise', () => {
    expect(parseConfig({ INSIGHTS_MODEL: 'gpt-5' }).model.summary).toBe('gpt-5')
    expect(parseConfig({ INSIGHTS_MODEL: 'gpt-5', INSIGHTS_SUMMARY_MODEL: 'gpt-5-nano' }).model.summary).toBe(
      'gpt-5-nano',
    )
  })

  test('counts a base URL without a key as a model', () => {
    expect(parseConfig({ OPENAI_BASE_URL: 'http://localhost:8000/v1' }).model.isConfigured).toBe(true)
  })

  test('names every variable that is wrong, and what it must be', () => {
    const error = refusal({
      PORT: 'abc',
      MLFLOW_TRACKING_URI: 'mlflow:5000',
      INSIGHTS_CONCURRENCY: '0',
      LOG_LEVEL: 'loud',
    })
    expect(error.code).toBe('config.invalid')
    expect(error.fields.map(({ path }) => path).toSorted()).toEqual([
      'INSIGHTS_CONCURRENCY',
      'LOG_LEVEL',
      'MLFLOW_TRACKING_URI',
      'PORT',
    ])
    expect(error.message).toContain('PORT must be a whole number')
    expect(error.message).toContain('MLFLOW_TRACKING_URI must be a URL such as http://127.0.0.1:5000')
  })

  test('never repeats a password in its complaint', () => {
    expect(refusal({ DATABASE_URL: 'mysql://me:hunter2@db/x' }).message).not.toContain('hunter2')
  })

  test('lets nobody in from outside without authentication', () => {
    const error = refusal({ HOST: '0.0.0.0', INSIGHTS_AUTH: 'none', MLFLOW_TRACKING_URI: 'http://mlflow:5000' })
    expect(error.message).toContain('INSIGHTS_AUTH must not be none while HOST is 0.0.0.0')
    expect(error.message).toContain('Set INSIGHTS_AUTH=mlflow')
  })

  test('asks the tracking server who a caller is when it listens beyond loopback', () => {
    expect(parseConfig({ HOST: '0.0.0.0', MLFLOW_TRACKING_URI: 'http://mlflow:5000' }).auth).toBe('mlflow')
    expect(refusal({ HOST: '0.0.0.0' }).fields).toMatchObject([{ path: 'MLFLOW_TRACKING_URI' }])
  })

  test('refuses separate processes on the embedded database', () => {
    expect(refusal({ INSIGHTS_MODE: 'worker' }).message).toContain('Set DATABASE_URL')
  })

  test.each([
    ['127.0.0.1', true],
    ['127.5.0.1', true],
    ['localhost', true],
    ['[::1]', true],
    ['0.0.0.0', false],
    ['::', false],
    ['127.0.0.1.example.com', false],
    ['10.0.0.1', false],
  ])('%s is loopback: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected)
  })

  test('is documented: each variable has a row, a default and a meaning', () => {
    const rows = renderConfigTable().trimEnd().split('\n').slice(2)
    expect(rows).toHaveLength(Object.keys(environment.shape).length)
    for (const row of rows) expect(row).toMatch(/^\| `[A-Z_]+` \| .+ \| .+\. \|$/)
  })
})

describe('redaction', () => {
  test('is on unless it is switched off', () => {
    expect(parseConfig({}).redaction).toEqual({ isOn: true, patterns: [] })
    expect(parseConfig({ INSIGHTS_REDACTION: 'off' }).redaction.isOn).toBe(false)
  })

  test('takes patterns of one’s own', () => {
    const { patterns } = parseConfig({ INSIGHTS_REDACTION_PATTERNS: '{"employee":"EMP-\\\\d{6}"}' }).redaction
    expect(patterns.map(({ name, find }) => [name, find('Ask EMP-123456, not EMP-12.')])).toEqual([
      ['employee', [{ start: 4, end: 14 }]],
    ])
  })

  test.each([
    ['(a+)+b', 'a'.repeat(200_000)],
    ['(a|a)*b', 'a'.repeat(200_000)],
    ['\\w+\\d+x', '1'.repeat(200_000)],
  ])('the pattern %s takes no longer than the text is long', (pattern, text) => {
    const { patterns } = parseConfig({ INSIGHTS_REDACTION_PATTERNS: JSON.stringify({ slow: pattern }) }).redaction
    const startedAt = performance.now()
    expect(patterns[0]?.find(text)).toEqual([])
    expect(performance.now() - startedAt).toBeLessThan(3_000)
  })

  test('places are counted as JavaScript counts them, whatever stands before', () => {
    const { patterns } = parseConfig({ INSIGHTS_REDACTION_PATTERNS: '{"x":"\\\\p{Lu}-\\\\u00e9+"}' }).redaction
    const text = '😀 é Ä-éé'
    expect(patterns[0]?.find(text).map(({ start, end }) => text.slice(start, end))).toEqual(['Ä-éé'])
  })

  test.each([
    ['nonsense', 'must be a JSON object of names'],
    ['{"Employee": "x"}', 'must be a JSON object of names'],
    ['{"employee": "("}', 'employee, that cannot be used: missing closing )'],
    ['{"employee": "x*"}', 'matches nothing at all'],
    ['{"employee": "(?<!x)y"}', 'looking around'],
    ['{"employee": "(a)\\\\1"}', 'back references'],
  ])('refuses the patterns %s', (value, complaint) => {
    expect(refusal({ INSIGHTS_REDACTION_PATTERNS: value }).message).toContain(complaint)
  })
})
